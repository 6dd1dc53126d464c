#!/usr/bin/env bash
# Prepare VoxPopuli: 1,791 hours of transcribed speech in 16 languages. Its own scripts fetch and cut it
# (https://github.com/facebookresearch/voxpopuli): python -m voxpopuli.download_audios --root <root> --subset asr, then
# python -m voxpopuli.get_asr_data --root <root> --lang <label> for each language.
#   reads   <root>/transcribed_data/<label>/asr_{train,dev,test}.tsv and <year>/*.ogg; or <root>/_transcribed_data/...
#   writes  data/{train,dev,test}_voxpopuli_lang, of the splits of these names
#           data/test_accented_voxpopuli_lang, with --accented true
#           the table dropped in each: what was left out, and why
set -euo pipefail

root=                     # where the corpus is; VOXPOPULI of db.sh if none is given
languages=                # which to take: ISO 639-3 codes or labels, such as eng,de; all 16 if none is given
max_hours=                # of each language in the training set, chosen at random; all if none is given
seed=1                    # another one, another choice
test_split="test"         # what the test set is made of; dev is what published figures are measured on, dev twice
accented=false            # make a test set of English with other accents, from <root>/transcribed_data/en_accented
max_faulty=0.01           # share of a language's segments that may be of no use
nj=4                      # processes that read headers
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. ./db.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
lock data
python local/prepare_voxpopuli.py --languages "$languages" --max_hours "$max_hours" --seed "$seed" \
    --test_split "$test_split" --accented "$accented" --max_faulty "$max_faulty" --nj "$nj" "${root:-$VOXPOPULI}" data
echo "$0: made in $SECONDS s"
