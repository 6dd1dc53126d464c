#!/usr/bin/env bash
# Prepare VoxLingua107: 107 languages of videos, 6,628 hours. Its files are where they are: tables name them.
#   reads   <root>/<language>/*.wav and <root>/dev/<language>/*.wav, as its archives unpack
#   writes  data/train_voxlingua107_lang: without the files that have a namesake in dev; its table dropped names those
#           data/dev_voxlingua107_lang
#           with --download true also <root>: the archives (about 1 TB with what they hold) and what they hold
set -euo pipefail

root=                     # where the corpus is, or will be (default: VOXLINGUA107 of db.sh)
languages=                # only these: ISO 639-3 codes or the corpus's labels, such as eng,deu
max_hours=                # of each language in the training set, at random (default: all)
seed=1                    # another one takes other utterances for --max_hours
download=false            # fetch and unpack what is not there; what is there is not fetched again
dry_run=false             # only say what would be fetched, how much space and time it takes
keep_archives=true        # false removes each archive when it is unpacked
url=                      # the list of archives (default: the one of those who made the corpus)
nj=4                      # threads that read folders
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. ./db.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
root=${root:-$VOXLINGUA107}
! "$download" || "$dry_run" || lock "$root"
python local/prepare_voxlingua107.py --languages "$languages" --max_hours "$max_hours" --seed "$seed" --nj "$nj" \
    --download "$download" --dry_run "$dry_run" --keep_archives "$keep_archives" --url "$url" "$root" data
"$dry_run" || echo "$0: made in $SECONDS s"
