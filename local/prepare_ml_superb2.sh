#!/usr/bin/env bash
# Prepare ML-SUPERB 2.0: short utterances of some 140 languages, drawn from 15 public corpora; --download true fetches it.
#   reads   <root>/**/{train,dev,dev_dialect}-*.parquet, the pre-formatted set, which holds the audio; or the original
#           tree, <root>/<source>/<language>/transcript_*.txt and wav/*.wav
#   writes  data/{train,dev,dev_dialect}_ml_superb2_lang; the table dropped of each names what was left out, and why
#           of the pre-formatted set also <audio_dir>/<parquet file>/*.{wav,flac}: its audio, about 15 GB of all of it
set -euo pipefail

root=                     # where the corpus is, or will be (default: ML_SUPERB2 of db.sh)
languages=                # only these: ISO 639-3 codes or the corpus's labels, such as eng,deu
max_hours=                # of each language in the training set, at random (default: all)
seed=1                    # another one takes other utterances for --max_hours
splits="train dev dev_dialect"    # the sets to make; the original tree has no dev_dialect
leave_out=                # utterances drawn from these, as ids begin: 'fleurs voxpopuli' where these are tested on
norwegian=false           # true keeps Norwegian, which the official evaluation leaves out
train_amount=1h           # of each source and language of the original tree: 1h or 10min
max_faulty=0.01           # share of a set's utterances whose audio may be of no use
audio_dir=                # where the audio of the pre-formatted set is written (default: audio in <root>)
download=false            # fetch the parquet files that are not there
dry_run=false             # only say what would be fetched, how much space and time it takes
url=                      # the repository to fetch from (default: espnet/ml_superb_hf of the Hugging Face Hub)
nj=4                      # processes that read files and write audio
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. ./db.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
root=${root:-$ML_SUPERB2}
! "$download" || "$dry_run" || lock "$root"
python local/prepare_ml_superb2.py --languages "$languages" --max_hours "$max_hours" --seed "$seed" --splits "$splits" \
    --leave_out "$leave_out" --norwegian "$norwegian" --train_amount "$train_amount" --max_faulty "$max_faulty" \
    --audio_dir "$audio_dir" --download "$download" --dry_run "$dry_run" --url "$url" --nj "$nj" "$root" data
"$dry_run" || echo "$0: made in $SECONDS s"
