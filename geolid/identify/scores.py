"""From logits to probabilities, and the table of the best languages of every utterance."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from geolid.data.tables import read_rows, whole_or_absent
from geolid.errors import GeoLIDError

_ROWS_AT_ONCE = 4096


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return the softmax of logits (utterances, languages) divided by a temperature, in float64."""
    scaled = np.asarray(logits, np.float64) / temperature
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def best_columns(logits: np.ndarray, count: int) -> np.ndarray:
    """Return the columns of the `count` highest logits, (utterances, count), best first; ties in the columns' order."""
    return np.argsort(-logits, axis=1, kind="stable")[:, :count]


def write_scores(
    path: Path, lids: Path, logits_file: Path, languages: Sequence[str], temperature: float, top_k: int
) -> None:
    """Write `<utt> <language> <probability> <language> <probability> ...`, the best languages first."""
    rows = read_rows(lids)
    with whole_or_absent(path) as out:
        for logits in read_in_blocks(logits_file):
            best = best_columns(logits, top_k)
            scores = np.take_along_axis(probabilities(logits, temperature), best, axis=1)
            for columns, values in zip(best.tolist(), scores.tolist(), strict=True):
                utt, _language = next(rows)
                pairs = " ".join(f"{languages[c]} {v:.6f}" for c, v in zip(columns, values, strict=True))
                out.write(f"{utt} {pairs}\n")


def read_in_blocks(path: Path) -> Iterator[np.ndarray]:
    """Yield an .npy file's rows, some at a time; a memory map would keep all that was read."""
    with Path(path).open("rb") as file:
        np.lib.format.read_magic(file)
        (rows, columns), _, dtype = np.lib.format.read_array_header_1_0(file)
        for start in range(0, rows, _ROWS_AT_ONCE):
            count = min(_ROWS_AT_ONCE, rows - start)
            block = np.fromfile(file, dtype, count * columns)
            if len(block) < count * columns:
                raise GeoLIDError(f"{path}: is cut short; remove its folder and run stage 6 again")
            yield block.reshape(count, columns)
