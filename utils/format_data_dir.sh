#!/usr/bin/env bash
# Make a data directory's audio over in parallel: one file an utterance, at one rate, with one channel.
#   reads   <data-dir>
#   writes  <out-dir>: the audio in blocks, then the tables; utterances that did not come through, in dropped
set -euo pipefail

nj=8                      # parallel jobs
cmd=utils/run_local.py    # starts them
fs=16k                    # sampling rate
audio_format=wav          # wav, flac, wav.ark or flac.ark
feats_type=raw            # raw, or raw_copy: nothing is made over, only checked
min_wav_duration=0.0      # seconds; shorter utterances are left out
max_wav_duration=inf      # seconds; longer utterances are left out
speed=1.0                 # how fast the audio is played
prefix=                   # before each utterance's and speaker's id
max_faulty=0.01           # share of faulty utterances that is borne
allow_pipes=false         # whether commands in wav.scp are run
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
[ $# -eq 2 ] || { echo "usage: $0 [--nj 8] [--fs 16k] ... <data-dir> <out-dir>; $0 --help tells all" >&2; exit 2; }
[ "$nj" -ge 1 ] || { echo "$0: --nj is a number from 1, not '$nj'" >&2; exit 2; }
data_dir=$1
out_dir=$2

utils/validate_data_dir.sh --allow_pipes "$allow_pipes" "$data_dir"
lock "$out_dir"
audio_options=(--fs "$fs" --audio_format "$audio_format" --feats_type "$feats_type" --speed "$speed"
    --min_wav_duration "$min_wav_duration" --max_wav_duration "$max_wav_duration" --allow_pipes "$allow_pipes")
blocks=$(python -m geolid.bin.plan_audio "${audio_options[@]}" "$data_dir" "$out_dir")
if [ "$blocks" -gt 0 ]; then
    jobs=$((blocks < nj ? blocks : nj))
    $cmd JOB=1:"$jobs" "$out_dir/log/format_audio.JOB.log" \
        python -m geolid.bin.format_audio --part JOB --parts "$jobs" "$out_dir"
fi
python -m geolid.bin.gather_audio "${audio_options[@]}" --max_faulty "$max_faulty" --prefix "$prefix" \
    "$data_dir" "$out_dir"
