"""The utterances to train on or to validate with, in tables that stay small when there are millions."""

import logging
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geolid.data.audio import is_pipe
from geolid.data.tables import read_rows
from geolid.errors import GeoLIDError
from geolid.train.strings import Strings

SAMPLE_RATE = 16000  # Hz, as stage 3 writes all audio
_AFTER_ALL_KEYS = "\U0010ffff"
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Utterances:
    """Row i of every table is about the same utterance."""

    ids: Strings
    sources: Strings  # files, or <ark>:<offset>
    lengths: np.ndarray  # (utterances,) int64, samples
    labels: np.ndarray  # (utterances,) int16, indices into languages
    languages: Sequence[str]  # the model's classes
    datasets: np.ndarray | None = None  # (utterances,) int16, one number for each data set

    def __len__(self) -> int:
        return len(self.lengths)


def read_languages(lang2utt: Path) -> list[str]:
    """Return the classes that a training set's `lang2utt` defines, in the order of their labels: sorted."""
    return sorted(language for language, _ in read_rows(lang2utt))


def read_utterances(
    data_dir: Path, shape_file: Path, languages: Sequence[str], with_datasets: bool = False
) -> Utterances:
    """Read the utterances that `shape_file` lists; the tables of `data_dir` tell their audio and languages.

    `languages` are the model's classes. `utt2dataset` is read only when it is asked for. Every table is gone through
    once, beside the list of utterances; none is held.
    """
    data_dir, shape_file = Path(data_dir), Path(shape_file)
    ids, lengths = _read_shapes(shape_file)
    sources = Strings(_sources(data_dir / "wav.scp", ids))
    return Utterances(
        ids,
        sources,
        lengths,
        _read_labels(data_dir / "utt2lang", ids, languages),
        languages,
        _read_datasets(data_dir / "utt2dataset", ids) if with_datasets else None,
    )


def _read_shapes(path: Path) -> tuple[Strings, np.ndarray]:
    ids, lengths = Strings(), array("q")
    before = ""
    for utt, shape in read_rows(path):
        if utt <= before:
            raise _unsorted(path, before, utt)
        before = utt
        samples = shape.split(",", 1)[0]  # '<samples>', or '<samples>,<channels>'
        if not samples.isdecimal() or int(samples) == 0:
            raise GeoLIDError(f"{path}: '{utt}': expected its number of samples, found '{shape}'; run stage 4 again")
        ids.append(utt)
        lengths.append(int(samples))
    if not ids:
        raise GeoLIDError(f"{path}: no utterances; look into the data directory, then run stage 4 again")
    return ids, np.array(lengths)


def _sources(path: Path, ids: Strings) -> Iterator[str]:
    for utt, source in zip(ids, _values(path, ids, tell_of_others=True), strict=True):
        if is_pipe(source):
            raise GeoLIDError(f"{path}: '{utt}' is a command: {source}; training reads files only: run stage 3")
        yield source


def _read_labels(path: Path, ids: Strings, languages: Sequence[str]) -> np.ndarray:
    label_of = {language: label for label, language in enumerate(languages)}
    unknown: dict[str, int] = {}
    labels = array("h")
    for language in _values(path, ids):
        if language in label_of:
            labels.append(label_of[language])
        else:
            unknown[language] = unknown.get(language, 0) + 1
    if unknown:
        counts = ", ".join(f"{language} ({count})" for language, count in sorted(unknown.items()))
        raise GeoLIDError(
            f"{path}: {sum(unknown.values())} of {len(ids)} utterances are in {len(unknown)} languages that are none "
            f"of the {len(languages)} of the training set's lang2utt: {counts}; keep the others with "
            f"utils/subset_data_dir.sh --languages, or train on these, too; then go on from stage 3"
        )
    return np.array(labels)


def _read_datasets(path: Path, ids: Strings) -> np.ndarray:
    number_of: dict[str, int] = {}
    return np.fromiter((number_of.setdefault(name, len(number_of)) for name in _values(path, ids)), np.int16, len(ids))


def _values(path: Path, ids: Strings, tell_of_others: bool = False) -> Iterator[str]:
    """Yield a sorted table's value for each of the sorted ids; it may have more, which are told of when that is asked.

    (They are told of once the iterator has come to its end.)
    """
    rows = read_rows(path)
    key, value = "", ""
    passed = 0
    for utt in ids:
        while key < utt:
            before = key
            key, value = next(rows, (_AFTER_ALL_KEYS, ""))
            passed += 1
            if key <= before:
                raise _unsorted(path, before, key)
        if key != utt:
            raise GeoLIDError(
                f"{path}: no line for '{utt}', which speech_shape lists, where LC_ALL=C sort puts it; run stages 3 and "
                "4 again, so that both are about the same utterances"
            )
        yield value
    others = passed - len(ids) + sum(1 for _ in rows) if tell_of_others else 0
    if others:
        LOG.warning(
            f"{path}: {others} of its {others + len(ids)} utterances are not in speech_shape and take no part; if that "
            "is not wanted, run stage 4 again"
        )


def _unsorted(path: Path, first: str, second: str) -> GeoLIDError:
    return GeoLIDError(
        f"{path}: '{second}' stands after '{first}'; expected every utterance once, in the order of LC_ALL=C sort: "
        "mend its set with utils/fix_data_dir.sh, then run stage 4 again"
    )
