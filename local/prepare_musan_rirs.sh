#!/usr/bin/env bash
# Prepare MUSAN and RIRS_NOISES: lists of noise and of rooms, for `noise_info` and `rir_scp` of a training config.
#   reads   <musan>/{music,noise,speech}/<source>/*.wav and ANNOTATIONS
#           <RIRS_NOISES>/simulated_rirs/<size>room and real_rirs_isotropic_noises, with their rir_list
#   writes  data/musan_{music,noise,speech}.scp, data/rirs.scp: a path a line; stage 3 copies them to dump/raw
#           with --download true also both corpora (some 28 GB with their archives)
set -euo pipefail

parts="musan rirs"        # which of the two
musan_root=               # where MUSAN is, or will be (default: MUSAN of db.sh)
rirs_root=                # where RIRS_NOISES is, or will be (default: RIRS_NOISES of db.sh)
vocals=true               # false leaves out music in which somebody sings
babble_languages=         # speech in these only, such as eng,deu: what is mixed in is no sign of a language (default: all)
rooms="medium small"      # sizes of simulated rooms: small, medium, large
real_rirs=false           # true adds recorded rooms, some with several channels: training takes one at random each time
download=false            # fetch and unpack what is not there; what is there is not fetched again
dry_run=false             # only say what would be fetched, how much space and time it takes
keep_archives=true        # false removes each archive when it is unpacked
musan_url=                # another address of musan.tar.gz (default: that of OpenSLR)
rirs_url=                 # another address of rirs_noises.zip (default: that of OpenSLR)
nj=4                      # processes that look at files
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. ./db.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
musan_root=${musan_root:-$MUSAN}
rirs_root=${rirs_root:-$RIRS_NOISES}
common=(--nj "$nj" --download "$download" --dry_run "$dry_run" --keep_archives "$keep_archives")
case $(xargs <<<"$parts") in
    musan | rirs | "musan rirs" | "rirs musan") ;;
    *) echo "$0: --parts '$parts': expected musan, rirs, or both" >&2; exit 2 ;;
esac
for part in $parts; do
    if [ "$part" = musan ]; then
        root=$musan_root
        options=(--vocals "$vocals" --babble_languages "$babble_languages" --url "$musan_url")
    else
        root=$rirs_root
        options=(--rooms "$rooms" --real_rirs "$real_rirs" --url "$rirs_url")
    fi
    ! "$download" || "$dry_run" || lock "$root"
    python local/prepare_musan_rirs.py "$part" "${common[@]}" "${options[@]}" "$root" data
done
"$dry_run" || echo "$0: made in $SECONDS s"
