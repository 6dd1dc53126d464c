"""Prepare ML-SUPERB 2.0, in two steps: fetch it, where that is asked for, and write its data directories."""

import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from geolid.bin.command import ArgumentParser, above_0, flag, run
from geolid.bin.corpus_options import add_corpus_options, choice_of
from geolid.data.corpora.ml_superb2 import CORPUS, SPLITS, remote, sets, tree
from geolid.data.corpora.ml_superb2.choose import Wishes
from geolid.data.download import bytes_here

LOG_SECONDS = 60


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    add_corpus_options(parser)
    parser.add_argument("--splits", type=_splits, default=SPLITS, help="sets to make: train, dev, dev_dialect")
    parser.add_argument("--leave_out", default="", help="utterances drawn from these, as their ids begin")
    parser.add_argument("--norwegian", type=flag, default=False, help="keep it, which is not in the evaluation")
    parser.add_argument("--train_amount", choices=tree.TRAIN_AMOUNTS, default="1h", help="of the original tree")
    parser.add_argument("--max_faulty", type=_share, default=0.01, help="share of utterances without audio of use")
    parser.add_argument("--audio_dir", default="", help="written: the audio of the pre-formatted set")
    parser.add_argument("--download", type=flag, default=False, help="fetch the parquet files that are not there")
    parser.add_argument("--dry_run", type=flag, default=False, help="only say what is to be fetched")
    parser.add_argument("--url", default="", help="repository to fetch from")
    parser.add_argument("--nj", type=above_0, default=4, help="processes that read files and write audio")
    args = parser.parse_args(argv)

    audio_dir = Path(args.audio_dir) if args.audio_dir else args.root / "audio"
    if args.download or args.dry_run:
        fetch(args, audio_dir)
    if not args.dry_run:
        corpus = sets.Corpus(args.root, args.splits, audio_dir, args.train_amount, args.max_faulty)
        wishes = Wishes(tuple(args.leave_out.replace(",", " ").split()), args.norwegian)
        for made in sets.write_sets(corpus, args.data_dir, choice_of(args, CORPUS), wishes, args.nj):
            print(made)


def fetch(args: Namespace, audio_dir: Path) -> None:
    found = remote.find(args.root, args.splits, args.url or remote.REPOSITORY)
    print("\n".join(remote.estimate(found, args.root, audio_dir)), flush=True)
    if args.dry_run:
        return
    seconds = 0.5 if sys.stderr.isatty() else LOG_SECONDS
    for number, file in enumerate(found, 1):
        if not file.is_here:
            name = f"{file.path.name}, {number} of {len(found)}"
            here = bytes_here(file.path)
            with tqdm(desc=name, total=file.bytes, initial=here, unit="B", unit_scale=True, mininterval=seconds) as bar:
                remote.get(file, bar.update)


def _splits(text: str) -> tuple[str, ...]:
    wanted = text.replace(",", " ").split()
    if not wanted or not set(wanted) <= set(SPLITS):
        raise ArgumentTypeError(f"expected some of {', '.join(SPLITS)}, found '{text}'")
    return tuple(split for split in SPLITS if split in wanted)


def _share(text: str) -> float:
    try:
        if 0 <= float(text) <= 1:
            return float(text)
    except ValueError:
        pass
    raise ArgumentTypeError(f"expected a share from 0 to 1, such as 0.01, found '{text}'")


if __name__ == "__main__":
    run(main)
