"""What a model predicted for a set, utterance by utterance beside the reference."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geolid.data.data_dir import DROPPED
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError

UNREAD = -1  # in place of a predicted language: the audio could not be read
RECORD = "inference.json"  # of an inference folder: what it was made from
_NAMED_AT_MOST = 5
_ROWS_AT_ONCE = 8192


@dataclass(frozen=True)
class Predictions:
    """Languages are numbered as in `languages`, which holds the reference's and the model's."""

    set_name: str
    model: str
    utterances: list[str]  # the reference's, sorted
    languages: list[str]  # sorted
    known: np.ndarray  # (languages,): whether the model chooses from it; the logits have the known ones as columns
    reference: np.ndarray  # (utterances,)
    predicted: np.ndarray  # (utterances,), or UNREAD
    speakers: list[str] | None  # of the utterances, where the set has utt2spk
    logits: np.ndarray  # (utterances that were read, known languages), before calibration
    temperature: float  # that calibrates them

    @property
    def in_common(self) -> np.ndarray:
        """Which utterances are in a language that the model knows, (utterances,)."""
        return self.known[self.reference]

    @property
    def unit(self) -> np.ndarray:
        """What a bootstrap draws: the utterance's speaker, or the utterance itself, as a number, (utterances,)."""
        if self.speakers is None:
            return np.arange(len(self.utterances))
        return np.unique(self.speakers, return_inverse=True)[1]

    def logits_in_common(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the logits of the utterances that were read and are in common, and the column that each should be."""
        read = self.predicted != UNREAD
        column = np.cumsum(self.known) - 1  # of a known language
        chosen = self.in_common[read]
        logits = self.logits if chosen.all() else self.logits[chosen]
        return logits, column[self.reference[read][chosen]]


def read_predictions(inference_dir: Path, data_dir: Path) -> Predictions:
    """Read the inference folder of a set, `<exp>/inference/<model>/<set>`, and the reference of its data directory."""
    inference_dir, data_dir = Path(inference_dir), Path(data_dir)
    record = read_record(inference_dir)
    set_name = inference_dir.name
    reference = read_table(data_dir / "utt2lang")
    if not reference:
        raise GeoLIDError(f"{data_dir}/utt2lang: is empty; expected a line an utterance; run the stage that makes it")
    lids_file = inference_dir / f"{set_name}_lids"
    lids = read_table(lids_file)
    dropped = read_table(inference_dir / DROPPED) if (inference_dir / DROPPED).exists() else {}
    _compare_ids(lids_file, {**lids, **dropped}, data_dir / "utt2lang", reference)

    chosen_from = (inference_dir / "languages").read_text(encoding="utf-8").split()
    strange = sorted(set(lids.values()) - set(chosen_from))
    if strange:
        raise GeoLIDError(
            f"{lids_file}: has {_named(strange)}, not in {inference_dir}/languages; the files do not belong together, "
            "run stage 6"
        )
    languages = sorted({*chosen_from, *reference.values()})
    number = {language: at for at, language in enumerate(languages)}
    utterances = sorted(reference)
    predictions = Predictions(
        set_name=set_name,
        model=inference_dir.parent.name,
        utterances=utterances,
        languages=languages,
        known=np.isin(languages, chosen_from),
        reference=np.array([number[reference[utt]] for utt in utterances]),
        predicted=np.array([number[lids[utt]] if utt in lids else UNREAD for utt in utterances]),
        speakers=_speakers(data_dir, utterances),
        logits=_read_logits(inference_dir / f"{set_name}_logits.npy", len(lids), len(chosen_from)),
        temperature=record.get("temperature") or 1.0,
    )
    if not predictions.in_common.any():
        raise GeoLIDError(
            f"{data_dir}: none of its {_named(sorted(set(reference.values())))} is among the {len(chosen_from)} "
            f"languages that the model chooses from ({inference_dir}/languages), so there is nothing to score; take "
            "this set out of --test_sets, or another model"
        )
    _check_logits(predictions, inference_dir)
    return predictions


def read_record(inference_dir: Path) -> dict:
    """Return what an inference folder says of itself; the file comes last, so without it the folder is not whole."""
    file = Path(inference_dir) / RECORD
    if not file.exists():
        raise GeoLIDError(f"{file}: there is no such file, so inference did not come to its end; run stage 6")
    return json.loads(file.read_text(encoding="utf-8"))


def _compare_ids(
    predictions_file: Path, predicted: Collection[str], reference_file: Path, reference: Collection[str]
) -> None:
    """Stop unless the utterances of the reference, and no others, have a prediction; name those that differ."""
    missing = [utt for utt in reference if utt not in predicted]
    extra = [utt for utt in predicted if utt not in reference]
    if len(missing) == len(reference):
        raise GeoLIDError(
            f"{predictions_file}: holds none of the {len(reference)} utterances of {reference_file}, but "
            f"{_named(extra) if extra else 'nothing'}: it is of another set; run stage 6 for this one"
        )
    faults = []
    if missing:
        faults.append(f"lacks {_named(missing)} of {reference_file}")
    if extra:
        faults.append(f"has {_named(extra)}, not in {reference_file}")
    if faults:
        raise GeoLIDError(f"{predictions_file}: {', and '.join(faults)}; run stage 6 for this set as it is now")


def _named(ids: list[str]) -> str:
    more = f" and {len(ids) - _NAMED_AT_MOST} more" if len(ids) > _NAMED_AT_MOST else ""
    return ", ".join(ids[:_NAMED_AT_MOST]) + more


def _speakers(data_dir: Path, utterances: Iterable[str]) -> list[str] | None:
    if not (data_dir / "utt2spk").exists():
        return None
    utt2spk: Mapping[str, str] = read_table(data_dir / "utt2spk")
    without = [utt for utt in utterances if utt not in utt2spk]
    if without:
        raise GeoLIDError(
            f"{data_dir}/utt2spk: lacks {_named(without)} of utt2lang; add them, or remove the table to score without"
        )
    return [utt2spk[utt] for utt in utterances]


def _read_logits(path: Path, rows: int, columns: int) -> np.ndarray:
    try:
        logits = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise GeoLIDError(f"{path}: there is no such file; run stage 6") from None
    except (ValueError, EOFError, OSError) as error:
        raise GeoLIDError(f"{path}: cannot be read as an array ({error}); remove the folder and run stage 6") from None
    if logits.shape != (rows, columns):
        raise GeoLIDError(
            f"{path}: its shape is {logits.shape}, expected {(rows, columns)} as the tables beside it say; remove the "
            "folder and run stage 6"
        )
    return logits


def _check_logits(predictions: Predictions, inference_dir: Path) -> None:
    """Stop unless the predicted languages are those of the highest logits, row by row."""
    read = np.flatnonzero(predictions.predicted != UNREAD)
    column = (np.cumsum(predictions.known) - 1)[predictions.predicted[read]]
    for start in range(0, len(read), _ROWS_AT_ONCE):
        block = np.asarray(predictions.logits[start : start + _ROWS_AT_ONCE])
        best = block[np.arange(len(block)), column[start : start + len(block)]] == block.max(axis=1)
        fine = best & np.isfinite(block).all(axis=1)
        if not fine.all():
            utt = predictions.utterances[read[start + np.argmin(fine)]]
            raise GeoLIDError(
                f"{inference_dir}: the logits of '{utt}' are not finite, or not highest for its language in the table "
                f"{predictions.set_name}_lids; the files do not belong together, remove the folder and run stage 6"
            )
