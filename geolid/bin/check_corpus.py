"""Check whether data directories are fit to train and to test on: their tables, audio, labels, texts, and what they
share.

Exits with 0 if nothing or only notes were found, 3 if warnings, 4 if errors; 1 if it could not be checked, 2 if the
command line is wrong.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from geolid.bin.audio_options import seconds, share
from geolid.bin.command import ArgumentParser, above_0, flag, run
from geolid.data.check.corpus import ALL, HEADERS, NONE, AudioChoice, check
from geolid.data.check.findings import Severity, counted, worst
from geolid.data.check.limits import Limits
from geolid.data.check.page import page
from geolid.data.check.report import case_rows, text_report
from geolid.data.tables import whole_or_absent

STATUS = {Severity.NOTE: 0, Severity.WARNING: 3, Severity.ERROR: 4}


def main(argv: Sequence[str] | None = None) -> int:
    parser = ArgumentParser(description=__doc__)
    standard = Limits()
    parser.add_argument("data_dir", type=Path, nargs="*", help="read")
    parser.add_argument(
        "--train",
        type=Path,
        action="append",
        default=[],
        metavar="DATA_DIR",
        help="read, too: a training set, of which the others must share nothing; may be given several times",
    )
    parser.add_argument(
        "--report_dir", type=Path, default=Path("exp/check"), help="written: report.txt, .html, cases.tsv"
    )
    parser.add_argument(
        "--audio",
        type=_audio,
        default=ALL,
        help=f"{ALL}: listen to all of it; a number: to so many utterances of each language; {HEADERS}: open every "
        f"file, but do not listen; {NONE} (default: {ALL})",
    )
    parser.add_argument("--nj", type=above_0, default=min(8, _cores()), help="processes that look at audio")
    parser.add_argument("--allow_pipes", type=flag, default=False, help="whether commands in wav.scp are run")
    parser.add_argument("--min_seconds", type=seconds, default=standard.min_seconds, help="of an utterance")
    parser.add_argument("--max_seconds", type=seconds, default=standard.max_seconds, help="of an utterance")
    parser.add_argument("--min_utts", type=int, default=standard.min_utts, help="of a language in a set")
    parser.add_argument("--min_minutes", type=float, default=standard.min_minutes, help="of a language in a set")
    parser.add_argument("--max_clipped", type=share, default=standard.max_clipped, help="share of clipped samples")
    parser.add_argument(
        "--recording_pattern",
        help="a regular expression for file names; its first group is the recording that a file is cut from, "
        "such as '(.{11})__U__S' for the videos of VoxLingua107",
    )
    args = parser.parse_args(argv)
    data_dirs = [*dict.fromkeys(args.train), *(folder for folder in args.data_dir if folder not in args.train)]
    if not data_dirs:
        parser.error("expected a data directory, such as data/train_mini_lang")

    limits = Limits(
        min_seconds=args.min_seconds,
        max_seconds=args.max_seconds,
        min_utts=args.min_utts,
        min_minutes=args.min_minutes,
        max_clipped=args.max_clipped,
        recording_pattern=args.recording_pattern,
    )
    how = args.audio if isinstance(args.audio, str) else ALL
    per_language = None if isinstance(args.audio, str) else args.audio
    choice = AudioChoice(how, per_language, args.allow_pipes, args.nj)
    checked = check(data_dirs, args.train, limits, choice, tell=lambda words: print(words, file=sys.stderr, flush=True))
    lines = list(text_report(checked.sets, checked.findings, _told(choice)))
    for name, content in (
        ("cases.tsv", case_rows(checked.findings)),
        ("report.html", page(checked.sets, checked.findings, _told(choice))),
        ("report.txt", lines),
    ):
        with whole_or_absent(args.report_dir / name) as out:
            out.writelines(f"{line}\n" for line in content)
    print("\n".join(lines))
    print(f"{args.report_dir}: report.txt, report.html, and in cases.tsv every utterance that was named or counted")
    return STATUS[worst(checked.findings)]


def _audio(text: str) -> str | int:
    if text in (ALL, HEADERS, NONE):
        return text
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected {ALL}, {HEADERS}, {NONE} or a number from 1, found '{text}'")


def _told(choice: AudioChoice) -> str:
    """Say what a report cannot know."""
    if choice.per_language is not None:
        return (
            f"Listened to {counted(choice.per_language, 'utterance')} of each language at most: of the others, nothing "
            "that can be heard is told, nor whether they are twice there."
        )
    return {
        ALL: "Listened to all audio.",
        HEADERS: "Opened every file without listening: nothing is told of silence, clipping and equal sound.",
        NONE: "No audio was opened: only tables were compared.",
    }[choice.how]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    run(main)
