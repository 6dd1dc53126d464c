"""Many strings without a Python object for each."""

from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise


class Strings:
    """A list of strings in two blocks of memory, which forked loader workers share instead of copying."""

    def __init__(self, strings: Iterable[str] = ()):
        self._text = bytearray()
        self._ends = array("q", [0])
        for string in strings:
            self.append(string)

    def append(self, string: str) -> None:
        self._text += string.encode()
        self._ends.append(len(self._text))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        return self._text[self._ends[index] : self._ends[index + 1]].decode()

    def __iter__(self) -> Iterator[str]:
        return (self._text[start:end].decode() for start, end in pairwise(self._ends))
