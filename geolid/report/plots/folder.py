"""What stages 6 and 7 have written about a set, as pictures need it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from geolid.data.data_dir import has_free_labels
from geolid.data.tables import read_rows, read_table
from geolid.errors import GeoLIDError
from geolid.report.domain import read_experiment
from geolid.report.predictions import read_record
from geolid.report.results import RESULTS, current_results

LAYER_WEIGHTS = "layer_weights"  # beside the folders of the sets: it belongs to the model


class FolderError(GeoLIDError):
    """A folder of stage 6 that lacks what a picture needs, or holds what does not fit together."""


@dataclass(frozen=True)
class Inferred:
    """A set's inference folder, with the languages that are the truth where they are known."""

    folder: Path
    references: dict[str, str] | None  # utt2lang; None for a set without
    free_labels: bool = False  # "languages" are others, such as speakers

    @classmethod
    def open(cls, folder: Path, data_dir: Path) -> "Inferred":
        """Look at a folder of stage 6; one that is not whole, or of another set, is refused."""
        read_record(folder)
        utt2lang = data_dir / "utt2lang"
        references = read_table(utt2lang) if utt2lang.exists() else None
        opened = cls(folder, references, has_free_labels(data_dir))
        if opened.references is not None:
            stray = [utt for utt in opened.predictions if utt not in opened.references]
            if stray:
                raise FolderError(
                    f"{folder}: {len(stray)} of its utterances are not in {utt2lang}, the first is {stray[0]}; "
                    "name the data directory that stage 6 read, or run stage 6 again"
                )
        return opened

    @property
    def set_name(self) -> str:
        return self.folder.name

    @cached_property
    def predictions(self) -> dict[str, str]:
        table = read_table(self.file("lids"))
        if not table:
            raise FolderError(f"{self.file('lids')}: holds no utterance; there is nothing to draw")
        return table

    @property
    def languages_of_utterances(self) -> dict[str, str]:
        """The true language of each utterance, or the predicted one where no truth is known."""
        if self.references is None:
            return self.predictions
        return {utt: self.references[utt] for utt in self.predictions}

    @cached_property
    def places(self) -> dict[str, tuple[float, float]] | None:
        """Predicted latitude and longitude of each utterance; None if the model predicts none."""
        if not self.file("places").exists():
            return None
        fields = ((utt, value.split()) for utt, value in read_rows(self.file("places")))
        return {utt: (float(latitude), float(longitude)) for utt, (latitude, longitude, *_) in fields}

    def need_embeddings(self) -> None:
        if not self.file("embeddings.npz").exists():
            raise FolderError(
                f"{self.file('embeddings.npz')}: there is no such file, and t-SNE shows embeddings; run stage 6 with "
                "--extract_embd true, or draw without t-SNE: leave the set out of --tsne_set"
            )

    def embeddings(self, utterances: Sequence[str]) -> np.ndarray:
        """Return the embeddings of utterances, (utterances, dims); only these are read."""
        return self._vectors(self.file("embeddings.npz"), utterances)

    def language_embeddings(self) -> tuple[list[str], np.ndarray]:
        """Return the languages that have a mean embedding, and these, (languages, dims)."""
        path = self.file("language_embeddings.npz")
        if not path.exists():
            return [], np.zeros((0, 0))
        with np.load(path, allow_pickle=False) as file:
            codes = sorted(file.files)
        return codes, self._vectors(path, codes)

    @cached_property
    def results(self) -> dict:
        results = current_results(self.folder)
        if results is None:
            raise FolderError(
                f"{self.folder / RESULTS}: there are no results of this inference; run stage 7, which scores "
                f"{self.set_name}, before stage 8"
            )
        return results

    @cached_property
    def vector_file(self) -> Path | None:
        """The places that the model was trained with, beside those of lang2vec."""
        return read_experiment(self.folder.parents[2]).vector_file

    def logits(self) -> tuple[np.ndarray, list[str]]:
        """Return the logits (utterances, languages), rows as in `predictions`, and the languages."""
        codes = (self.folder / "languages").read_text(encoding="utf-8").split()
        logits = np.load(self.file("logits.npy"), mmap_mode="r", allow_pickle=False)
        if logits.shape != (len(self.predictions), len(codes)):
            raise FolderError(
                f"{self.file('logits.npy')}: holds {' x '.join(map(str, logits.shape))} numbers, expected "
                f"{len(self.predictions)} utterances x {len(codes)} languages; run stage 6 again"
            )
        return logits, codes

    def layer_weights(self) -> np.ndarray | None:
        """Return the share of each of the encoder's states in the sum; None for a model without such a sum."""
        path = self.folder.parent / LAYER_WEIGHTS
        if not path.exists():
            return None
        words = path.read_text(encoding="utf-8").split()
        try:
            weights = np.array(words, dtype=float)
        except ValueError:
            weights = np.array([np.nan])
        if not abs(weights.sum() - 1) < 1e-3:  # NaN included
            raise FolderError(f"{path}: expected shares, one number a line, that add up to 1; run stage 6 again")
        return weights

    def file(self, what: str) -> Path:
        return self.folder / f"{self.set_name}_{what}"

    @staticmethod
    def _vectors(path: Path, keys: Iterable[str]) -> np.ndarray:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in keys if key not in file]
            if missing:
                raise FolderError(f"{path}: has no embedding of '{missing[0]}'; run stage 6 again, --extract_embd true")
            vectors = np.stack([file[key] for key in keys])
        faulty = [key for key, vector in zip(keys, vectors, strict=True) if not np.isfinite(vector).all()]
        if faulty:
            raise FolderError(
                f"{path}: {len(faulty)} embeddings hold NaN or infinity, the first is that of '{faulty[0]}'; "
                "the model is not sound, choose another checkpoint with --inference_model"
            )
        return vectors
