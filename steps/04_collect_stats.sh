#!/usr/bin/env bash
# Stage 4: find the length of every utterance, by which stage 5 fills its batches, and what there is of each language.
#   reads   <train-dir> <valid-dir>, as stage 3 writes them
#   writes  <stats-dir>/{train,valid}/speech_shape   '<utt> <samples>'
#           <stats-dir>/languages                    a table for people: utterances and hours of each language
set -euo pipefail

fs=16k    # sampling rate
. utils/parse_options.sh
. ./path.sh
[ $# -eq 3 ] || { echo "usage: $0 [--fs 16k] <train-dir> <valid-dir> <stats-dir>" >&2; exit 2; }

utils/validate_data_dir.sh --allow_pipes true "$1" "$2"
python -m geolid.bin.collect_stats --fs "$fs" "$1" "$2" "$3"
