#!/usr/bin/env bash
# The same as run.sh, with every recording in one set only; either makes data/ anew. Tags of the mp3 files have to tell
# which clips are of one recording; where they do not, a table does:
#   egs/topcoder176/run_by_recording.sh --local_data_opts "--labels names --split recording --recordings FILE"
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../run.sh" \
    --corpora topcoder176 --local_data_opts "--labels names --split recording" \
    --train_set train_topcoder176_lang --valid_set dev_topcoder176_lang --test_sets test_topcoder176_lang \
    --dumpdir dump/by_recording --expdir exp_topcoder176_by_recording \
    --lid_config conf/baselines/mel_cnn.yaml --ngpu 1 "$@"
