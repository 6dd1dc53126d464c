"""Turn IARPA Babel into data directories: conversations, cut at the time marks of their transcripts."""

from collections.abc import Sequence
from pathlib import Path

from geolid.bin.command import ArgumentParser, above_0, flag, run
from geolid.data.corpora.babel.packs import CORPUS, SPLITS, find_packs, find_recordings
from geolid.data.corpora.babel.recording import read_recording
from geolid.data.corpora.babel.sets import gather, write_sets
from geolid.data.corpora.parallel import each
from geolid.data.corpora.prepare import Choice, chosen_languages
from geolid.errors import GeoLIDError


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument(
        "--languages", default="", help="which to take, ISO 639-3 or pack numbers; none is all there are"
    )
    parser.add_argument("--max_hours", type=float, help="of a language in each training set, at random; none is all")
    parser.add_argument("--seed", type=int, default=1, help="another one, another choice")
    parser.add_argument("--audio_types", default="sph wav", help="files to read; of a recording the first type it has")
    parser.add_argument("--use_lexicon", type=flag, default=True, help="whether words are those of the pack's lexicon")
    parser.add_argument(
        "--max_faulty", type=float, default=0.01, help="share of a pack's recordings that may be faulty"
    )
    parser.add_argument("--nj", type=above_0, default=1, help="processes that read transcripts and headers")
    parser.add_argument("root", type=Path, help="read: the folder that holds the packs")
    parser.add_argument("data_dir", type=Path, help="written: the folder of the data directories")
    args = parser.parse_args(argv)

    audio_types = args.audio_types.lower().replace(",", " ").split()
    if not audio_types:
        raise GeoLIDError("--audio_types is empty; expected the types of files to read, such as 'sph wav'")
    if args.max_hours is not None and not args.max_hours > 0:
        raise GeoLIDError(f"--max_hours {args.max_hours:g}: expected hours above 0, such as 5, or leave it out")
    choice = Choice(chosen_languages(args.languages, CORPUS), args.max_hours, args.seed)
    packs = find_packs(args.root, choice.languages, args.use_lexicon)
    recordings = {
        split: [recording for pack in packs for recording in find_recordings(pack, split, audio_types)]
        for split in SPLITS
    }
    gathered = {
        split: gather(each(read_recording, them, args.nj, split, "recording"), args.max_faulty)
        for split, them in recordings.items()
    }
    for split, it in gathered.items():
        for made in write_sets(split, it, args.data_dir, choice):
            print(made)
        for kind, count in sorted(it.kinds.items()):
            print(f"{'':<28}{count:8} {kind} left out")


if __name__ == "__main__":
    run(main)
