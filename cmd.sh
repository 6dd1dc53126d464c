# shellcheck shell=bash
# shellcheck disable=SC2034 # run.sh hands them to the stages
# Sourced by run.sh: where the jobs of the stages run. Choose cmd_backend, and for a cluster adapt the options below:
# 'sinfo' lists its partitions, 'utils/run_slurm.py --help' all options. A stage adds what it alone knows, as --gpu 4.

cmd_backend=local           # local: on this machine; slurm: on a cluster

case $cmd_backend in
    local)
        train_cmd="utils/run_local.py"      # jobs for the CPU
        cuda_cmd="utils/run_local.py"       # jobs that may use GPUs
        ;;
    slurm)
        train_cmd="utils/run_slurm.py --partition cpu --time 4:00:00 --mem 4G --max_jobs_run 64"
        cuda_cmd="utils/run_slurm.py --partition gpu --time 2-00:00:00 --mem 64G --num_threads 8"
        ;;
    *)
        echo "cmd.sh: cmd_backend is local or slurm, not '$cmd_backend'" >&2
        return 1
        ;;
esac
