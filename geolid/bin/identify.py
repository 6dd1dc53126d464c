"""Identify the language of audio files.

AUDIO is a file that soundfile reads (wav, flac, mp3, ogg, opus, ...), a folder of them, a pattern in quotes such as
'calls/**/*.wav', a data directory, a wav.scp, or - for a list of files on the standard input. Answers are a table on a
terminal, and JSON lines elsewhere. What cannot be used has a row with the reason, and the exit status is 1.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from geolid.bin.command import ArgumentParser, above_0, flag, run
from geolid.bin.model_options import KINDS, VARIABLE, add_model_options, model_of
from geolid.data.tables import whole_or_absent
from geolid.identify.embedding_file import EmbeddingFile
from geolid.identify.journal import Journal
from geolid.identify.locate import fingerprint, locate
from geolid.identify.row_maker import BlockRows, RowMaker
from geolid.identify.rows import FORMATS, Entry, row_writer
from geolid.identify.sources import Found, expand
from geolid.identify.tally import Tally
from geolid.identify.workers import FIRST_BLOCK, answer_blocks, in_blocks

_FORMAT_OF_SUFFIX = {".csv": "csv", ".txt": "table"}
_ENTRIES_AT_ONCE = 1000

Write = Callable[[Sequence[Entry]], None]


def main(argv: Sequence[str] | None = None) -> int:
    args = _arguments(argv)
    path = locate(model_of(args.model), args.revision)
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "replace")):  # names may be in any encoding
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=errors)
    sources = expand(args.audio, sys.stdin)
    tally = Tally(quiet=args.format == "table" and args.output is None)
    if args.output is None:
        with _writing(args, nullcontext(sys.stdout), tally) as write:
            for answers in _answers(args, path, sources, tally):
                write(answers.entries)
    else:
        with Journal(args.output, _recipe(args, path)) as journal:
            for answers in _answers(args, path, journal.leave_undone(sources), tally):
                journal.add(answers.marks, answers.entries)
            with _writing(args, whole_or_absent(args.output), tally) as write:
                entries = journal.entries()
                while some := list(islice(entries, _ENTRIES_AT_ONCE)):
                    write(some)
            journal.remove()
    tally.tell()
    return 1 if tally.faults else 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", nargs="+", metavar="AUDIO", help="see above")
    parser.add_argument("--model", help=f"{KINDS} (default: what the variable {VARIABLE} names)")
    add_model_options(parser)
    parser.add_argument("--top", type=above_0, default=3, help="how many languages are told of each (default: 3)")
    parser.add_argument("--languages", default="", help="candidates to choose from: 'deu fra' or deu,fra")
    parser.add_argument("--format", choices=FORMATS, help="what is written (default: by the suffix of --output)")
    parser.add_argument(
        "--output", type=Path, help="written when all is done; asked for again after a kill, it goes on where it stood"
    )
    parser.add_argument("--embeddings", type=Path, help="written: an .npz with each recording's embedding by its name")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, ... (default: the GPU, if there is one)")
    parser.add_argument("--mixed_precision", type=flag, help="whether a GPU computes in 16 bits (default: true)")
    parser.add_argument("--batch", type=above_0, default=32, help="recordings of a batch at most (default: 32)")
    parser.add_argument("--nj", type=above_0, help="processes, if on a CPU (default: one a core)")
    parser.add_argument("--allow_pipes", action="store_true", help="run the commands that a wav.scp holds")
    args = parser.parse_args(argv)
    args.languages = args.languages.replace(",", " ").split()
    if args.format is None:
        at_terminal = args.output is None and sys.stdout.isatty()
        suffix = args.output.suffix if args.output is not None else ""
        args.format = "table" if at_terminal else _FORMAT_OF_SUFFIX.get(suffix, "jsonl")
    return args


def _recipe(args: argparse.Namespace, path: Path) -> dict:
    """Return what answers depend on; how they are computed changes them by rounding only."""
    asked_for = {name: getattr(args, name) for name in ("labels", "top", "languages", "allow_pipes")}
    return {
        "version": 1,
        "model": fingerprint(path, args.inference_model),
        "embeddings": args.embeddings is not None,
        **asked_for,
    }


def _answers(args: argparse.Namespace, path: Path, sources: Iterator[Found], tally: Tally) -> Iterator[BlockRows]:
    """Load the model, if there is anything to do for it, and yield what it makes of block after block."""
    nj = args.nj or len(os.sched_getaffinity(0))
    first = list(islice(sources, nj * FIRST_BLOCK))
    if not first:
        return
    maker, processes = _row_maker(args, path, min(nj, -(-len(first) // FIRST_BLOCK)))
    blocks = in_blocks(chain(first, sources), maker.identifier.device.type)
    for _, answers in answer_blocks(blocks, maker, processes):
        tally.progress(len(answers.entries))
        yield answers


def _row_maker(args: argparse.Namespace, path: Path, processes: int) -> tuple[RowMaker, int]:
    """Return what makes the rows, and in how many processes."""
    import torch  # it takes seconds, which --help should not

    from geolid.identify.identifier import LanguageIdentifier, choose_device

    device = choose_device(args.device)
    if device != "cpu":
        processes = 1
    elif processes > 1:
        torch.set_num_threads(1)
    identifier = LanguageIdentifier.from_pretrained(
        path,
        device=device,
        mixed_precision=args.mixed_precision,
        inference_model=args.inference_model,
        labels=args.labels,
        allow_pickle=args.allow_pickle,
    )
    identifier.columns(args.languages)  # what is wrong with them is told at once
    maker = RowMaker(identifier, args.languages, args.top, args.batch, args.allow_pipes, args.embeddings is not None)
    return maker, processes


@contextmanager
def _writing(args: argparse.Namespace, opening: AbstractContextManager[TextIO], tally: Tally) -> Iterator[Write]:
    """Yield what writes entries: rows into what `opening` opens, embeddings into their file."""
    with opening as out, EmbeddingFile(args.embeddings) as embeddings:
        rows = row_writer(args.format, out, args.top, bool(args.languages))

        def write(entries: Sequence[Entry]) -> None:
            rows.write([entry.row for entry in entries])
            out.flush()
            embeddings.write(entries)
            tally.count([entry.row for entry in entries])

        yield write


if __name__ == "__main__":
    run(main)
