#!/usr/bin/env bash
# Put several Kaldi data directories together into one.
set -euo pipefail
. ./path.sh
exec python -m geolid.bin.combine_data "$@"
