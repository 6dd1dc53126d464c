#!/usr/bin/env bash
# Prepare all corpora of the published combined training set, and put their training sets together.
#   reads   what local/prepare_<corpus>.sh reads, each from where db.sh says
#   writes  what these write, and data/train_all_no_filter_lang: of Babel its stretches of 10 s and longer; nothing else
#           is filtered, and labels stay what they are
set -euo pipefail

corpora="fleurs ml_superb2 voxlingua107 voxpopuli babel"    # which, in order
max_hours=                # of each language in each corpus's training set, at random (default: all)
seed=1                    # another one takes other utterances for --max_hours
download=false            # fetch what is not there, of the corpora that may be fetched
matching=strict           # tolerant: labels that count as one language become one
nj=4                      # parallel jobs
. utils/parse_options.sh
. ./path.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
sets=()
for corpus in $corpora; do
    prepare=local/prepare_$corpus.sh
    options=(--max_hours "$max_hours" --seed "$seed" --nj "$nj")
    ! grep -q '^download=' "$prepare" || options+=(--download "$download")
    "$prepare" "${options[@]}"
    sets+=("data/train_${corpus/#babel/babel_over_10s}_lang")
done
local/combine.sh --matching "$matching" data/train_all_no_filter_lang "${sets[@]}"
