"""What a data directory's utterances are: stretches of the recordings in its `wav.scp`."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geolid.data.tables import TableError, read_rows, read_table

TO_THE_END = -1.0


@dataclass(frozen=True, slots=True)  # there are millions of them
class Utterance:
    name: str
    source: str  # as in wav.scp
    start: float = 0.0  # seconds
    end: float = TO_THE_END

    @property
    def is_whole(self) -> bool:
        return self.start == 0 and self.end < 0


def utterances(data_dir: Path) -> Iterator[Utterance]:
    """Yield the utterances in the order of the table that lists them."""
    data_dir = Path(data_dir)
    if not (data_dir / "segments").exists():
        yield from (Utterance(name, source) for name, source in read_rows(data_dir / "wav.scp"))
        return
    recordings = read_table(data_dir / "wav.scp")
    for number, (name, value) in enumerate(read_rows(data_dir / "segments"), 1):
        try:
            recording, start, end = parse_segment(value)
            yield Utterance(name, recordings[recording], start, end)
        except (KeyError, ValueError):
            raise TableError(
                f"{data_dir}/segments:{number}: expected '<utt> <recording of wav.scp> <start s> <end s>', found "
                f"'{name} {value}'; utils/validate_data_dir.sh {data_dir} tells more"
            ) from None


def parse_segment(value: str) -> tuple[str, float, float]:
    """Split '<recording> <start s> <end s>'; an end of -1 is the end of the recording."""
    recording, start, end = value.split()
    if not (math.isfinite(float(start)) and math.isfinite(float(end))):
        raise ValueError(f"'{value}' has a time that is none")
    return recording, float(start), float(end)
