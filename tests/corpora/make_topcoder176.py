"""Make a miniature of TopCoder's SpokenLanguages2: its tables, random names and mp3 of speech.

    python tests/corpora/make_topcoder176.py <folder> [--labels "Thai;Korean North"] [--clips 8]

Lines of the table end in CR LF and are in no order. A folder beside the clips has those of the contest's test, which
have no label. All clips are cut from one stream of mp3, as encoding many by themselves takes long.
"""

import argparse
import io
import random
import string
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from geolid.data import labels
from speech import speech

LABELS = list(labels.read("topcoder176"))
RATE = 44100
FRAME_SAMPLES = 1152
FRAMES = 12  # of a clip; 0.31 s
_TEST_CLIPS = 3
_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # by the number in a frame's header


def make(root: Path, wanted: Sequence[str] = LABELS, clips: int = 8, frames: int = FRAMES) -> Path:
    """Write the corpus, or some of its languages, with so many clips of each."""
    names = _names(len(wanted) * clips + _TEST_CLIPS)
    sounds = _cut(len(wanted) * clips + _TEST_CLIPS, frames)
    lines = []
    for label in wanted:
        for _ in range(clips):
            name = next(names)
            _write(root / "trainingData" / name, next(sounds))
            lines.append(f"{name},{label}")
    tests = []
    for name in names:
        _write(root / "testingData" / name, next(sounds))
        tests.append(name)
    random.Random(0).shuffle(lines)
    _write(root / "trainingData.csv", "\r\n".join(["Sample Filename,Language", *lines, ""]).encode())
    _write(root / "testingData.csv", "\r\n".join([*tests, ""]).encode())
    return root


def tag(file: Path, album: str, title: str = "", comment: str = "") -> None:
    """Give a file the tags that stand at the end of an mp3."""
    fields = ((title, 30), ("", 30), (album, 30), ("", 4), (comment, 30))
    file.write_bytes(
        file.read_bytes() + b"TAG" + b"".join(text.encode().ljust(n, b"\0") for text, n in fields) + b"\xff"
    )


def _names(count: int) -> Iterator[str]:
    draw = random.Random(count)
    for _ in range(count):
        yield "".join(draw.choices(string.ascii_lowercase + string.digits, k=11)) + ".mp3"


def _cut(count: int, frames: int) -> Iterator[bytes]:
    """Yield clips of speech in stereo; every frame of a stream of constant bit rate stands by itself."""
    wave = speech(count * frames * FRAME_SAMPLES / RATE, RATE, "all")
    stream = io.BytesIO()
    stereo = np.stack([wave, 0.5 * wave], axis=1)
    soundfile.write(stream, stereo, RATE, format="MP3", bitrate_mode="CONSTANT", compression_level=0.6)
    data, places, at = stream.getvalue(), [], 0
    while at < len(data):
        places.append(at)
        at += 144 * _KBITS[data[at + 2] >> 4] * 1000 // RATE + (data[at + 2] >> 1 & 1)
    for first in range(1, count * frames, frames):  # the first frame of all holds what is said of the stream
        yield data[places[first] : places[first + frames]]


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="written: the corpus")
    parser.add_argument("--labels", help="languages, with semicolons between; none: all 176")
    parser.add_argument("--clips", type=int, default=8, help="of each language")
    args = parser.parse_args(argv)
    make(args.folder, args.labels.split(";") if args.labels else LABELS, args.clips)


if __name__ == "__main__":
    main()
