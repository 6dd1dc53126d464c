"""Make a miniature of IARPA Babel: three language packs with the layout, names, formats and oddities of real ones.

    python tests/corpora/make_babel.py <folder>

Pack 101 has mu-law SPHERE and a 48 kHz wav of 24 bits, 305 A-law, 404 linear SPHERE under the name that LDC gives its
folder. All recordings follow one script (SCRIPT); what is heard is synthesised speech.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile

from speech import speech

SECONDS = 42.0
# What stands between time marks; {0} and {1} are words of the lexicon.
SCRIPT = [
    (0.0, "<no-speech>"),
    (1.25, "{0} {1}"),  # 3.25 s
    (4.5, "<breath> <hes>"),
    (6.0, "(()) ~ <foreign>"),
    (7.0, "qqqq {0}qq-"),  # not in the lexicon, whole or broken off
    (8.0, "{0} <laugh> *{1}*"),  # 12.5 s
    (20.5, ""),
    (21.0, "<overlap> {1}-"),  # 10 s to the sample
    (31.0, "{1}"),  # 1 ms less
    (40.999, "{0} <dtmf>"),
    (42.01, ""),  # a little behind the end of the audio
]


@dataclass(frozen=True)
class Pack:
    folder: str
    prefix: str
    words: tuple[str, str]
    recordings: dict[str, tuple[str, str, int]]  # split and rest of the name: suffix, coding, rate


PACKS = [
    Pack(
        "BABEL_101",
        "BABEL_BP_101",
        ("你", "好"),
        {
            "training/10001_20111101_120000_inLine": ("sph", "ULAW", 8000),
            "training/10001_20111101_120000_outLine": ("sph", "ULAW", 8000),
            "training/10002_20111102_130000_inLine": ("wav", "PCM_24", 48000),
            "dev/20001_20111103_140000_inLine": ("sph", "ULAW", 8000),
        },
    ),
    Pack(
        "BABEL_305",
        "BABEL_OP3_305",
        ("Mba'éichapa", "porã"),
        {
            "training/10001_20130101_090000_inLine": ("sph", "ALAW", 8000),
            "dev/20001_20130102_100000_outLine": ("sph", "ALAW", 8000),
        },
    ),
    Pack(
        "IARPA_BABEL_OP3_404",
        "BABEL_OP3_404",
        ("გამარჯობა", "კარგი"),
        {
            "training/10001_20140101_090000_inLine": ("sph", "PCM_16", 8000),
            "dev/20001_20140102_100000_inLine": ("sph", "PCM_16", 8000),
        },
    ),
]


def make(root: Path) -> None:
    for pack in PACKS:
        conversational = root / pack.folder / "conversational"
        for name, (suffix, coding, rate) in pack.recordings.items():
            split, _, rest = name.partition("/")
            stem = f"{pack.prefix}_{rest}"
            write_audio(conversational / split / "audio" / f"{stem}.{suffix}", coding, rate)
            transcript = conversational / split / "transcription" / f"{stem}.txt"
            transcript.parent.mkdir(exist_ok=True)
            transcript.write_text(script_of(pack.words), encoding="utf-8")
        lexicon = conversational / "reference_materials" / "lexicon.txt"
        lexicon.parent.mkdir()
        # word, romanisation, pronunciations; a tag, too, which is no word for all that
        lines = [f"{word}\t{word}\tx . y\tx . z" for word in (*pack.words, "<hes>")]
        lexicon.write_text("\n".join(lines) + "\n", encoding="utf-8")


def script_of(words: Sequence[str]) -> str:
    lines = []
    for time, text in SCRIPT:
        lines += [f"[{time:.3f}]", *([text.format(words[0].lower(), words[1])] if text else [])]
    return "\n".join(lines) + "\n"


def write_audio(path: Path, coding: str, rate: int, seconds: float = SECONDS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = speech(seconds, rate, path.stem)
    soundfile.write(path, wave, rate, subtype=coding, format="NIST" if path.suffix == ".sph" else "WAV")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path, help="written: the folder of the packs")
    make(parser.parse_args(argv).root)


if __name__ == "__main__":
    main()
