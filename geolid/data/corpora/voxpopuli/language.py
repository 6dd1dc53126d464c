"""A language: the segments of its tables beside the audio of its folder, and what of both cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from geolid.data.audio import AudioError, read_header
from geolid.data.corpora.parallel import each
from geolid.data.corpora.prepare import Row, in_order, printable
from geolid.data.corpora.voxpopuli import SPLITS
from geolid.data.corpora.voxpopuli.layout import cut
from geolid.data.corpora.voxpopuli.manifests import read_manifest
from geolid.errors import GeoLIDError

_SUFFIX = ".ogg"
_FAULTS_SHOWN = 5
# A segment that stands in two tables is one to judge by.
_FIRST_CLAIM = tuple(reversed(SPLITS))


@dataclass
class Language:
    code: str
    folder: Path
    entries: int = 0  # lines of its tables, and files that stand in none
    rows: dict[str, list[Row]] = field(default_factory=dict)  # by split
    faults: dict[str, dict[str, str]] = field(default_factory=dict)  # by split: what is left out, and why


def read_language(code: str, folder: Path, max_faulty: float) -> Language:
    """Return a language's utterances by its tables, their lengths not known yet."""
    audio = _audio_files(folder)
    language = Language(code, folder, faults={split: {} for split in SPLITS})
    table_of: dict[str, str] = {}
    for split in _FIRST_CLAIM:
        manifest = read_manifest(folder, split)
        language.entries += len(manifest)
        faults = language.faults[split]
        faults.update(manifest.faults)
        rows = []
        for segment in manifest.segments:
            utt = f"{code}_{segment.name}"
            table = table_of.setdefault(segment.name, split)
            if table != split:
                faults[utt] = f"stands in asr_{table}.tsv too"
            elif segment.name not in audio:
                faults[utt] = f"no audio for it: {folder}/{segment.name[:4]}/{segment.name}{_SUFFIX}"
            else:
                rows.append(Row(utt, str(audio[segment.name]), code, 0.0, segment.speaker, text=segment.text))
        language.rows[split] = _without_doubles(in_order(rows), faults)
    language.entries += _drop_files_of_no_table(language, audio, table_of)
    if not language.entries:
        raise GeoLIDError(
            f"{folder}: its tables list no segment, and it has no audio; {cut(folder)}, or leave {code} out with "
            "--languages"
        )
    refuse_too_many_faults(language, max_faulty)
    return language


def _audio_files(folder: Path) -> dict[str, Path]:
    """Return the audio by its name; it stands in folders by year, those of other names hold interpreters."""
    return {
        file.name.removesuffix(_SUFFIX): file
        for year in sorted(folder.glob("[12][0-9][0-9][0-9]"))
        for file in year.iterdir()
        if file.name.endswith(_SUFFIX) and not file.name.startswith(".")
    }


def _without_doubles(rows: list[Row], faults: dict[str, str]) -> list[Row]:
    """Take rows, in order, of which some may have one id."""
    last = ""
    kept = []
    for row in rows:
        if row.utt == last:
            faults[f"{row.utt}:again"] = "stands in its table twice; its first line is taken"
        else:
            kept.append(row)
        last = row.utt
    return kept


def _drop_files_of_no_table(language: Language, audio: dict[str, Path], table_of: dict[str, str]) -> int:
    """Name the audio that no table knows, as if a table was cut short, and return how much it is."""
    unknown = sorted(audio.keys() - table_of.keys())
    faults = language.faults[SPLITS[0]]
    for name in unknown:
        faults[printable(f"{language.code}_{name}")] = f"in {audio[name].parent}, and in no table"
    return len(unknown)


def measure(languages: Sequence[Language], split: str, nj: int) -> None:
    """Give the utterances of a split their lengths, as `nj` processes read headers; what has none is left out."""
    sources = [row.source for language in languages for row in language.rows[split]]
    lengths = iter(each(_seconds, sources, nj, split))
    for language in languages:
        measured = []
        for row in language.rows[split]:
            found = next(lengths)
            if isinstance(found, str):
                language.faults[split][row.utt] = found
            else:
                measured.append(row._replace(seconds=found))
        language.rows[split] = measured


def _seconds(source: str) -> float | str:
    """Return how long audio is, or why it cannot be used."""
    try:
        header = read_header(source)
    except AudioError as error:
        return str(error)
    return header.samples / header.rate or f"no samples: {source}"


def refuse_too_many_faults(language: Language, max_faulty: float) -> None:
    faults = [fault for split in SPLITS for fault in language.faults[split].items()]
    if len(faults) <= max_faulty * language.entries:
        return
    shown = "".join(f"\n  {name}: {why}" for name, why in faults[:_FAULTS_SHOWN])
    more = f"\n  ... and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
    raise GeoLIDError(
        f"{language.folder}: {len(faults)} of {language.entries} segments cannot be used "
        f"({len(faults) / language.entries:.1%}), more than the allowed {max_faulty:.1%}; half-cut?{shown}{more}\n"
        f"Now {cut(language.folder)}, leave {language.code} out with --languages, or allow more with "
        "--max_faulty"
    )
