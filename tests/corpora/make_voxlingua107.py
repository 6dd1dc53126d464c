"""Make a miniature of VoxLingua107: its folders, names and oddities; what is heard is synthesised speech.

    python tests/corpora/make_voxlingua107.py <folder> [--archives <folder>]

All 107 languages have two files, 33 of them one in dev. Video ids begin with `-` and `_`, or hold `---`; Abkhazian has
a file of which dev has a namesake in another language; English and German have files of one name; a file is hidden, as
some systems leave them. `--archives` packs it as it is published: a zip a language that names its folder, dev.zip that
does not, and the list of them.
"""

import argparse
import zipfile
from collections.abc import Sequence
from pathlib import Path

import soundfile

from geolid.data import labels
from speech import speech

LABELS = list(labels.read("voxlingua107"))
DEV_LABELS = LABELS[::3][:33]  # which languages the real dev has is not written down
RATE = 16000
NAMESAKE = "-6cW3OzZl9A__U__S0---0005.250-0006.500.wav"  # in ab, and in dev of another language
TWICE = "a---b__U__S__U__S1---0010.000-0011.250.wav"  # in de and en


def make(root: Path, wanted: Sequence[str] = LABELS) -> Path:
    """Write the corpus, or the folders of some languages and all of dev."""
    for number, label in enumerate(LABELS):
        names = [f"-{label}_12345---__U__S3---{number:04d}.500-{number + 1:04d}.750.wav"]
        names += [f"_{label:_<8}Zz__U__S21---1{number:03d}.000-1{number + 1:03d}.125.wav"]
        names += [NAMESAKE] if label == "ab" else [TWICE] if label in ("de", "en") else []
        if label in wanted:
            for name in names:
                _speak(root / label / name)
    (root / wanted[0] / f"._{TWICE}").write_bytes(b"of another system")
    for number, label in enumerate(DEV_LABELS):
        name = f"{label:9}xy__U__S1---0000.000-{number % 3 + 1:04d}.010.wav".replace(" ", "Q")
        _speak(root / "dev" / label / name)
    _speak(root / "dev" / DEV_LABELS[-1] / NAMESAKE)
    return root


def pack(root: Path, archives: Path, address: str) -> None:
    """Pack a corpus as it is published, at an address."""
    archives.mkdir(parents=True, exist_ok=True)
    folders = sorted(folder for folder in root.iterdir() if folder.is_dir())
    for folder in folders:
        top = folder if folder.name == "dev" else root
        with zipfile.ZipFile(archives / f"{folder.name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, file.relative_to(top))
    urls = [f"{address}/{folder.name}.zip\n" for folder in folders if folder.name != "dev"]
    (archives / "zip_urls.txt").write_text("".join(urls))


def _speak(wav: Path) -> None:
    """Write a file as long as its name says."""
    start, end = wav.stem.rpartition("---")[2].split("-")
    signal = speech(float(end) - float(start), RATE, f"{wav.parent.name}/{wav.name}")
    wav.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(wav, signal, RATE, subtype="PCM_16")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="written: the corpus")
    parser.add_argument("--archives", type=Path, help="written: the same as it is published")
    args = parser.parse_args(argv)
    make(args.folder)
    if args.archives:
        pack(args.folder, args.archives, "http://127.0.0.1:8000")


if __name__ == "__main__":
    main()
