"""Prepare MUSAN or RIRS_NOISES, in two steps: fetch it, where that is asked for, and list its files."""

import re
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from geolid.bin.command import ArgumentParser, above_0, flag, run
from geolid.data import archives, languages
from geolid.data.corpora.musan_rirs import musan, remote, rirs
from geolid.data.corpora.musan_rirs.lists import write_list
from geolid.errors import GeoLIDError


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    corpora = parser.add_subparsers(dest="corpus", required=True)
    of_musan = corpora.add_parser("musan", help="music, noise and speech to mix into utterances")
    of_musan.add_argument("--vocals", type=flag, default=True, help="take music with vocals")
    of_musan.add_argument("--babble_languages", default="", help="languages of the speech, such as eng,deu; none: all")
    of_rirs = corpora.add_parser("rirs", help="rooms to put utterances into")
    of_rirs.add_argument("--rooms", default="medium small", help=f"sizes of simulated rooms: {' '.join(rirs.ROOMS)}")
    of_rirs.add_argument("--real_rirs", type=flag, default=False, help="take recorded rooms as well")
    for of in (of_musan, of_rirs):
        of.add_argument("root", type=Path, help="read: the corpus")
        of.add_argument("data_dir", type=Path, help="written: the folder of the lists")
        of.add_argument("--nj", type=above_0, default=4, help="processes that look at files")
        of.add_argument("--download", type=flag, default=False, help="fetch and unpack what is not there")
        of.add_argument("--dry_run", type=flag, default=False, help="only say what is to be fetched")
        of.add_argument("--keep_archives", type=flag, default=True, help="keep archives that are unpacked")
        of.add_argument("--url", default="", help="another address of the archive")
    args = parser.parse_args(argv)

    wanted = _languages(args.babble_languages) if args.corpus == "musan" else set()
    rooms = _rooms(args.rooms, args.real_rirs) if args.corpus == "rirs" else []
    if args.download or args.dry_run:
        fetch(args)
    if args.dry_run:
        return
    remedy = f"unpack {remote.ARCHIVES[args.corpus].name} anew, or fetch them with --download true"
    write = partial(write_list, nj=args.nj, remedy=remedy)
    if args.corpus == "rirs":
        print(write(args.data_dir / "rirs.scp", rirs.find(args.root, rooms, args.real_rirs)))
        return
    chosen = {kind: (recordings, {}) for kind, recordings in musan.find(args.root).items()}
    if not args.vocals:
        chosen["music"] = musan.without_vocals(chosen["music"][0])
    if wanted:
        chosen["speech"] = musan.in_languages(chosen["speech"][0], wanted)
    for kind, (recordings, left_out) in chosen.items():
        files = [recording.file for recording in recordings]
        print(write(args.data_dir / f"musan_{kind}.scp", files, left_out=left_out))
    spoken = Counter(musan.language_of(recording) or "not told" for recording in chosen["speech"][0])
    print(f"languages of musan_speech.scp, with files: {', '.join(f'{lang} {n}' for lang, n in spoken.most_common())}")


def fetch(args: Namespace) -> None:
    found = remote.find(args.corpus, args.root, args.url)
    remedy = f"choose another place with --{args.corpus}_root"
    print(*archives.estimate(found, args.root, args.keep_archives, remedy), sep="\n", flush=True)
    if not args.dry_run:
        archives.get_all(found, args.keep_archives)


def _languages(text: str) -> set[str]:
    """Read codes or names of languages, with commas or blanks between."""
    return {languages.resolve(word) for word in re.split(r"[,\s]+", text) if word}


def _rooms(text: str, real: bool) -> list[str]:
    rooms = text.replace(",", " ").split()
    if set(rooms) - set(rirs.ROOMS) or len(set(rooms)) < len(rooms):
        raise GeoLIDError(f"--rooms '{text}': expected some of {' '.join(rirs.ROOMS)}, each once")
    if not rooms and not real:
        raise GeoLIDError(f"--rooms is empty; expected some of {' '.join(rirs.ROOMS)}, or --real_rirs true")
    return rooms


if __name__ == "__main__":
    run(main)
