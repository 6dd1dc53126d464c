"""Do a process's share of the blocks that plan_inference laid out: find the language of every utterance."""

import argparse
import gc
import math
from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, above_0, run
from geolid.identify.plan import Plan, read_plan


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", type=Path, nargs="+", help="read and written: <exp>/inference/<model>/<set>, parts in it"
    )
    parser.add_argument("--part", type=int, default=1, help="the share to do, from 1")
    parser.add_argument("--parts", type=int, default=1, help="shares in all")
    parser.add_argument("--ngpu", type=int, choices=(0, 1), default=0, help="1: on a GPU")
    parser.add_argument("--inference_batch_size", type=above_0, default=32, help="utterances of a batch at most")
    parser.add_argument(
        "--inference_batch_seconds",
        type=_seconds,
        help="seconds of audio of a batch, with padding (default: 60 on a CPU, 300 on a GPU)",
    )
    args = parser.parse_args(argv)

    plans = {folder: plan for folder in args.folder if (plan := read_plan(folder)) and plan.todo}
    shares = _share(plans, args.part, args.parts)
    if shares:
        _infer(plans, shares, args)


def _share(plans: dict[Path, Plan], part: int, parts: int) -> dict[Path, list[int]]:
    """Deal the blocks of all sets out to the processes in turn; return those of one process."""
    blocks = [(folder, block) for folder, plan in plans.items() for block in plan.todo]
    shares: dict[Path, list[int]] = {}
    for folder, block in blocks[part - 1 :: parts]:
        shares.setdefault(folder, []).append(block)
    return shares


def _infer(plans: dict[Path, Plan], shares: dict[Path, list[int]], args: argparse.Namespace) -> None:
    # they take seconds, which importing this file should not
    from geolid.data.tables import whole_or_absent
    from geolid.identify.engine import Engine, layer_weights
    from geolid.identify.progress import Progress
    from geolid.identify.work import do_blocks
    from geolid.train.guards import require_gpus
    from geolid.train.logs import start_log

    start_log("INFO")
    require_gpus(args.ngpu)
    first, plan = next(iter(plans.items()))
    engine = Engine.load(
        Path(plan.config_file),
        Path(plan.model_file),
        candidates=plan.recipe.languages,
        lang2utt=Path(plan.lang2utt) if plan.lang2utt else None,
        device="cuda" if args.ngpu else "cpu",
        mixed_precision=plan.recipe.mixed_precision,
    )
    gc.freeze()  # what stands now stays, and need not be looked through again and again
    weights = layer_weights(engine.model)
    if args.part == 1 and weights is not None:
        with whole_or_absent(first.parent / "layer_weights") as out:
            out.writelines(f"{weight:.6f}\n" for weight in weights)
    limits = engine.limits(args.inference_batch_seconds, args.inference_batch_size)
    sets = ", ".join(folder.name for folder in plans)
    undone = sum(plan.undone for plan in plans.values())
    progress = Progress(first / "parts", args.part, args.parts, undone, sets)
    for folder, blocks in shares.items():
        do_blocks(folder, plans[folder], blocks, engine, limits, progress.add)
    progress.tell()


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, found '{text}'")
    return seconds


if __name__ == "__main__":
    run(main)
