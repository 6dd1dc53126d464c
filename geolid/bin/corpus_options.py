"""The options that every preparation of a corpus has."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from geolid.data.corpora.prepare import Choice, chosen_languages


def add_corpus_options(parser: ArgumentParser) -> None:
    parser.add_argument("root", type=Path, help="read: the corpus")
    parser.add_argument("data_dir", type=Path, help="written: the folder of the data directories")
    parser.add_argument("--languages", default="", help="ISO 639-3 codes or the corpus's labels, such as eng,deu")
    parser.add_argument("--max_hours", type=hours, help="of each language in the training set; none: all that there is")
    parser.add_argument("--seed", type=int, default=1, help="another one takes other utterances for --max_hours")


def choice_of(args: Namespace, corpus: str) -> Choice:
    return Choice(chosen_languages(args.languages, corpus), args.max_hours, args.seed)


def hours(text: str) -> float | None:
    """Read a number of hours; nothing, as the shell hands on an option that is not given, is None."""
    if not text:
        return None
    try:
        if 0 < float(text) < float("inf"):
            return float(text)
    except ValueError:
        pass
    raise ArgumentTypeError(f"expected a number of hours above 0, such as 5, found '{text}'")
