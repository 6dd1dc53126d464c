"""Embeddings of recordings by their names, in an .npz."""

from collections.abc import Sequence
from pathlib import Path

from geolid.identify.npz import NpzWriter
from geolid.identify.rows import Entry


class EmbeddingFile:
    """Whole or absent; without a path nothing is written. Of recordings of one name the first counts."""

    def __init__(self, path: Path | None):
        self._writer = NpzWriter(path) if path is not None else None
        self._names: set[str] = set()

    def __enter__(self) -> "EmbeddingFile":
        if self._writer is not None:
            self._writer.__enter__()
        return self

    def __exit__(self, *failure) -> None:
        if self._writer is not None:
            self._writer.__exit__(*failure)

    def write(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            name = entry.row["audio"]
            if self._writer is not None and entry.embedding is not None and name not in self._names:
                self._names.add(name)
                self._writer.write(name, entry.embedding)
