"""The speakers of each set: variants of espeak-ng's voices, women and men by turns, and nobody in two sets.

Left out are the variants that sound like nobody (robots, whispers, echoes), those that sound like one that is here, and
those with a `breath`: espeak-ng draws their noise anew each time.
"""

from dataclasses import dataclass

from geolid.data.corpora.mini.made_up import MADE_UP


@dataclass(frozen=True)
class Cast:
    variants: tuple[str, ...]
    words_per_minute: tuple[int, ...]
    pitches: tuple[int, ...]  # 0 to 100; 50 is the variant's own


TRAIN = Cast(
    variants=(
        *("f1", "m1", "steph", "m3", "belinda", "m6"),
        *("grandma", "m7", "Andrea", "Michael", "anika", "adam"),
        *MADE_UP,
    ),
    words_per_minute=(130, 145, 160, 175, 190),
    pitches=(35, 45, 55, 65),
)
DEV = Cast(
    variants=("aunty", "m4", "linda", "boris"),
    words_per_minute=(140, 165, 180),
    pitches=(40, 50, 60),
)
TEST = Cast(
    variants=("f4", "m2", "Annie", "Alex", "shelby", "rob"),
    words_per_minute=(135, 155, 185),
    pitches=(38, 48, 58),
)
