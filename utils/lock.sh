# shellcheck shell=bash
# Sourced: lock <folder> waits until no other process of ours writes into the folder. A run that was killed may have left
# one at work; the lock is held until the last process that inherited it has ended. lock <folder> <seconds> waits no
# longer than that, and gives up.
lock() {
    mkdir -p "$1" && [ -w "$1" ] || { echo "$0: $1 cannot be written; mend that, or choose another place" >&2; exit 1; }
    command -v flock >/dev/null || return 0    # macOS has none
    exec 9>"$1/.lock"
    flock -n 9 && return 0
    if [ -n "${2:-}" ]; then
        flock -w "$2" 9 && return 0
        echo "$0: another process is writing $1; wait until it has ended, or choose another folder" >&2
        exit 1
    fi
    echo "$0: another process is writing $1; waiting for it" >&2
    flock 9
}
