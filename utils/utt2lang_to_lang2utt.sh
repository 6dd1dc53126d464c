#!/usr/bin/env bash
# Turn '<utt> <language>' lines into '<language> <utt> <utt> ...' lines; utt2spk and the like as well.
set -euo pipefail
. ./path.sh
exec python -m geolid.bin.utt2lang_to_lang2utt "$@"
