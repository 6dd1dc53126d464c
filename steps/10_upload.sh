#!/usr/bin/env bash
# Stage 10: publish a packed model on the Hugging Face Hub, in a repository that is made if it is not there. A token
# with the right to write is taken from HF_TOKEN, or from the login that 'hf auth login' leaves.
#   reads   <packed-dir>    as stage 9 writes it
#   writes  <hf_repo> on the Hub, in one commit; asked for again it sends what is missing there
set -euo pipefail

hf_repo=            # the repository, <owner>/<name>
private=true        # whether only those see it whom its owner lets in
dry_run=false       # show what would be sent, and send nothing
. utils/parse_options.sh
. ./path.sh
[ $# -eq 1 ] && [ -n "$hf_repo" ] ||
    { echo "usage: $0 --hf_repo <owner>/<name> [--private true] [--dry_run false] <packed-dir>" >&2; exit 2; }

python -m geolid.bin.upload --private "$private" --dry_run "$dry_run" "$1" "$hf_repo"
