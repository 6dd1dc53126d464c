# shellcheck shell=bash
# shellcheck disable=SC2034 # the scripts in local/ use them
# Where the corpora are. A corpus that is made or may be fetched is put there when it is not there yet.

MINI=downloads/mini    # the embedded corpus: speech that a synthesiser makes on this machine
