#!/usr/bin/env bash
# Stage 6: find the language of every utterance, with probabilities that are calibrated on the validation set; goes on
# where an earlier run was stopped, and does nothing where model and sets are the same.
#   reads   <exp-dir>/config.yaml and a model; <valid-dir> <test-dir>..., as stage 3 writes them
#   writes  <exp-dir>/inference/<model>/<set>    for each set: tables, logits, embeddings; docs/inference.md names all
#           <exp-dir>/inference/<model>/layer_weights    how much each state of the encoder counts
#           <exp-dir>/<model>.calibration.json   the temperature that makes probabilities of logits
set -euo pipefail

inference_model=valid.accuracy.best.pth    # a .pth of <exp-dir>, such as valid.accuracy.ave.pth, or the path of any
inference_batch_size=32     # utterances of a batch at most
inference_batch_seconds=    # seconds of audio of a batch, with padding (default: 60 on a CPU, 300 on a GPU)
extract_embd=false          # whether embeddings are written
save_every=200              # utterances that are done whole or not at all, if it is killed
candidates=                 # languages to choose from, such as "deu fra" (default: all that the model knows)
lang2utt=                   # the training set's, for a model whose config.yaml does not tell its languages
top_k=5                     # languages of an utterance in <set>_scores
max_faulty=0.01             # share of a set's utterances whose audio may be unreadable
use_amp=true                # on a GPU: compute in 16 bits
gpu_inference=false         # whether GPUs are used
ngpu=1                      # with --gpu_inference true: processes, with a GPU each
nj=8                        # otherwise: processes
cmd=utils/run_local.py      # starts them
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
[ $# -ge 2 ] || { echo "usage: $0 [--inference_model FILE] ... <exp-dir> <valid-dir> <test-dir>...; $0 --help tells all" >&2; exit 2; }
exp_dir=${1%/}
valid_dir=$2
[ "$nj" -ge 1 ] || { echo "$0: --nj is a number from 1, not '$nj'" >&2; exit 2; }

gpu=0
mixed_precision=false
if "$gpu_inference"; then
    nj=$((ngpu > 0 ? ngpu : 1))
    gpu=1
    mixed_precision=$use_amp
fi
model=$(basename "$inference_model" .pth)
calibration=$exp_dir/$model.calibration.json
# shellcheck disable=SC2206 # a list of languages
chosen=($candidates)
data_dirs=("$valid_dir" "${@:3}")
[ ${#chosen[@]} -eq 0 ] || data_dirs=("${@:3}")    # a model is not calibrated on a part of its languages
[ ${#data_dirs[@]} -gt 0 ] || { echo "$0: --candidates is for test sets, and none is named" >&2; exit 2; }
for data_dir in "${data_dirs[@]}"; do
    [ ! -e "$data_dir/utt2lang" ] || utils/validate_data_dir.sh "$data_dir" >/dev/null
done
[ -d "$exp_dir" ] || { echo "$0: $exp_dir: there is no such experiment; train it by stage 5" >&2; exit 1; }
lock "$exp_dir/inference/$model"

folders=()
for data_dir in "${data_dirs[@]}"; do folders+=("$exp_dir/inference/$model/$(basename "$data_dir")"); done
blocks=$(python -m geolid.bin.plan_inference --inference_model "$inference_model" --languages "$candidates" \
    ${lang2utt:+--lang2utt "$lang2utt"} --extract_embd "$extract_embd" --mixed_precision "$mixed_precision" \
    --save_every "$save_every" "$exp_dir" "${data_dirs[@]}")
if [ "$blocks" -gt 0 ]; then
    jobs=$((blocks < nj ? blocks : nj))
    # the first job tells how far all of them are
    # shellcheck disable=SC2086 # a command with options
    $cmd --gpu "$gpu" --follow "| " JOB=1:"$jobs" "$exp_dir/inference/$model/log/infer.JOB.log" \
        python -m geolid.bin.infer --part JOB --parts "$jobs" --ngpu "$gpu" \
        --inference_batch_size "$inference_batch_size" \
        ${inference_batch_seconds:+--inference_batch_seconds "$inference_batch_seconds"} "${folders[@]}"
fi
gather=(python -m geolid.bin.gather_inference --top_k "$top_k" --max_faulty "$max_faulty")
if [ ${#chosen[@]} -eq 0 ]; then
    valid_folder=${folders[0]}
    if [ -e "$valid_folder/parts" ]; then    # it has been inferred anew
        rm -f "$calibration"
        "${gather[@]}" "$valid_folder" >/dev/null
    fi
    [ -e "$calibration" ] || python -m geolid.bin.calibrate "$valid_folder" "$valid_dir" "$calibration"
fi
"${gather[@]}" --calibration "$calibration" "${folders[@]}"
