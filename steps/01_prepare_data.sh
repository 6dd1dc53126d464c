#!/usr/bin/env bash
# Stage 1: turn corpora into data directories, and check them.
#   reads   the corpora of db.sh, each through its local/prepare_<corpus>.sh
#   writes  data/<set>
set -euo pipefail

corpora=mini              # which to prepare, one after the other; none: data/ stands, and is only checked
nj=8                      # parallel jobs
cmd=utils/run_local.py    # starts them
allow_pipes=false         # whether wav.scp may hold commands
local_data_opts=          # handed on to each preparation, in one argument
. utils/parse_options.sh
. ./path.sh
. utils/split_words.sh
[ $# -ge 1 ] || { echo "usage: $0 [--corpora mini] [--local_data_opts '...'] data/<set>..." >&2; exit 2; }

split_words local_data_opts "$local_data_opts"
[ "$corpora" != none ] || corpora=
for corpus in $corpora; do
    prepare=local/prepare_$corpus.sh
    [ -x "$prepare" ] ||
        { echo "$0: --corpora $corpora: there is no $prepare; there are" local/prepare_*.sh >&2; exit 2; }
    options=(--nj "$nj")
    ! grep -q '^cmd=' "$prepare" || options+=(--cmd "$cmd")    # one that starts jobs
    "$prepare" "${options[@]}" "${words[@]}"
done
utils/validate_data_dir.sh --allow_pipes "$allow_pipes" "$@"
