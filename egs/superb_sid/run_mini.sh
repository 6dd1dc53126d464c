#!/usr/bin/env bash
# The same in a small size: the 24 voices of the embedded corpus are the labels. It needs no network and no data.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../run.sh" \
    --corpora mini_speakers --train_set train_mini_spk --valid_set dev_mini_spk --test_sets test_mini_spk \
    --expdir exp_mini_speakers --lid_config conf/mini/superb_sid.yaml "$@"
