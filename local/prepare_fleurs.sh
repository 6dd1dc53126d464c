#!/usr/bin/env bash
# Prepare FLEURS: sentences of one text, read in 102 languages, some 12 hours of each. Anybody may have it (CC BY 4.0).
# Its files are where they are: tables name them.
#   reads   <root>/data/<locale>/{train,dev,test}.tsv and audio/{train,dev,test}/*.wav, as its archives unpack
#   writes  data/{train,dev,test}_fleurs_lang; what of it was left out, and why, is named in their tables dropped
#           with --download true also <root>: tables, archives (about 350 GB with what they hold) and what they hold
set -euo pipefail

root=                     # where the corpus is, or will be (default: FLEURS of db.sh)
languages=                # only these: ISO 639-3 codes or the corpus's labels, such as eng,deu or en_us,de_de
max_hours=                # of each language in the training set, at random (default: all)
seed=1                    # another one takes other utterances for --max_hours
max_faulty=0.01           # share of a language's recordings that may be missing, or stand in no useful line of its table
download=false            # fetch and unpack what is not there; what is there is not fetched again
dry_run=false             # only say what would be fetched, how much space and time it takes
keep_archives=true        # false removes each archive when it is unpacked
url=                      # a mirror of the Hugging Face Hub (default: the Hub itself)
nj=4                      # threads that read tables and folders
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. ./db.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
root=${root:-$FLEURS}
! "$download" || "$dry_run" || lock "$root"
python local/prepare_fleurs.py --languages "$languages" --max_hours "$max_hours" --seed "$seed" \
    --max_faulty "$max_faulty" --nj "$nj" --download "$download" --dry_run "$dry_run" --keep_archives "$keep_archives" \
    --url "$url" "$root" data
"$dry_run" || echo "$0: made in $SECONDS s"
