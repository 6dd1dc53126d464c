#!/usr/bin/env bash
# Stage 5: train a model; goes on where an earlier run of the same config and data was stopped.
#   reads   <train-dir> <valid-dir>, as stage 3 writes them; <stats-dir>/{train,valid}/speech_shape; a YAML of conf/
#   writes  <exp-dir>/config.yaml                                     what it was trained with, all of it
#           <exp-dir>/{<n>epoch,latest,valid.accuracy.best,...}.pth   models; checkpoint.pth to go on from
#           <exp-dir>/images/curves.png, tensorboard/, train.log
set -euo pipefail

lid_config=conf/mini/geolid.yaml    # what to train
lid_args=                           # options over those of the config, as in a shell: "--max_epoch 3 --optim_conf lr=0.01"
ngpu=0                              # GPUs of a node, one process each; 0: on the CPU
num_nodes=1                         # nodes, each with as many processes; more than one needs Slurm
num_processes=1                     # processes of a node where there are no GPUs
num_threads=                        # of each of them (default: this machine's cores, at most 8, divided among them)
pretrained_model=                   # begin with the weights of this .pth: <file>[:<from>:<to>:<without>]
ignore_init_mismatch=false          # leave out those of its weights that do not fit
cmd=utils/run_local.py              # starts the training
. utils/parse_options.sh
. ./path.sh
. utils/lock.sh
. utils/split_words.sh
[ $# -eq 4 ] || { echo "usage: $0 [--lid_config FILE] <train-dir> <valid-dir> <stats-dir> <exp-dir>" >&2; exit 2; }
train_dir=$1
valid_dir=$2
stats_dir=$3
exp_dir=$4

utils/validate_data_dir.sh "$train_dir" "$valid_dir"
if [ "$ngpu" -gt 0 ]; then
    num_processes=$ngpu
else
    cores=$(getconf _NPROCESSORS_ONLN)
    share=$(((cores < 8 ? cores : 8) / num_processes))
    cmd+=" --num_threads ${num_threads:-$((share > 0 ? share : 1))}"
fi
train=(python)
if [ "$num_nodes" -gt 1 ]; then
    train=(utils/torchrun_nodes.sh "$num_nodes" "$num_processes")
    cmd+=" --sbatch nodes=$num_nodes"
elif [ "$num_processes" -gt 1 ]; then
    train=(torchrun --standalone --nproc_per_node "$num_processes")
fi
options=(--config "$lid_config" --output_dir "$exp_dir" --ngpu "$ngpu" --lang2utt "$train_dir/lang2utt"
    --train_data_path_and_name_and_type "$train_dir/wav.scp,speech,sound"
    --train_data_path_and_name_and_type "$train_dir/utt2lang,lid_labels,text"
    --train_shape_file "$stats_dir/train/speech_shape"
    --valid_data_path_and_name_and_type "$valid_dir/wav.scp,speech,sound"
    --valid_data_path_and_name_and_type "$valid_dir/utt2lang,lid_labels,text"
    --valid_shape_file "$stats_dir/valid/speech_shape")
[ -z "$pretrained_model" ] ||
    options+=(--init_param "$pretrained_model" --ignore_init_mismatch "$ignore_init_mismatch")
split_words lid_args "$lid_args"

lock "$exp_dir" 5    # a run that was killed has ended by then
if grep -qs '| epoch ' "$exp_dir/train.log"; then    # the log of a run that came to train is kept
    runs=1
    while [ -e "$exp_dir/train.$runs.log" ]; do runs=$((runs + 1)); done
    mv "$exp_dir/train.log" "$exp_dir/train.$runs.log"
fi
# exec: a signal to this script is one to whoever has to end the training
# shellcheck disable=SC2086 # $cmd is a command with options
exec $cmd --gpu "$ngpu" --follow "| " "$exp_dir/train.log" \
    "${train[@]}" -m geolid.bin.train "${options[@]}" "${words[@]}"
