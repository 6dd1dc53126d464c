#!/usr/bin/env bash
# Repair a Kaldi data directory in place: line ends, order, doubles, utterances that not every table has.
set -euo pipefail
. ./path.sh
exec python -m geolid.bin.fix_data_dir "$@"
