#!/usr/bin/env bash
# Stage 1: turn corpora into data directories, and check them.
#   reads   the corpora of db.sh, through local/data.sh
#   writes  data/<set>
set -euo pipefail

nj=8                      # parallel jobs
cmd=utils/run_local.py    # starts them
allow_pipes=false         # whether wav.scp may hold commands
local_data_opts=          # handed on to local/data.sh, in one argument
. utils/parse_options.sh
. ./path.sh
. utils/split_words.sh
[ $# -ge 1 ] || { echo "usage: $0 [--nj 8] [--local_data_opts '...'] data/<set>..." >&2; exit 2; }

split_words local_data_opts "$local_data_opts"
local/data.sh --nj "$nj" --cmd "$cmd" "${words[@]}"
utils/validate_data_dir.sh --allow_pipes "$allow_pipes" "$@"
