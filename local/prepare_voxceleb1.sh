#!/usr/bin/env bash
# Prepare VoxCeleb1 for speaker identification: 1,251 speakers, who are the labels. It is not fetched: ask for the audio
# on https://www.robots.ox.ac.uk/~vgg/data/voxceleb, and put the list iden_split.txt of the same place beside it.
#   reads   <root>/iden_split.txt, <root>/{dev,test}/wav/<speaker>/<video>/*.wav
#   writes  data/{train,dev,test}_voxceleb1_spk: the splits of the list, each from both folders; their table dropped
#           names what could not be used
set -euo pipefail

root=                     # where the corpus is (default: VOXCELEB1 of db.sh)
languages=                # only these labels, which are speakers here, such as id10001,id10270
max_hours=                # of each speaker in the training set, at random (default: all)
seed=1                    # another one takes other utterances for --max_hours
split_list=               # the list of the identification task (default: iden_split.txt of the root)
max_faulty=0.01           # share of the list's files that may be of no use
nj=4                      # processes that read headers
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. ./db.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
lock data
python local/prepare_voxceleb1.py --languages "$languages" --max_hours "$max_hours" --seed "$seed" \
    --split_list "$split_list" --max_faulty "$max_faulty" --nj "$nj" "${root:-$VOXCELEB1}" data
echo "$0: made in $SECONDS s"
