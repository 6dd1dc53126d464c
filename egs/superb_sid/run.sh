#!/usr/bin/env bash
# Speaker identification as SUPERB has it: VoxCeleb1, whose 1,251 speakers are the labels.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../run.sh" \
    --corpora voxceleb1 \
    --train_set train_voxceleb1_spk --valid_set dev_voxceleb1_spk --test_sets test_voxceleb1_spk \
    --expdir exp_voxceleb1 --lid_config conf/baselines/superb_sid.yaml --ngpu 1 "$@"
