#!/usr/bin/env bash
# VoxLingua107 without geography: row "baseline" of the published table.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../run.sh" \
    --corpora voxlingua107 \
    --train_set train_voxlingua107_lang --valid_set dev_voxlingua107_lang --test_sets dev_voxlingua107_lang \
    --expdir exp_voxlingua107 --lid_config conf/baselines/mms_ecapa_baseline.yaml --ngpu 1 "$@"
