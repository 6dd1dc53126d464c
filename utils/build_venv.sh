#!/usr/bin/env bash
# Build the project's environment; path.sh calls this when it has to.
#   reads   pyproject.toml, constraints.txt
#   writes  .venv, and last .venv/built_from, which holds what it was built from
set -euo pipefail

python=${GEOLID_PYTHON:-python3}    # the interpreter to build from

[ $# -eq 0 ] || { echo "$0: takes no arguments; '$1' found. It builds .venv, as path.sh asks it to" >&2; exit 2; }
say() { echo "build_venv.sh: $*" >&2; }
stop() { say "$*"; exit 1; }

command -v "$python" >/dev/null ||
    stop "there is no $python; install Python 3.10, 3.11 or 3.12, or set GEOLID_PYTHON to one"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case $version in
    3.10 | 3.11 | 3.12) ;;
    *) stop "$python is Python $version, and 3.10 to 3.12 are needed; set GEOLID_PYTHON to one, as in" \
        "GEOLID_PYTHON=python3.11 ./run.sh" ;;
esac
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "$python has no venv module; install it (on Debian and Ubuntu: apt-get install python3-venv)"
command -v "${CXX:-c++}" >/dev/null || command -v g++ >/dev/null ||
    stop "there is no C++ compiler, which a package of espnet (pyworld) needs; install one (on Debian and Ubuntu:" \
        "apt-get install g++)"
[ -f "$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] ||
    stop "$python has no headers, which a package of espnet (pyworld) needs; install them (on Debian and Ubuntu:" \
        "apt-get install python3-dev)"

exec 9>.venv.lock
if command -v flock >/dev/null && ! flock -n 9; then
    say "another process is building .venv; waiting for it"
    flock 9
fi
if cat pyproject.toml constraints.txt | cmp -s - .venv/built_from; then
    exit 0
fi

say "building .venv with Python $version: a few minutes and several GB, once (pip's words go to .venv/pip.log)"
start=$SECONDS
rm -rf .venv
"$python" -m venv .venv
if ! .venv/bin/pip install --constraint constraints.txt --editable '.[dev]' >.venv/pip.log 2>&1; then
    tail -n 15 .venv/pip.log >&2
    stop "pip failed, its last lines stand above and all of them in .venv/pip.log; mend the cause and run again"
fi
cat pyproject.toml constraints.txt >.venv/built_from.tmp
mv .venv/built_from.tmp .venv/built_from
say "built .venv in $((SECONDS - start)) s"
