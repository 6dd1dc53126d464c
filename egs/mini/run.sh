#!/usr/bin/env bash
# The embedded corpus: with geography by default, without it by --lid_config conf/mini/baseline.yaml
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../../run.sh" \
    --corpora mini --train_set train_mini_lang --valid_set dev_mini_lang \
    --test_sets "test_mini_lang test_dialect_mini_lang test_phone_mini_lang test_noisy_mini_lang" \
    --lid_config conf/mini/geolid.yaml "$@"
