#!/usr/bin/env bash
# Cut a table into parts, in order and as even as can be: split_scp.sh wav.scp part1.scp part2.scp ...
set -euo pipefail
. ./path.sh
exec python -m geolid.bin.split_scp "$@"
