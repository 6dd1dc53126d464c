"""Make a miniature of VoxCeleb1: its folders, names and the list of the identification task.

    python tests/corpora/make_voxceleb1.py <folder>

Three speakers, of which the third is in the folder of test alone, as the verification task wants it; all are in all
three splits of the list. Video ids begin with `-` and `_`; a file of dev/wav is in no split. What
is heard is synthesised speech.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import soundfile

from speech import speech

RATE = 16000
SPEAKERS = {"id10001": "dev", "id10003": "dev", "id10270": "test"}  # and the folder that each is in
# Videos of each speaker, the split that they are in, and how many files they have.
VIDEOS = {"-6cW3OzZl9A": ("1", 3), "tCq2LcKO6xY": ("1", 1), "_VdJyxbPLlE": ("2", 1), "5r0dWxy17C8": ("3", 2)}
LIST = "iden_split.txt"


def make(root: Path) -> Path:
    lines = []
    for speaker, folder in SPEAKERS.items():
        for video, (split, count) in VIDEOS.items():
            for file in range(1, count + 1):
                path = f"{speaker}/{video}/{file:05d}.wav"
                _speak(root / folder / "wav" / path, seconds_of(path))
                lines.append(f"{split} {path}\n")
    _speak(root / "dev" / "wav" / "id10001" / "tCq2LcKO6xY" / "00099.wav", 0.5)
    (root / LIST).write_text("".join(sorted(lines, key=lambda line: (line[-9:], line[2:]))))  # of no order we know
    return root


def seconds_of(path: str) -> float:
    """Return how long a file is: a little longer, the greater its number and its speaker's."""
    return 0.25 + 0.0625 * int(path[-9:-4]) + 0.125 * list(SPEAKERS).index(path[:7])


def _speak(wav: Path, seconds: float) -> None:
    signal = speech(seconds, RATE, str(wav.relative_to(wav.parents[2])))
    wav.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(wav, signal, RATE, subtype="PCM_16")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="written: the corpus")
    make(parser.parse_args(argv).folder)


if __name__ == "__main__":
    main()
