"""Make a miniature of FLEURS: its folders, tables and oddities; what is heard is synthesised speech.

    python tests/corpora/make_fleurs.py <folder> [--hub <folder>]

All 102 languages have three files for training, two of them of one sentence by two readers, and one each for dev and
test. Files are called by long numbers, the same in every language, and hold floats of 32 bits. A text has a quotation
mark that nothing closes; audio without a line in its table lies about, and a hidden file as some systems leave them.
`--hub` writes it as the Hugging Face Hub serves it: tables, archives of audio, and a list of both for each language.
"""

import argparse
import hashlib
import json
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path

import soundfile

from geolid.data import labels
from speech import speech

LABELS = list(labels.read("fleurs"))
RATE = 16000
# Split, number of the sentence, file, seconds and gender.
READINGS = [
    ("train", 12, "10004088536354799741", 1.25, "FEMALE"),
    ("train", 12, "9998772331", 1.5, "MALE"),
    ("train", 7, "13000000000000000001", 2.0, "FEMALE"),
    ("dev", 3, "4000000000000000004", 2.5, "MALE"),
    ("test", 5, "5000000000000000005", 1.0, "OTHER"),
]
STRAY = "777"  # in train of af_za, without a line
TEXTS = {
    "cmn_hans_cn": ("“你好，世界。", "你好世界"),
    "de_de": ('"Ein Satz, sagte er, der nicht endet.', "ein satz sagte er der nicht endet"),
    "he_il": ("שלום, עולם", "שלום עולם"),
}


def make(root: Path, wanted: Sequence[str] = LABELS) -> Path:
    """Write the corpus, or some of its languages, as it stands when it is unpacked."""
    for label in wanted:
        folder = root / "data" / label
        rows: dict[str, list[str]] = {"train": [], "dev": [], "test": []}
        for split, number, stem, seconds, gender in READINGS:
            _speak(folder / "audio" / split / f"{stem}.wav", label, seconds)
            rows[split].append(line_of(label, number, stem, round(seconds * RATE), gender))
        for split, lines in rows.items():
            (folder / f"{split}.tsv").write_text("".join(lines), encoding="utf-8")
    audio = root / "data" / wanted[0] / "audio" / "train"
    (audio / "._9998772331.wav").write_bytes(b"of another system")
    if "af_za" in wanted:
        _speak(root / "data" / "af_za" / "audio" / "train" / f"{STRAY}.wav", "af_za", 1.0)
    return root


def line_of(label: str, number: int, stem: str, samples: int, gender: str) -> str:
    raw, text = TEXTS.get(label, (f"12, {number}.", f"12 {number}"))
    letters = " ".join(text.replace(" ", "|")) + " |"
    return "\t".join([str(number), f"{stem}.wav", raw, text, letters, str(samples), gender]) + "\n"


def publish(root: Path, hub: Path) -> None:
    """Write a corpus as the Hub serves it: below `hub` are the paths that it is asked for."""
    for folder in sorted((root / "data").iterdir()):
        files = hub / "datasets/google/fleurs/resolve/main/data" / folder.name
        (files / "audio").mkdir(parents=True)
        for tsv in folder.glob("*.tsv"):
            shutil.copyfile(tsv, files / tsv.name)
        for split in ("train", "dev", "test"):
            with tarfile.open(files / "audio" / f"{split}.tar.gz", "w:gz", format=tarfile.GNU_FORMAT) as archive:
                archive.add(folder / "audio" / split, split)
        list_files(hub, folder.name)


def list_files(hub: Path, label: str) -> None:
    """Write what the Hub says of the files of a language; only of large ones it tells a SHA-256."""
    files = hub / "datasets/google/fleurs/resolve/main"
    entries: list[dict] = [{"type": "directory", "oid": "0" * 40, "size": 0, "path": f"data/{label}/audio"}]
    for file in sorted((files / "data" / label).rglob("*.*")):
        content = file.read_bytes()
        entry = {"type": "file", "oid": "0" * 40, "size": len(content), "path": str(file.relative_to(files))}
        if file.suffix == ".gz":
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        entries.append(entry)
    listing = hub / "api/datasets/google/fleurs/tree/main/data" / f"{label}?recursive=true"
    listing.parent.mkdir(parents=True, exist_ok=True)
    listing.write_text(json.dumps(entries))


def _speak(wav: Path, label: str, seconds: float) -> None:
    signal = speech(seconds, RATE, f"{label}/{wav.parent.name}/{wav.name}")
    wav.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(wav, signal, RATE, subtype="FLOAT")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="written: the corpus")
    parser.add_argument("--hub", type=Path, help="written: the same as it is published")
    args = parser.parse_args(argv)
    make(args.folder)
    if args.hub:
        publish(args.folder, args.hub)


if __name__ == "__main__":
    main()
