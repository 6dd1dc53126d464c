#!/usr/bin/env bash
# Prepare VoxPopuli: 1,791 hours of transcribed speech in 16 languages (CC0). --download true fetches and cuts it, as its
# own scripts do (https://github.com/facebookresearch/voxpopuli).
#   reads   <root>/transcribed_data/<label>/asr_{train,dev,test}.tsv and <year>/*.ogg; or <root>/_transcribed_data/...
#   writes  data/{train,dev,test}_voxpopuli_lang, of the splits of these names
#           data/test_accented_voxpopuli_lang, with --accented true
#           the table dropped in each: what was left out, and why
#           with --download true also <root>/raw_audios: archives of the sessions and what they hold
set -euo pipefail

root=                     # where the corpus is; VOXPOPULI of db.sh if none is given
languages=                # which to take: ISO 639-3 codes or labels, such as eng,de; all 16 if none is given
max_hours=                # of each language in the training set, chosen at random; all if none is given
seed=1                    # another one, another choice
test_split="test"         # what the test set is made of; dev is what published figures are measured on, dev twice
accented=false            # make a test set of English with other accents, from <root>/transcribed_data/en_accented
max_faulty=0.01           # share of a language's segments that may be of no use
download=false            # fetch and cut what is not there; all sessions are fetched, even for one language
dry_run=false             # only say what would be fetched, how much space and time it takes
keep_archives=true        # false removes each archive when it is unpacked
url=                      # another place to fetch from (default: that of those who made the corpus)
nj=4                      # processes that cut, and that read headers
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. ./db.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
root=${root:-$VOXPOPULI}
if "$download"; then "$dry_run" || lock "$root"; else lock data; fi
python local/prepare_voxpopuli.py --languages "$languages" --max_hours "$max_hours" --seed "$seed" \
    --test_split "$test_split" --accented "$accented" --max_faulty "$max_faulty" --nj "$nj" --download "$download" \
    --dry_run "$dry_run" --keep_archives "$keep_archives" --url "$url" "$root" data
"$dry_run" || echo "$0: made in $SECONDS s"
