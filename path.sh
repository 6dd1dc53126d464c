# shellcheck shell=bash
# Sourced by every script, from the project's folder: puts the project's environment on PATH, and builds it when it is
# not there yet or was built from another pyproject.toml or constraints.txt. GEOLID_VENV=DIR uses one that stands.

export LC_ALL=C                         # tables are sorted by bytes, everywhere
case :${PYTHONPATH:-}: in              # a borrowed environment may hold another checkout's geolid
    ":$PWD:"*) ;;
    *) export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH} ;;
esac

geolid_venv=${GEOLID_VENV:-$PWD/.venv}
if [ -n "${GEOLID_VENV:-}" ]; then
    if [ ! -x "$GEOLID_VENV/bin/python" ]; then
        echo "path.sh: GEOLID_VENV=$GEOLID_VENV has no bin/python; name an environment that stands, or unset it" >&2
        return 1
    fi
elif [ "$(cat pyproject.toml constraints.txt)" != "$(cat .venv/built_from 2> /dev/null)" ]; then
    utils/build_venv.sh || return 1
fi
case :$PATH: in
    ":$geolid_venv/bin:"*) ;;
    *) export PATH=$geolid_venv/bin:$PATH ;;
esac
unset geolid_venv
