#!/usr/bin/env bash
# Run every test, on the CPU, without network. Arguments go to pytest: tests/run.sh tests/data -k fix
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ./path.sh
export HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1
exec python -m pytest "$@"
