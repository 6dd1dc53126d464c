#!/usr/bin/env bash
# Stage 9: pack a trained model into one archive that opens without this project's folder; packed again, the same model
# gives the same bytes.
#   reads   <exp-dir>/config.yaml and a model; and where they stand <exp-dir>/<model>.calibration.json,
#           <exp-dir>/inference/<model>/<set>/results.json and images of stages 7 and 8, images/curves.png,
#           and the tables that config.yaml names, for the hours of each language
#   writes  <exp-dir>/packed/<name>/       weights, config, languages, scores, licences, card; docs/packaging.md
#           <exp-dir>/packed/<name>.zip    the same in one file
set -euo pipefail

inference_model=valid.accuracy.best.pth    # a .pth of <exp-dir>, such as valid.accuracy.ave.pth, or the path of any
name=                       # the packed model's (default: <name of exp-dir>_<model>)
licence=                    # as the Hub calls it, such as mit (default: what the encoder's weights ask for, or apache-2.0)
labels=                     # the languages of a model whose config.yaml does not tell them: voxlingua107, or a file
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
[ $# -eq 1 ] || { echo "usage: $0 [--inference_model valid.accuracy.best.pth] ... <exp-dir>; $0 --help tells all" >&2; exit 2; }
exp_dir=${1%/}
[ -d "$exp_dir" ] || { echo "$0: $exp_dir: there is no such experiment; train it by stage 5" >&2; exit 1; }

lock "$exp_dir/packed"
python -m geolid.bin.pack --inference_model "$inference_model" --name "$name" --licence "$licence" --labels "$labels" \
    "$exp_dir" "$exp_dir/packed"
