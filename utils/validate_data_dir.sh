#!/usr/bin/env bash
# Check a Kaldi data directory; name every fault with file, line and remedy, and exit with 1 if there is one.
set -euo pipefail
. ./path.sh
exec python -m geolid.bin.validate_data_dir "$@"
