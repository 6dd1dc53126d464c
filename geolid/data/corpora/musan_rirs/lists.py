"""Lists of audio files, a path a line, as `noise_info` and `rir_scp` of a training config take them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from geolid.data.audio import AudioError, Header, read_whole_header
from geolid.data.corpora.parallel import each
from geolid.data.tables import whole_or_absent
from geolid.errors import GeoLIDError

_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class Listed:
    """What a list has come to."""

    name: str
    files: int
    hours: float
    formats: Counter[tuple[int, int]] = field(default_factory=Counter)  # rate and channels: files
    left_out: Mapping[str, int] = field(default_factory=dict)  # what they are: files

    def __str__(self) -> str:
        formats = ", ".join(
            f"{rate} Hz with {channels} channel{'s' if channels > 1 else ''}"
            + (f" ({count})" if len(self.formats) > 1 else "")
            for (rate, channels), count in sorted(self.formats.items())
        )
        left_out = "".join(f"; {count} left out {what}" for what, count in self.left_out.items() if count)
        return f"{self.name:<24}{self.files:8} files{self.hours:10.2f} h  {formats}{left_out}"


def write_list(
    path: Path, files: Sequence[Path], nj: int, remedy: str, left_out: Mapping[str, int] | None = None
) -> Listed:
    """List files, in their order, when all of them are audio that is as long as its header says.

    One that cannot be used would end a training when chance takes it, so none is borne. `remedy` tells what to do.
    """
    sources = [str(file) for file in files]
    blank = next((source for source in sources if len(source.split()) != 1), None)
    if blank is not None:
        raise GeoLIDError(f"{blank}: has a blank, which ends a path in {path.name}; name the folder by a link without")
    headers = each(_look_at, sources, nj, path.stem)
    faults = [header for header in headers if isinstance(header, str)]
    if faults:
        more = f", and {len(faults) - _NAMED_AT_MOST} more" if len(faults) > _NAMED_AT_MOST else ""
        raise GeoLIDError(
            f"{path.name}: {len(faults)} of {len(files)} files cannot be used: "
            f"{'; '.join(faults[:_NAMED_AT_MOST])}{more}. Remove them, and {remedy}"
        )
    with whole_or_absent(path) as out:
        out.writelines(f"{source}\n" for source in sources)
    return Listed(
        name=path.name,
        files=len(sources),
        hours=sum(header.samples / header.rate for header in headers) / 3600,
        formats=Counter((header.rate, header.channels) for header in headers),
        left_out=left_out or {},
    )


def _look_at(source: str) -> Header | str:
    """Return a file's header, or why it is of no use."""
    try:
        return read_whole_header(source)
    except AudioError as error:
        return str(error)
