#!/usr/bin/env bash
# Run every test, on the CPU, without network, on up to four cores. Arguments go to pytest: tests/run.sh tests/data -k fix
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ./path.sh
export HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1
exec python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal "$@"
