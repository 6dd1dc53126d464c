#!/usr/bin/env bash
# The geolocation-aware model on VoxLingua107, tested on all corpora: rows "independent" and "shared" of the published
# table. conf/voxlingua107_only/ holds the four variants, and the same on w2v-BERT 2.0; --lid_config chooses another.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../run.sh" \
    --corpora all --train_set train_voxlingua107_lang --valid_set dev_voxlingua107_lang \
    --test_sets "dev_voxlingua107_lang test_voxpopuli_lang test_fleurs_lang dev_ml_superb2_lang
        dev_dialect_ml_superb2_lang dev_babel_over_10s_lang" \
    --expdir exp_voxlingua107_only \
    --lid_config conf/voxlingua107_only/mms_ecapa_upcon_32_44_it0.4_shared_trainable.yaml --ngpu 1 "$@"
