"""The recordings of MUSAN, `<root>/<kind>/<source>/*.wav`, and what the table ANNOTATIONS of a source notes of each."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from geolid.data import languages
from geolid.data.corpora.musan_rirs import remote
from geolid.errors import GeoLIDError

SOURCES = {
    "music": ("fma", "fma-western-art", "hd-classical", "jamendo", "rfm"),
    "noise": ("free-sound", "sound-bible"),
    "speech": ("librivox", "us-gov"),
}
_ANNOTATIONS = "ANNOTATIONS"
# Hearings of the US government: nothing is noted of these.
_LANGUAGE_OF_SOURCE = {"us-gov": "eng"}
_AGAIN = f"unpack {remote.ARCHIVES['musan'].name} anew, or fetch it with --download true"


@dataclass(frozen=True)
class Recording:
    file: Path
    notes: tuple[str, ...]  # behind its name in ANNOTATIONS: genres, vocals, artist; gender, language. None where () is


def find(root: Path) -> dict[str, list[Recording]]:
    """Return the recordings of each kind, in order; a corpus that is not whole, as far as it shows, is refused."""
    if not root.is_dir():
        raise GeoLIDError(
            f"{root}: there is no such folder; say where MUSAN is, in db.sh or by --musan_root, fetch it with "
            "--download true, or do without it by --parts rirs"
        )
    remote.refuse_on_its_way("musan", root)
    there = [kind for kind in SOURCES if (root / kind).is_dir()]
    if not there:
        inner = root / "musan"
        raise GeoLIDError(
            f"{root}: holds none of {', '.join(SOURCES)}, the folders of MUSAN; "
            + (f"is it {inner}?" if inner.is_dir() else "is it another folder?")
        )
    folders = [root / kind / source for kind, sources in SOURCES.items() for source in sources]
    lacking = [str(folder.relative_to(root)) for folder in folders if not any(folder.glob("*.wav"))]
    if lacking:
        raise GeoLIDError(f"{root}: has no wav files in {', '.join(lacking)}: half-unpacked? {_AGAIN}")
    remote.refuse_half_unpacked("musan", root)
    return {kind: [it for folder in _subfolders(root / kind) for it in _recordings(folder)] for kind in SOURCES}


def _subfolders(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _recordings(folder: Path) -> list[Recording]:
    notes = _read_annotations(folder / _ANNOTATIONS)
    wavs = sorted(file for file in folder.glob("*.wav") if not file.name.startswith("."))
    missing = sorted(set(notes) - {wav.stem for wav in wavs})
    if missing:
        raise GeoLIDError(
            f"{folder}: lacks {len(missing)} of the {len(notes)} files that its {_ANNOTATIONS} names, such as "
            f"{missing[0]}.wav: half-unpacked? {_AGAIN}"
        )
    return [Recording(wav, notes.get(wav.stem, ())) for wav in wavs]


def _read_annotations(table: Path) -> dict[str, tuple[str, ...]]:
    """Return what a source notes of its recordings: all there is, as only some of it may be wanted."""
    if not table.exists():
        return {}
    # names of artists may be in any encoding
    lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
    return {fields[0]: tuple(fields[1:]) for fields in map(str.split, lines) if fields}


def without_vocals(recordings: Iterable[Recording]) -> tuple[list[Recording], dict[str, int]]:
    """Return music in which nobody sings, as far as that is noted, and how many others there are, by what they are."""
    kept, left_out = [], {"with vocals": 0, "of which nothing is noted": 0}
    for recording in recordings:
        vocals = recording.notes[1:2]
        if vocals == ("N",):
            kept.append(recording)
        elif vocals == ("Y",):
            left_out["with vocals"] += 1
        elif not recording.notes:
            left_out["of which nothing is noted"] += 1
        else:
            raise GeoLIDError(
                f"{recording.file.parent / _ANNOTATIONS}: has '{recording.file.stem} {' '.join(recording.notes)}'; "
                "expected '<file> <genres> <Y or N> <artist>', Y where there are vocals; is it another version of "
                "MUSAN? --vocals true takes all music"
            )
    if not kept:
        raise GeoLIDError(
            f"--vocals false: no music is noted as without vocals; look at the tables {_ANNOTATIONS}, or take all"
        )
    return kept, left_out


def language_of(recording: Recording) -> str | None:
    """Return the language of speech, ISO 639-3; None where it is not told, or cannot be read."""
    name = recording.notes[1] if len(recording.notes) > 1 else _LANGUAGE_OF_SOURCE.get(recording.file.parent.name)
    try:
        return languages.resolve(name) if name else None
    except languages.UnknownLanguageError:
        return None


def in_languages(recordings: Collection[Recording], wanted: Collection[str]) -> tuple[list[Recording], dict[str, int]]:
    """Return speech in languages of ISO 639-3, and how many others there are, by what they are."""
    spoken = {recording.file: language_of(recording) for recording in recordings}
    absent = sorted(set(wanted) - set(spoken.values()))
    if absent:
        there = ", ".join(sorted({language for language in spoken.values() if language}))
        raise GeoLIDError(f"--babble_languages: MUSAN has no speech in {', '.join(absent)}; it has {there}")
    kept = [recording for recording in recordings if spoken[recording.file] in wanted]
    untold = sum(language is None for language in spoken.values())
    others = len(recordings) - len(kept) - untold
    return kept, {"in other languages": others, "whose language is not told": untold}
