"""Make a miniature of VoxPopuli: its folders, names, tables and oddities; what is heard is synthesised speech.

    python tests/corpora/make_voxpopuli.py <folder> [--published <folder>]

Each of the 16 languages has two segments of one speech for training, and one each in dev and test. What is said holds a
quotation mark, other sorts of line ends, or nothing; who speaks is not known in Croatian and Slovak, and one person
speaks German and English; Lithuanian has tables of an older form. English has interpreters in German, a table that
lists them, the list that it was cut by and a hidden file; accented English is for tests only. Beside all this stands
some unlabelled speech. `--published` has what it is cut from: a list of segments for each language, and an archive a
year of whole sessions, out of each of which segments are put together of two stretches.
"""

import argparse
import csv
import gzip
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile

from speech import speech

LABELS = ("cs", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "it", "lt", "nl", "pl", "ro", "sk", "sl")
COLUMNS = ("id", "raw_text", "normalized_text", "speaker_id", "split", "gender", "is_gold_transcript", "accent")
OLD_COLUMNS = COLUMNS[:6]
RATE = 16000


@dataclass(frozen=True)
class Segment:
    split: str
    name: str
    seconds: float
    speaker: str
    raw: str
    normalized: str
    accent: str = "None"


def segments(label: str) -> list[Segment]:
    if label == "en_accented":
        name = "20180206-0900-PLENARY-15-en_20180206-16:10:0"
        said = ("Good morning.", "good morning")
        return [
            Segment("test", f"{name}6_1", 1.2, "2001", *said, accent="en_nl"),
            Segment("test", f"{name}7_0", 1.1, "2002", *said, accent="en_sl"),
        ]
    at = LABELS.index(label)
    speaker = {"hr": "None", "sk": "", "en": "1001"}.get(label, str(1000 + at))
    said = {
        "en": ('He said "no\N{LINE SEPARATOR}and left.', 'he said "no\N{LINE SEPARATOR}and\rleft'),
        "fi": ("Hyvä  puhemies.", ""),
        "et": ("", " "),
    }.get(label, (f"Dix {label} mots.", f"dix {label} mots"))
    day = f"01{at + 10}"
    speech = f"2009{day}-0900-PLENARY-{at}-{label}_2009{day}-09:06:43"
    return [
        Segment("train", f"{speech}_4", 1.0 + at / 100, speaker, *said),
        Segment("train", f"{speech}_10", 1.5, speaker, *said),
        Segment("dev", f"2015{day}-0900-PLENARY-3-{label}_2015{day}-18:30:00_0", 1.25, str(3000 + at), *said),
        Segment("test", f"2020{day}-1500-PLENARY-{label}_2020{day}-15:00:59_1", 1.75, str(4000 + at), *said),
    ]


def make(root: Path, wanted: Sequence[str] = (*LABELS, "en_accented"), folder: str = "transcribed_data") -> Path:
    for label in wanted:
        language = root / folder / label
        for segment in segments(label):
            speak(language / segment.name[:4] / f"{segment.name}.ogg", segment.seconds)
        for split in ("train", "dev", "test"):
            chosen = [segment for segment in segments(label) if segment.split == split]
            write_table(language / f"asr_{split}.tsv", chosen, OLD_COLUMNS if label == "lt" else COLUMNS)
    if "en" in wanted:
        english = root / folder / "en"
        interpreted = segments("en")[0].name
        speak(english / "de" / "2009" / f"{interpreted}.ogg", 1.0)
        (english / "de" / "s2s.tsv").write_text("id\ttgt_id\n")
        (english / "2009" / f"._{interpreted}.ogg").write_bytes(b"of another system")
        with gzip.open(english / "asr_en.tsv.gz", "wt") as packed:
            packed.write("session_id|id_|split\n")
    speak(root / "unlabelled_data" / "pt" / "2019" / "20190101-0900-PLENARY_pt_0.ogg", 1.0)
    return root


def publish(folder: Path, wanted: Sequence[str] = LABELS) -> Path:
    """Write lists and sessions as they are published; segments last as long as those of `make`."""
    sessions: dict[str, float] = {}
    for label in wanted:
        rows = []
        for it in segments(label):
            session, _, name = it.name.rpartition(f"-{label}_")
            start = sessions.get(session, 0.0) + 0.5
            stretches = [[start, start + 0.25], [start + 1, start + 0.75 + it.seconds]]
            sessions[session] = start + 1 + it.seconds
            rows.append([session, f"{label}_{name}", it.split, stretches, it.raw, it.normalized, it.speaker, "female"])
        rows.append([session, f"{label}_none", "invalid", [], "", "", "", ""])
        path = folder / "annotations/asr" / f"asr_{label}.tsv.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(path, "wt", newline="", encoding="utf-8") as packed:
            header = ["session_id", "id_", "split", "vad", "original_text", "normed_text", "speaker_id", "gender"]
            csv.writer(packed, delimiter="|").writerows([header, *rows])
    for session, seconds in sessions.items():
        speak(folder / "original" / session[:4] / f"{session}_original.ogg", seconds + 1)
    (folder / "audios").mkdir()
    for year in range(2009, 2021):
        with tarfile.open(folder / "audios" / f"original_{year}.tar", "w") as archive:
            if (folder / "original" / str(year)).is_dir():
                archive.add(folder / "original" / str(year), f"original/{year}")
    return folder


def write_table(path: Path, chosen: Sequence[Segment], columns: Sequence[str] = COLUMNS) -> None:
    lines = ["\t".join(columns)]
    for it in chosen:
        fields = (it.name, it.raw, it.normalized, it.speaker, it.split, "female", "True", it.accent)
        lines.append("\t".join(fields[: len(columns)]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\n".join(lines) + "\n").encode())


def speak(path: Path, seconds: float) -> None:
    wave = speech(seconds, RATE, path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, RATE, format="OGG", subtype="VORBIS")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="written: the corpus")
    parser.add_argument("--published", type=Path, help="written: what it is cut from")
    args = parser.parse_args(argv)
    make(args.folder)
    if args.published:
        publish(args.published)


if __name__ == "__main__":
    main()
