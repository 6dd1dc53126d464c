"""Cut a table into parts, in order and as even as can be."""

from pathlib import Path

from geolid.data.tables import whole_or_absent
from geolid.errors import GeoLIDError


def split_table(table: Path, parts: list[Path]) -> None:
    """Write the lines of a table to the parts."""
    with Path(table).open("rb") as lines:
        total = sum(1 for _ in lines)
    if total < len(parts):
        raise GeoLIDError(f"{table}: has {total} lines, too few for {len(parts)} parts; ask for fewer")
    with Path(table).open(encoding="utf-8", newline="\n") as lines:
        for number, part in enumerate(parts):
            count = total * (number + 1) // len(parts) - total * number // len(parts)
            with whole_or_absent(part) as out:
                out.writelines(next(lines) for _ in range(count))
