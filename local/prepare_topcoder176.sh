#!/usr/bin/env bash
# Prepare TopCoder's SpokenLanguages2: 176 languages, 376 clips of 10 s each. It is not fetched: its data were linked from
# the page of contest 16555 (https://www.topcoder.com/challenges/16555).
#   reads   <root>/trainingData.csv, and the mp3 files that it names, anywhere below <root>
#   writes  data/{train,dev,test}_topcoder176_lang; their table dropped names what could not be used
#           data/topcoder176_labels.tsv: what each of its labels is called in tables
set -euo pipefail

root=                     # where the corpus is (default: TOPCODER176 of db.sh)
languages=                # only these: ISO 639-3 codes or the corpus's labels with - for blanks, such as tha,Awa-PNG
max_hours=                # of each language in the training set, at random (default: all)
seed=1                    # another one splits otherwise, and takes other utterances for --max_hours
split=random              # as published, 300, 26 and 50 clips of each language; recording: no recording in two sets
recordings=               # for --split recording: a table, '<file>.mp3 <recording>' a line (default: tags of the files)
labels=codes              # ISO 639-3, in which Korean North and South are one; names: all 176, as the corpus has them
max_faulty=0.01           # share of the clips that may be of no use
nj=4                      # processes that open files
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. ./db.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
lock data
python local/prepare_topcoder176.py --languages "$languages" --max_hours "$max_hours" --seed "$seed" --split "$split" \
    --recordings "$recordings" --labels "$labels" --max_faulty "$max_faulty" --nj "$nj" "${root:-$TOPCODER176}" data
echo "$0: made in $SECONDS s"
