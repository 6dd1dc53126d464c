#!/usr/bin/env bash
# Stage 3: give every utterance one file (or a place in an ark) of the wanted rate with one channel; files that are right
# already are left where they are.
#   reads   <data-dir>
#   writes  <dump-dir>/<name of data-dir>: tables, audio, and in dropped what did not come through and why
#           <dump-dir>/{musan_*,rirs}.scp: lists that stand beside <data-dir>, where configs look for them
set -euo pipefail

nj=8                      # parallel jobs
cmd=utils/run_local.py    # starts them
fs=16k                    # sampling rate
audio_format=wav          # wav, flac, wav.ark or flac.ark
feats_type=raw            # raw, or raw_copy: nothing is made over, only checked
min_wav_duration=0.0      # seconds; shorter utterances are left out
max_wav_duration=inf      # seconds; longer utterances are left out
max_faulty=0.01           # share of faulty utterances that is borne
allow_pipes=false         # whether commands in wav.scp are run
. utils/parse_options.sh
. ./path.sh
[ $# -ge 2 ] || { echo "usage: $0 [--nj 8] [--audio_format wav] ... <dump-dir> <data-dir>...; $0 --help tells all" >&2; exit 2; }
dump_dir=$1

for list in "$(dirname "$2")"/{musan_music,musan_noise,musan_speech,rirs}.scp; do
    copy=$dump_dir/$(basename "$list")
    if [ -e "$list" ] && ! cmp -s "$list" "$copy"; then    # one that stands keeps its time
        mkdir -p "$dump_dir"
        cp "$list" "$copy.tmp"
        mv "$copy.tmp" "$copy"
    fi
done
for data_dir in "${@:2}"; do
    utils/format_data_dir.sh --nj "$nj" --cmd "$cmd" --fs "$fs" --audio_format "$audio_format" \
        --feats_type "$feats_type" --min_wav_duration "$min_wav_duration" --max_wav_duration "$max_wav_duration" \
        --max_faulty "$max_faulty" --allow_pipes "$allow_pipes" "$data_dir" "$dump_dir/$(basename "$data_dir")"
done
