#!/usr/bin/env bash
# XLS-R 300M with statistics pooling and a linear layer on VoxLingua107.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../run.sh" \
    --corpora voxlingua107 \
    --train_set train_voxlingua107_lang --valid_set dev_voxlingua107_lang --test_sets dev_voxlingua107_lang \
    --expdir exp_xls_r --lid_config conf/baselines/xls_r_300m.yaml --ngpu 1 "$@"
