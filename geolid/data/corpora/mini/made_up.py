"""Speakers that espeak-ng does not bring: variants of its voices with formants, pitch and loudness of their own.

Those that it brings are few, and lie close together. A system that hears only them takes other vowels for other
languages.
"""

import random
from pathlib import Path

MADE_UP = tuple(f"made{number}" for number in range(1, 13))  # women and men by turns

_PITCHES_HZ = {"female": ((140, 180), (210, 280)), "male": ((70, 95), (110, 140))}  # lowest, highest
# In %, of the frequencies of formants 1 to 5: those of women are higher.
_FORMANTS = {
    "female": ((95, 120), (90, 140), (95, 135), (95, 125), (95, 120)),
    "male": ((85, 110), (85, 135), (85, 130), (85, 115), (85, 110)),
}
_HEIGHTS, _WIDTHS = (70, 110), (70, 150)  # of a formant, in %
_VOICING, _CONSONANTS, _FLUTTER = (45, 110), (60, 110), (0, 6)


def describe(name: str) -> str:
    """Return the file of a made-up variant, as espeak-ng reads it."""
    draw = random.Random(name)
    gender = ("female", "male")[MADE_UP.index(name) % 2]
    lowest, highest = (draw.randint(*pitch) for pitch in _PITCHES_HZ[gender])
    lines = [
        "language variant",
        f"name {name}",
        f"gender {gender}",
        f"pitch {lowest} {highest}",
        f"flutter {draw.randint(*_FLUTTER)}",
        f"voicing {draw.randint(*_VOICING)}",
        f"consonants {draw.randint(*_CONSONANTS)} {draw.randint(*_CONSONANTS)}",
    ]
    for number, frequency in enumerate(_FORMANTS[gender], 1):
        height, width = draw.randint(*_HEIGHTS), draw.randint(*_WIDTHS)
        lines.append(f"formant {number} {draw.randint(*frequency)} {height} {width}")
    return "".join(f"{line}\n" for line in lines)


def lay_out(espeak_data: Path, folder: Path) -> None:
    """Make a folder that is espeak-ng's data with the made-up variants: links to its own, and their files."""
    (folder / "voices" / "!v").mkdir(parents=True)
    for inner in (Path(), Path("voices"), Path("voices/!v")):
        for entry in (espeak_data / inner).iterdir():
            if not (folder / inner / entry.name).exists():
                (folder / inner / entry.name).symlink_to(entry)
    for name in MADE_UP:
        (folder / "voices" / "!v" / name).write_text(describe(name), encoding="utf-8")
