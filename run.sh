#!/usr/bin/env bash
# Train, evaluate and publish a spoken language identifier, in ten stages:
#   1 prepare data   2 perturb speed   3 format audio   4 collect stats   5 train
#   6 infer          7 score           8 plot           9 pack           10 upload
# Without options it takes the embedded corpus, which needs no network, no GPU and no data.
set -euo pipefail
cd "$(dirname "$0")"    # it can be called from anywhere
BASH_ARGV0=./run.sh     # where it lies from here

# Which stages
stage=1                     # the first stage to run
stop_stage=10               # the last stage to run
skip_stages=                # stages to leave out, such as "2 8"
skip_data_prep=false        # leave out stages 1 to 3
skip_train=false            # leave out stages 2, 4 and 5, and the training set in stage 3
skip_eval=false             # leave out stages 6 to 8
skip_packing=false          # leave out stage 9
skip_upload_hf=false        # leave out stage 10, which runs only where --hf_repo is given

# Where things are, and how they run
dumpdir=dump                # formatted data
expdir=exp                  # experiments
nj=                         # parallel jobs in the data stages (default: as many as this machine has cores)
python=                     # an interpreter whose environment is used, in place of the project's own

# Corpora, and the sets that their preparations write
corpora=mini                    # what stage 1 prepares, each by its local/prepare_<corpus>.sh; none: data/ stands
train_set=train_mini_lang       # to train on
valid_set=dev_mini_lang         # to choose the best model by
test_sets="test_mini_lang test_dialect_mini_lang test_phone_mini_lang test_noisy_mini_lang"    # to score on

# Data
local_data_opts=            # options for each local/prepare_<corpus>.sh, in one argument
speed_perturb_factors=      # such as "0.9 1.0 1.1": adds slower and faster copies of the training set
feats_type=raw              # raw, or raw_copy: audio is taken as it is, and only checked
audio_format=wav            # wav, flac, wav.ark or flac.ark
fs=16k                      # sampling rate
min_wav_duration=1.0        # seconds; shorter training utterances are left out
max_wav_duration=60.0       # seconds; longer training utterances are left out
max_faulty=0.01             # share of a set's utterances whose audio may be faulty
allow_pipes=false           # whether commands in wav.scp are run

# Training
lid_config=conf/mini/geolid.yaml    # the model and how it is trained
lid_args=                   # options over those of the config, such as "--max_epoch 3", with quotes as in a shell
lid_tag=                    # the experiment's name (default: the config's, and feats_type)
lid_exp=                    # its folder (default: <expdir>/lid_<lid_tag>)
ngpu=0                      # GPUs of a node; 0: on the CPU
num_nodes=1                 # nodes of the cluster
pretrained_model=           # begin with the weights of this .pth
ignore_init_mismatch=false  # leave out those of its weights that do not fit

# Inference and scores
inference_model=valid.accuracy.best.pth    # a .pth of the experiment, such as valid.accuracy.ave.pth, or any other
inference_batch_size=32     # utterances of a batch at most
gpu_inference=false         # on --ngpu GPUs; else in --nj processes on the CPU
extract_embd=true           # keep embeddings, which t-SNE is drawn of
save_every=200              # utterances that are done whole or not at all, if it is killed
trained_on=                 # corpora that a published model was trained on, where its config.yaml does not tell
matching=strict             # tolerant: also scores by which codes of one language, such as nor and nob, are one
eval_valid_set=false        # score the validation set as well
tsne_set=                   # sets to draw by t-SNE (default: the first of --test_sets)
max_utt_per_lang_for_tsne=100    # utterances of a language in it, at most

# Publishing
hf_repo=                    # repository of the Hugging Face Hub, <owner>/<name>; made if need be, for you alone to see

. utils/parse_options.sh
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see $0 --help" >&2; exit 2; }
if [ -n "$python" ]; then
    GEOLID_VENV=$("$python" -c 'import sys; print(sys.prefix)' 2>/dev/null) && [ -x "$GEOLID_VENV/bin/python" ] ||
        { echo "$0: --python $python is no interpreter of an environment with a bin/python; name another" >&2; exit 2; }
    export GEOLID_VENV
fi
nj=${nj:-$(getconf _NPROCESSORS_ONLN)}
[[ $nj =~ ^[1-9][0-9]*$ ]] || { echo "$0: --nj is a number from 1, not '$nj'" >&2; exit 2; }
[ -n "$train_set" ] && [ -n "$valid_set" ] && [ -n "$test_sets" ] ||
    { echo "$0: --train_set, --valid_set and --test_sets each name a set, as in data/<set>; one is empty" >&2; exit 2; }
! "$skip_data_prep" || skip_stages+=" 1 2 3"
! "$skip_train" || skip_stages+=" 2 4 5"
! "$skip_eval" || skip_stages+=" 6 7 8"
! "$skip_packing" || skip_stages+=" 9"
! "$skip_upload_hf" || skip_stages+=" 10"
[ -n "$hf_repo" ] || [ "$stage" != 10 ] ||
    { echo "$0: stage 10 needs --hf_repo <owner>/<name>, the repository to publish in" >&2; exit 2; }
. utils/stages.sh
. ./path.sh
. ./cmd.sh

train_dir=data/$train_set
stats_dir=$expdir/lid_stats_$fs
if [ -n "$speed_perturb_factors" ]; then
    train_dir+=_sp
    stats_dir+=_sp
fi
dump=$dumpdir/$feats_type
if [ -z "$lid_exp" ]; then
    lid_tag=${lid_tag:-$(basename "$lid_config" .yaml)_$feats_type}
    lid_exp=$expdir/lid_$lid_tag
    [ -z "$speed_perturb_factors" ] || lid_exp+=_sp
fi
model=$(basename "$inference_model" .pth)
inference_dir=$lid_exp/inference/$model
packed=$lid_exp/packed/$(basename "$lid_exp")_$model
! "$eval_valid_set" || [[ " $test_sets " == *" $valid_set "* ]] || test_sets+=" $valid_set"
tsne_set=${tsne_set:-${test_sets%% *}}
for set in $tsne_set; do
    [[ " $test_sets " == *" $set "* ]] ||
        { echo "$0: --tsne_set $set is none of the sets that are scored: $test_sets" >&2; exit 2; }
done
# Sets that a model is chosen by or scored on: they are kept whole, whatever the durations.
# shellcheck disable=SC2086 # lists of sets
read -ra judged_dirs < <(printf 'data/%s\n' $valid_set $test_sets | sort -u | xargs)
# shellcheck disable=SC2086
read -ra scored_dirs < <(printf "$dump/%s\n" $test_sets | xargs)

if begin_stage 1 "Turn corpora into data directories" "data/$train_set ${judged_dirs[*]}"; then
    run_stage steps/01_prepare_data.sh --corpora "$corpora" --nj "$nj" --cmd "$train_cmd" --allow_pipes "$allow_pipes" \
        --local_data_opts "$local_data_opts" "data/$train_set" "${judged_dirs[@]}"
fi

if [ -n "$speed_perturb_factors" ] && begin_stage 2 "Add slower and faster copies of the training set" "$train_dir"; then
    # shellcheck disable=SC2086 # a list of factors
    run_stage steps/02_perturb_speed.sh --nj "$nj" --cmd "$train_cmd" --fs "$fs" --max_faulty "$max_faulty" \
        --allow_pipes "$allow_pipes" "data/$train_set" $speed_perturb_factors
fi

if begin_stage 3 "Give every utterance one file of the wanted rate" "$dump/<set>"; then
    format=(steps/03_format_audio.sh --nj "$nj" --cmd "$train_cmd" --fs "$fs" --feats_type "$feats_type"
        --audio_format "$audio_format" --max_faulty "$max_faulty" --allow_pipes "$allow_pipes")
    "$skip_train" ||
        run_stage "${format[@]}" --min_wav_duration "$min_wav_duration" --max_wav_duration "$max_wav_duration" \
            "$dump" "$train_dir"
    run_stage "${format[@]}" "$dump" "${judged_dirs[@]}"
fi

if begin_stage 4 "Find the length of every utterance, and what there is of each language" "$stats_dir"; then
    run_stage steps/04_collect_stats.sh --fs "$fs" "$dump/${train_dir#data/}" "$dump/$valid_set" "$stats_dir"
fi

if begin_stage 5 "Train a model" "$lid_exp"; then
    run_stage steps/05_train.sh --lid_config "$lid_config" --lid_args "$lid_args" --ngpu "$ngpu" --num_nodes "$num_nodes" \
        --pretrained_model "$pretrained_model" --ignore_init_mismatch "$ignore_init_mismatch" --cmd "$cuda_cmd" \
        "$dump/${train_dir#data/}" "$dump/$valid_set" "$stats_dir" "$lid_exp"
fi

if begin_stage 6 "Find the language of every utterance" "$inference_dir/<set>"; then
    infer_cmd=$train_cmd
    ! "$gpu_inference" || infer_cmd=$cuda_cmd
    run_stage steps/06_infer.sh --inference_model "$inference_model" --inference_batch_size "$inference_batch_size" \
        --extract_embd "$extract_embd" --save_every "$save_every" --max_faulty "$max_faulty" \
        --gpu_inference "$gpu_inference" --ngpu "$ngpu" --nj "$nj" --cmd "$infer_cmd" \
        "$lid_exp" "$dump/$valid_set" "${scored_dirs[@]}"
fi

if begin_stage 7 "Score what was found" "$lid_exp/RESULTS.md"; then
    run_stage steps/07_score.sh --inference_model "$inference_model" --trained_on "$trained_on" --matching "$matching" \
        "$lid_exp" "${scored_dirs[@]}"
fi

if begin_stage 8 "Draw it" "$inference_dir/<set>/images"; then
    for set in $test_sets; do
        tsne=false
        ! "$extract_embd" || [[ " $tsne_set " != *" $set "* ]] || tsne=true
        run_stage steps/08_plot_tsne.sh --tsne "$tsne" --max_utt_per_lang_for_tsne "$max_utt_per_lang_for_tsne" \
            "$inference_dir/$set" "$dump/$set"
    done
fi

if begin_stage 9 "Pack the model into one archive" "$packed.zip"; then
    run_stage steps/09_pack.sh --inference_model "$inference_model" "$lid_exp"
fi

if [ -n "$hf_repo" ] && begin_stage 10 "Publish it on the Hugging Face Hub" "$hf_repo"; then
    run_stage steps/10_upload.sh --hf_repo "$hf_repo" "$packed"
fi

end_run
