#!/usr/bin/env bash
# Copy a Kaldi data directory, with a prefix or suffix to its utterances' and speakers' names.
set -euo pipefail
. ./path.sh
exec python -m geolid.bin.copy_data_dir "$@"
