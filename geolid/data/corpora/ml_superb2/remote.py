"""Fetching the pre-formatted set: parquet files of a repository of the Hugging Face Hub, each with a published sum."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geolid.data.corpora.ml_superb2.parquet import split_of
from geolid.data.download import bytes_here, fetch, free_bytes
from geolid.data.hub_files import hub_files
from geolid.errors import GeoLIDError

REPOSITORY = "https://huggingface.co/datasets/espnet/ml_superb_hf"


@dataclass(frozen=True)
class File:
    url: str
    path: Path
    bytes: int  # as published
    sha256: str | None  # as published

    @property
    def is_here(self) -> bool:
        return self.path.is_file() and self.path.stat().st_size == self.bytes


def find(root: Path, splits: Sequence[str], repository: str = REPOSITORY) -> list[File]:
    """Return the files of the splits that are asked for, there or not."""
    found: dict[str, list[File]] = {split: [] for split in splits}
    for path, file in hub_files(repository).items():
        split = split_of(path)
        if split in found:
            found[split].append(File(file.url, root / path, file.bytes, file.sha256))
    missing = [split for split in splits if not found[split]]
    if missing:
        raise GeoLIDError(
            f"{repository}: has no parquet files of {', '.join(missing)}; has the set moved? Give the address of its "
            "repository by --url"
        )
    return [file for files in found.values() for file in files]


def estimate(files: Sequence[File], root: Path, audio_dir: Path) -> list[str]:
    """Say what is to come, how much space it takes and how long; stop where there is certainly too little space."""
    todo = [file for file in files if not file.is_here]
    missing = sum(max(0, file.bytes - bytes_here(file.path)) for file in todo)
    written = sum(file.bytes for file in files)
    free = free_bytes(root)
    lines = [
        f"{len(files)} parquet files, {len(files) - len(todo)} here already; {missing / 1e9:.1f} GB to fetch",
        f"that takes {missing / 10e6 / 60:.0f} min at 10 MB/s, {missing / 100e6 / 60:.0f} min at 100 MB/s",
        f"disk: {missing / 1e9:.1f} GB for these, {free / 1e9:.1f} GB are free at {root}; and about "
        f"{written / 1e9:.1f} GB for the audio of all languages, {free_bytes(audio_dir) / 1e9:.1f} GB are free at "
        f"{audio_dir}",
    ]
    if free < missing:
        raise GeoLIDError(
            f"{root}: {free / 1e9:.1f} GB are free, and the parquet files take {missing / 1e9:.1f} GB; free some "
            "space, choose another place with --root, or fewer splits with --splits"
        )
    if free < missing + written:
        lines.append("this may be too little space: --languages writes the audio of some only, --audio_dir elsewhere")
    return lines


def get(file: File, told: Callable[[int], None] = lambda count: None) -> None:
    """Fetch a file that is not here yet."""
    if file.path.exists():
        raise GeoLIDError(
            f"{file.path}: has {bytes_here(file.path)} bytes, and {file.url} {file.bytes}: another version, or "
            "damaged; remove it, and it is fetched anew"
        )
    fetch(file.url, file.path, told=told, sha256=file.sha256)
