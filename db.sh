# shellcheck shell=bash
# shellcheck disable=SC2034 # the scripts in local/ use them
# Where the corpora are. A corpus that is made or may be fetched is put there when it is not there yet.

MINI=downloads/mini    # the embedded corpus: speech that a synthesiser makes on this machine
VOXLINGUA107=downloads/voxlingua107    # ab/, af/, ... and dev/; --download true fetches it
BABEL=downloads/babel    # the language packs of IARPA Babel, which LDC sends: BABEL_101, BABEL_102, ...
FLEURS=downloads/fleurs    # data/<locale>/{train,dev,test}.tsv and audio/; --download true fetches it
ML_SUPERB2=downloads/ml_superb2    # the parquet files of the pre-formatted set, or the original tree
VOXPOPULI=downloads/voxpopuli    # transcribed_data/<label>/, as the corpus's own scripts cut it
VOXCELEB1=downloads/voxceleb1    # dev/wav/, test/wav/ and iden_split.txt
TOPCODER176=downloads/topcoder176    # trainingData.csv and the folder of mp3 files
MUSAN=downloads/musan    # music/, speech/, noise/; --download true fetches it
RIRS_NOISES=downloads/RIRS_NOISES    # simulated_rirs/, real_rirs_isotropic_noises/; --download true fetches it
