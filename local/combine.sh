#!/usr/bin/env bash
# Put sets of several corpora together into one, of data/ or, as training wants it, of dump/raw.
#   reads   <set>...
#   writes  <combined>: each id with its corpus before it; utt2dataset, dataset2utt: which corpus that is
#           <combined>/merged_languages: labels that have become others, by geolid/data/one_language.tsv; if there are any
#           <combined>/hours: '<corpus> <language> <hours>'
set -euo pipefail

matching=strict    # strict: every label stays what it is; tolerant: labels that count as one language become one
prefix=true        # whether ids get their corpus before them; false where they are told apart without
hours=true         # whether to count hours: opens every file where no utt2num_samples, utt2dur or segments tell
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
[ $# -ge 2 ] || { echo "usage: $0 [--matching strict] ... <combined> <set>...; $0 --help tells all" >&2; exit 2; }
utils/validate_data_dir.sh --allow_pipes true "${@:2}"
lock "$1"
python local/combine.py --matching "$matching" --prefix "$prefix" --hours "$hours" "$@"
