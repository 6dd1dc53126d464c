#!/usr/bin/env bash
# Stage 2: add slower and faster copies of the training utterances.
#   reads   <data-dir>
#   writes  <data-dir>_sp<factor> for each factor other than 1, with utterances sp<factor>-<utt>
#           <data-dir>_sp, all of these together, and <data-dir> itself where the factors have 1
set -euo pipefail

nj=8                      # parallel jobs
cmd=utils/run_local.py    # starts them
fs=16k                    # sampling rate of the copies
max_faulty=0.01           # share of faulty utterances that is borne
allow_pipes=false         # whether commands in wav.scp are run
. utils/parse_options.sh
. ./path.sh
[ $# -ge 2 ] || { echo "usage: $0 [--nj 8] [--fs 16k] <data-dir> <factor>..., as in $0 data/train 0.9 1.0 1.1" >&2; exit 2; }
data_dir=${1%/}

sources=()
factors=
for factor in "${@:2}"; do
    [[ $factor =~ ^[0-9]+(\.[0-9]+)?$ ]] || { echo "$0: a speed factor is a number such as 0.9, found '$factor'" >&2; exit 2; }
    factor=$(printf %g "$factor")    # 0.90 is 0.9
    [[ " $factors " != *" $factor "* ]] || { echo "$0: the speed factor $factor stands there twice; give it once" >&2; exit 2; }
    factors+=" $factor"
    if [ "$factor" = 1 ]; then
        sources+=("$data_dir")
        continue
    fi
    utils/format_data_dir.sh --nj "$nj" --cmd "$cmd" --fs "$fs" --speed "$factor" --prefix "sp$factor-" \
        --max_faulty "$max_faulty" --allow_pipes "$allow_pipes" "$data_dir" "${data_dir}_sp$factor"
    sources+=("${data_dir}_sp$factor")
done
utils/combine_data.sh "${data_dir}_sp" "${sources[@]}"
