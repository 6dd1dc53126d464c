"""The data directories of the corpus. Its readers have no names, so that there is no table of speakers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from geolid.data.corpora.fleurs import CORPUS, SPLITS, layout, tables
from geolid.data.corpora.fleurs.layout import Locale
from geolid.data.corpora.prepare import Choice, Made, Row, in_order, printable, up_to_hours, write_set

RATE = 16000  # of the number of samples that tables give


def write_sets(root: Path, data_dir: Path, choice: Choice, max_faulty: float = 0.01, nj: int = 1) -> list[Made]:
    """Write the sets of the languages that are asked for; hours are limited in training.

    Of a language's split more than the share `max_faulty` of useless lines, or of files that are not there, stops it.
    """
    locales = layout.find(root, choice)
    made = []
    for split in SPLITS:
        dropped: dict[str, str] = {}
        rows = _rows(locales, split, choice, dropped, max_faulty, nj)
        made.append(write_set(data_dir / f"{split}_{CORPUS}_lang", rows, CORPUS, dropped))
    return made


def _rows(
    locales: list[Locale], split: str, choice: Choice, dropped: dict[str, str], max_faulty: float, nj: int
) -> Iterator[Row]:
    """Yield the utterances of a split, language by language, as threads read their tables and folders."""
    with ThreadPoolExecutor(nj) as pool:
        found = pool.map(lambda locale: read(locale, split, max_faulty), locales)
        for rows, left_out in tqdm(found, split, len(locales), unit="language", disable=None):
            dropped.update(left_out)
            yield from up_to_hours(rows, choice) if split == "train" else rows


def read(locale: Locale, split: str, max_faulty: float) -> tuple[list[Row], dict[str, str]]:
    """Return the utterances of a language, in order, and what is left out of them, with the reason."""
    tsv, folder = locale.table(split), locale.audio(split)
    table = tables.read(tsv, max_faulty)
    there = layout.audio_of(locale, split, table.readings.keys(), max_faulty)
    left_out = {**table.odd, **table.doubles}
    dropped = {f"{locale.code}_{tsv.name}:{number}": f"{tsv}: {reason}" for number, reason in left_out.items()}
    dropped.update((_utt(locale, name), f"{tsv} has no line for it") for name in there - table.readings.keys())
    rows = []
    for name, reading in table.readings.items():
        utt = _utt(locale, name)
        if name in there:
            rows.append(Row(utt, f"{folder}/{name}", locale.code, reading.samples / RATE, text=reading.text))
        else:
            dropped[utt] = f"there is no {folder}/{name}"
    return in_order(rows), dropped


def _utt(locale: Locale, name: str) -> str:
    """Make the id of an utterance; files of two languages may be called alike."""
    return printable(f"{locale.code}_{Path(name).stem}")
