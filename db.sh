# shellcheck shell=bash
# shellcheck disable=SC2034 # the scripts in local/ use them
# Where the corpora are. A corpus that is made or may be fetched is put there when it is not there yet.

MINI=downloads/mini    # the embedded corpus: speech that a synthesiser makes on this machine
VOXLINGUA107=downloads/voxlingua107    # ab/, af/, ... and dev/; --download true fetches it
BABEL=downloads/babel    # the language packs of IARPA Babel, which LDC sends: BABEL_101, BABEL_102, ...
