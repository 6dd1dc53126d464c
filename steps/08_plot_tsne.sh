#!/usr/bin/env bash
# Stage 8: draw what a model says about a set.
#   reads   <inference-dir>, as stages 6 and 7 write it for the set; <data-dir>/utt2lang, if it stands
#   writes  <inference-dir>/images/map.png                           languages, predicted places, confusions
#           <inference-dir>/images/{confusion,reliability,layer_weights}.png
#           <inference-dir>/images/accuracy_by_{language,duration}.png
#           <inference-dir>/images/tsne_{languages,utterances}.{png,html,csv}
set -euo pipefail

tsne=true                        # whether to draw t-SNE, which needs the embeddings of stage 6 (--extract_embd true)
max_utt_per_lang_for_tsne=100    # utterances of a language in it, at most
. utils/parse_options.sh
. ./path.sh
[ $# -eq 2 ] || { echo "usage: $0 [--tsne true] <inference-dir> <data-dir>" >&2; exit 2; }

python -m geolid.bin.plot --tsne "$tsne" --max_utt_per_lang_for_tsne "$max_utt_per_lang_for_tsne" "$1" "$2"
