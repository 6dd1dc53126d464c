#!/usr/bin/env bash
# Prepare IARPA Babel: telephone conversations in 25 languages. It cannot be downloaded: order the language packs from
# LDC (https://catalog.ldc.upenn.edu), and unpack or link each as BABEL_<number> into one folder.
#   reads   <root>/BABEL_*/conversational/{training,dev}/{audio,transcription}, reference_materials/lexicon.txt
#   writes  data/{train,dev}_babel_lang: a segment for each stretch of the transcripts in which a word is said
#           data/{train,dev}_babel_over_10s_lang: those of 10 s and longer, which train and test identifiers
#           data/{train,dev}_babel_lang/dropped: what was left out, and why
set -euo pipefail

root=                     # the folder that holds the packs; BABEL of db.sh if none is given
languages=                # which to take, ISO 639-3 or pack numbers; all that are there if none is given
max_hours=                # of each language in each training set, chosen at random; all if none is given
seed=1                    # another one, another choice
audio_types="sph wav"     # files to read; of a recording the first type that it has. The published recipe reads sph only
use_lexicon=true          # words are what the pack's lexicon lists; false: whatever has a letter
max_faulty=0.01           # share of a pack's recordings that may be of no use
nj=4                      # processes that read
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. ./db.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
lock data
python local/prepare_babel.py --languages "$languages" ${max_hours:+--max_hours "$max_hours"} --seed "$seed" \
    --audio_types "$audio_types" --use_lexicon "$use_lexicon" --max_faulty "$max_faulty" --nj "$nj" "${root:-$BABEL}" data
echo "$0: made in $SECONDS s"
