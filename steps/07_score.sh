#!/usr/bin/env bash
# Stage 7: score what stage 6 predicted against the languages of the test sets.
#   reads   <exp-dir>/inference/<model>/<set>/   as stage 6 writes it
#           <data-dir>/utt2lang, and where they stand utt2spk, utt2num_samples, utt2dataset; <exp-dir>/config.yaml
#   writes  <exp-dir>/inference/<model>/<set>/results.json     all scores
#                                            .../results           the same for people
#                                            .../languages.tsv     a language a line; confusion.tsv: a pair a line
#                                            .../outcomes          '<utt> <reference> <predicted> <speaker>'
#           <exp-dir>/RESULTS.md                               all sets side by side
set -euo pipefail

inference_model=valid.accuracy.best.pth    # whose predictions are scored
trained_on=                                # corpora of a model whose config.yaml does not name them: "voxlingua107 babel"
matching=strict                            # tolerant: also scores by which nor and nob are one language
. utils/parse_options.sh
. ./path.sh
[ $# -ge 2 ] || { echo "usage: $0 [--inference_model valid.accuracy.best.pth] <exp-dir> <data-dir>..." >&2; exit 2; }

utils/validate_data_dir.sh --allow_pipes true "${@:2}"
python -m geolid.bin.score --trained_on "$trained_on" --matching "$matching" \
    "$1" "$(basename "$inference_model" .pth)" "${@:2}"
