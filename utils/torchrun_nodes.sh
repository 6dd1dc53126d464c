#!/usr/bin/env bash
# Within a Slurm job of several nodes: start torchrun on each, and let them find each other at the first.
set -euo pipefail
[ $# -ge 3 ] || { echo "usage: $0 <nodes> <processes-a-node> <torchrun's further words>..." >&2; exit 2; }
[ -n "${SLURM_JOB_NODELIST:-}" ] ||
    { echo "$0: several nodes need Slurm; set cmd_backend=slurm in cmd.sh, or --num_nodes 1" >&2; exit 2; }
first=$(hostname)    # this runs on the first node
port=$((20000 + SLURM_JOB_ID % 20000))    # two jobs that share a node need two
# a step of its own on all nodes: the job's first step, in which this runs, has the first node only
exec srun --overlap --nodes "$1" --ntasks "$1" --ntasks-per-node 1 \
    torchrun --nnodes "$1" --nproc_per_node "$2" --rdzv_backend c10d --rdzv_id "$SLURM_JOB_ID" \
    --rdzv_endpoint "$first:$port" "${@:3}"
