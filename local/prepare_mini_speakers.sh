#!/usr/bin/env bash
# Prepare the embedded corpus for speaker identification: the voices of its training set are the labels.
#   reads   nothing but installed packages
#   writes  what local/prepare_mini.sh writes, and
#           data/{train,dev,test}_mini_spk: the same voices in all three, each utterance in one of them
set -euo pipefail

languages=                # as of local/prepare_mini.sh
utts_per_lang=            # as of local/prepare_mini.sh; two thirds of them are for training here
seed=                     # as of local/prepare_mini.sh
nj=4                      # parallel jobs
cmd=utils/run_local.py    # starts them
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. ./db.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
local/prepare_mini.sh --nj "$nj" --cmd "$cmd" ${languages:+--languages "$languages"} \
    ${utts_per_lang:+--utts_per_lang "$utts_per_lang"} ${seed:+--seed "$seed"}
lock data
python local/prepare_mini_speakers.py "$MINI" data
