"""From a block of recordings to their rows; it is what processes that share the work do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geolid.data.utterances import Utterance
from geolid.identify.identification import Identification, Unidentified
from geolid.identify.journal import Mark, mark
from geolid.identify.rows import Entry, as_row
from geolid.identify.sources import Found, NoAudio

if TYPE_CHECKING:
    from geolid.identify.identifier import LanguageIdentifier


@dataclass(frozen=True)
class BlockRows:
    """What came of the recordings of a block; each list has one for each."""

    entries: list[Entry]
    marks: list[Mark]


@dataclass(frozen=True)
class RowMaker:
    """`languages` are the candidates, `top` how many languages of each recording are told."""

    identifier: "LanguageIdentifier"
    languages: Sequence[str] = ()
    top: int = 3
    batch: int = 32
    allow_pipes: bool = False
    embeddings: bool = False

    def __call__(self, block: Sequence[Found]) -> BlockRows:
        marks = [mark(source) for source in block]  # before they are read
        readable = [source for source in block if isinstance(source, Utterance)]
        columns = self.identifier.columns(self.languages)
        answers = iter(self.identifier.answer_block(readable, columns, self.batch, self.allow_pipes))
        return BlockRows([self._entry(source, answers) for source in block], marks)

    def _entry(self, source: Found, answers: Iterator[Identification | Unidentified]) -> Entry:
        if isinstance(source, NoAudio):
            return Entry(as_row(source.name, None, Unidentified(source.reason), self.top))
        answer = next(answers)
        row = as_row(source.name, source, answer, self.top)
        return Entry(row, None if isinstance(answer, Unidentified) or not self.embeddings else answer.embedding)
