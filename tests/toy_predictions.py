"""An inference folder as stage 6 writes it, and the data directory it is of, small enough to be worked out by hand."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from conftest import make_data_dir
from geolid.data.tables import write_table

MODEL = "valid.accuracy.best"

# What a model that knows deu, fra and ita says of six utterances; gsw it does not know.
KNOWN = ["deu", "fra", "ita"]
TRUTH = {"a": "deu", "b": "deu", "c": "deu", "d": "fra", "e": "gsw", "f": "fra"}
LOGITS = {
    "a": [5.0, 1.0, 0.0],  # right
    "b": [3.0, 1.0, 0.0],  # right
    "c": [1.0, 2.0, 0.0],  # taken for fra
    "d": [0.0, 4.0, 1.0],  # right
    "e": [4.0, 0.0, 1.0],  # taken for deu
}  # f could not be read


def write_predictions(
    exp_dir: Path,
    set_name: str,
    logits: Mapping[str, Sequence[float]],
    languages: Sequence[str] = KNOWN,
    unread: Sequence[str] = (),
    temperature: float = 1.0,
    model: str = MODEL,
) -> Path:
    """Write the folder of a set from the logits of its utterances; the language of the highest is the predicted one."""
    folder = exp_dir / "inference" / model / set_name
    folder.mkdir(parents=True, exist_ok=True)
    array = np.array([logits[utt] for utt in sorted(logits)], dtype=np.float32).reshape(-1, len(languages))
    predicted = (languages[row.argmax()] for row in array)
    (folder / "languages").write_text("".join(f"{code}\n" for code in languages))
    write_table(folder / f"{set_name}_lids", dict(zip(sorted(logits), predicted, strict=True)))
    np.save(folder / f"{set_name}_logits.npy", array)
    if unread:
        write_table(folder / "dropped", dict.fromkeys(unread, "no such file"))
    record = {"model": "0123", "logits": array.tobytes().hex(), "temperature": temperature}
    (folder / "inference.json").write_text(json.dumps(record))
    return folder


def write_reference(data_dir: Path, languages: Mapping[str, str], **tables: Mapping[str, str]) -> Path:
    return make_data_dir(data_dir, {utt: (code, f"{utt}.wav") for utt, code in languages.items()}, **tables)
