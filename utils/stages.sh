# shellcheck shell=bash
# Sourced by run.sh: which stages run, and a banner and a closing line for each.
#   reads   $stage, $stop_stage, $skip_stages
# shellcheck disable=SC2154 # they are run.sh's

_any_stage=
_stage_running=
_stage_makes=
_stage_start=0
_stage_script=

# begin_stage <number> <what it does> <what it makes>: true when this stage is asked for. Closes the stage before it.
begin_stage() {
    _end_stage
    [ "$1" -ge "$stage" ] && [ "$1" -le "$stop_stage" ] && [[ " $skip_stages " != *" $1 "* ]] || return 1
    _any_stage=yes
    _stage_running=$1
    _stage_makes=$3
    _stage_start=$SECONDS
    echo "=== Stage $1: $2"
}

_end_stage() {
    [ -z "$_stage_running" ] || echo "=== Stage $_stage_running made $_stage_makes in $((SECONDS - _stage_start)) s"
    _stage_running=
}

# run_stage <command>...: run a stage's script. bash acts upon a signal only when the command before it has ended, unless
# it waits for one in the background.
run_stage() {
    (trap - INT; exec "$@") &
    _stage_script=$!
    wait "$_stage_script"
    _stage_script=
}

_end_stage_script() {
    trap '' INT TERM    # a second one would leave before the stage has tidied up
    [ -z "$_stage_script" ] || { _end_tree "$_stage_script"; wait "$_stage_script"; } || true
}

# A script that waits for its own command has not heard the signal either, so all below it are told.
_end_tree() {
    local below
    below=$(pgrep -P "$1")
    kill -TERM "$1" 2>/dev/null
    for below in $below; do _end_tree "$below"; done
}

# end_run: the closing line of a run that came to its end.
end_run() {
    _end_stage
    [ -n "$_any_stage" ] || echo "=== no stage from $stage to $stop_stage had anything to do"
    echo "=== $0 ended well after $SECONDS s"
}

# The closing line of one that did not; by trap, whatever ended it.
_tell_of_broken_stage() {
    [ -z "$_stage_running" ] ||
        echo "=== Stage $_stage_running did NOT end well, after $((SECONDS - _stage_start)) s; mend what is told above," \
            "then run again with --stage $_stage_running" >&2
}
trap _tell_of_broken_stage EXIT
trap '_end_stage_script; exit 130' INT
trap '_end_stage_script; exit 143' TERM

for _number in $stage $stop_stage $skip_stages; do
    if ! [[ $_number =~ ^([1-9]|10)$ ]]; then
        echo "$0: stages are numbers from 1 to 10, found '$_number' (--stage, --stop_stage, --skip_stages)" >&2
        exit 2
    fi
done
unset _number
if [ "$stage" -gt "$stop_stage" ]; then
    echo "$0: --stage $stage comes after --stop_stage $stop_stage; nothing lies between" >&2
    exit 2
fi
