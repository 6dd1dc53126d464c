#!/usr/bin/env bash
# The baseline, without geography, on FLEURS alone: 102 languages of read speech.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../run.sh" \
    --corpora fleurs --train_set train_fleurs_lang --valid_set dev_fleurs_lang --test_sets test_fleurs_lang \
    --expdir exp_fleurs --lid_config conf/baselines/mms_ecapa_baseline.yaml --ngpu 1 "$@"
