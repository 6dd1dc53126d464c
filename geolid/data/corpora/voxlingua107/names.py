"""What the name of a file says: `<video>__U__S<number>---<start s>-<end s>.wav`.

No file has to be opened to know how long it is, nor which files are of one video. A video's id is 11 letters, digits,
`-` and `_`, and may begin with `-`.
"""

import re
from typing import NamedTuple

_NAME = re.compile(r"([A-Za-z0-9_-]+)__U__S\d+---(\d+\.\d+)-(\d+\.\d+)\.wav")
EXAMPLE = "M5TZ7bL9tLc__U__S0---0318.640-0336.540.wav"


class Stretch(NamedTuple):
    video: str
    seconds: float


def parse(name: str) -> Stretch | None:
    """Return the video that a file is of and how long it lasts; None if its name does not say."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    seconds = float(match[3]) - float(match[2])
    return Stretch(match[1], seconds) if seconds > 0 else None
