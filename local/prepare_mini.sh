#!/usr/bin/env bash
# Prepare the embedded corpus: words of many languages, spoken by a synthesiser, so that it needs no network and no data.
#   reads   nothing but installed packages
#   writes  downloads/mini: the audio (1.1 GB), beside that of other corpora, as data/ holds tables only. What stands
#           there and is wanted again is not spoken again; what other options wanted stays there until you remove it.
#           data/{train,dev,test,test_phone,test_noisy}_mini_lang, data/test_dialect_mini_lang: accents that are not in
#           training, where a language has any (eng, fra, por, spa, vie)
set -euo pipefail

languages="ces dan deu ell eng fin fra hin hun ind ita kat kor nld pol por rus spa swa swe tam tur ukr vie"    # ISO 639-3 codes, or all
utts_per_lang=150         # training utterances of each; dev has a tenth as many, each test set a sixth
seed=1                    # another one, other utterances
nj=4                      # parallel jobs
cmd=utils/run_local.py    # starts them
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. ./db.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
audio_dir=$MINI
lock "$audio_dir"
speeches=$(python local/prepare_mini.py plan --languages "$languages" --utts_per_lang "$utts_per_lang" --seed "$seed" \
    "$audio_dir")
if [ "$speeches" -gt 0 ]; then
    jobs=$((speeches < nj ? speeches : nj))
    $cmd JOB=1:"$jobs" "$audio_dir/log/speak.JOB.log" \
        python local/prepare_mini.py speak --part JOB --parts "$jobs" "$audio_dir"
fi
python local/prepare_mini.py tables "$audio_dir" data
echo "$0: made in $SECONDS s"
