#!/usr/bin/env bash
# The geolocation-aware model on all corpora together: row "combined" of the published table.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../run.sh" \
    --corpora all --train_set train_all_no_filter_lang --valid_set dev_ml_superb2_lang \
    --test_sets "dev_voxlingua107_lang test_voxpopuli_lang test_fleurs_lang dev_ml_superb2_lang
        dev_dialect_ml_superb2_lang dev_babel_over_10s_lang" \
    --expdir exp_combined \
    --lid_config conf/combined/mms_ecapa_upcon_32_44_it0.4_shared_trainable.yaml --ngpu 1 "$@"
