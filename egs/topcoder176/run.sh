#!/usr/bin/env bash
# The convolutional network over log-mel pictures, on TopCoder's 176 languages, split by chance as published. Clips of one
# recording are on all sides, so that scores are too good; run_by_recording.sh is the honest one.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../run.sh" \
    --corpora topcoder176 --local_data_opts "--labels names" \
    --train_set train_topcoder176_lang --valid_set dev_topcoder176_lang --test_sets test_topcoder176_lang \
    --expdir exp_topcoder176 --lid_config conf/baselines/mel_cnn.yaml --ngpu 1 "$@"
