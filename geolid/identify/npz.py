"""Arrays into an .npz, one after the other: what a set of millions needs of memory does not grow with it.

The same arrays give the same bytes. numpy's `savez` wants all of them at once, and `zipfile` keeps a record of each
and writes the time of day. Read it with `numpy.load`.
"""

import io
import struct
import tempfile
import zlib
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO

import numpy as np

_VERSION = 45  # of the zip format: the first with sizes of 64 bits
_MIDNIGHT_1980 = (0, 33)  # time and date, as zip files write them
_UTF8 = 0x800
_IN_64_BITS = 0xFFFFFFFF  # the size or place stands in the extra field


class NpzWriter:
    """Writes beside the file's place; it takes its name when, and only when, all went well."""

    def __init__(self, path: Path):
        self._path = Path(path)
        self._beside = self._path.with_name(f".{self._path.name}.tmp")

    def __enter__(self) -> "NpzWriter":
        self._file: BinaryIO = self._beside.open("wb")
        self._directory = tempfile.TemporaryFile(dir=self._path.parent)
        self._entries = 0
        return self

    def __exit__(self, failure, *_) -> None:
        try:
            if failure is None:
                self._finish()
                self._file.close()
                self._beside.replace(self._path)
        finally:
            self._file.close()
            self._directory.close()
            self._beside.unlink(missing_ok=True)

    def write(self, name: str, array: np.ndarray) -> None:
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.asanyarray(array), allow_pickle=False)
        content = buffer.getbuffer()
        raw_name = f"{name}.npy".encode()
        place = self._file.tell()
        # version, flags, stored as it is, time, date, sum; sizes follow
        common = struct.pack("<HHHHHI", _VERSION, _UTF8, 0, *_MIDNIGHT_1980, zlib.crc32(content))
        self._file.write(b"PK\3\4" + common + struct.pack("<IIHH", len(content), len(content), len(raw_name), 0))
        self._file.write(raw_name)
        self._file.write(content)
        extra = struct.pack("<HHQ", 1, 8, place)
        self._directory.write(
            b"PK\1\2"
            + struct.pack("<H", _VERSION)
            + common
            + struct.pack("<IIHHHHHII", len(content), len(content), len(raw_name), len(extra), 0, 0, 0, 0, _IN_64_BITS)
            + raw_name
            + extra
        )
        self._entries += 1

    def _finish(self) -> None:
        start, size = self._file.tell(), self._directory.tell()
        self._directory.seek(0)
        copyfileobj(self._directory, self._file)
        end = self._file.tell()
        self._file.write(
            b"PK\6\6"
            + struct.pack("<QHHIIQQQQ", 44, _VERSION, _VERSION, 0, 0, self._entries, self._entries, size, start)
        )
        self._file.write(b"PK\6\7" + struct.pack("<IQI", 0, end, 1))
        self._file.write(b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, _IN_64_BITS, _IN_64_BITS, 0))
