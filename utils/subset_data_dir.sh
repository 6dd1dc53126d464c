#!/usr/bin/env bash
# Take a part of a Kaldi data directory's utterances: a list of them, a number, languages, or hours.
set -euo pipefail
. ./path.sh
exec python -m geolid.bin.subset_data_dir "$@"
