"""Put the parts of a set together: tables, arrays, embeddings; part after part, so that memory does not grow."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import numpy as np

from geolid.data.data_dir import DROPPED
from geolid.data.tables import read_rows, whole_or_absent
from geolid.errors import GeoLIDError
from geolid.geo.places import distance_km
from geolid.geo.vectors import language_places, places_file
from geolid.identify.npz import NpzWriter
from geolid.identify.parts import Part, load_part
from geolid.identify.plan import Names, Plan, read_plan
from geolid.identify.scores import write_scores
from geolid.model.experiment import read_config

_FAULTS_SHOWN = 5
_AFTER_ALL_KEYS = "\U0010ffff"


@dataclass(frozen=True)
class Counts:
    utterances: int  # with an answer
    dropped: int
    seconds: float


def gather(folder: Path, max_faulty: float, temperature: float | None, top_k: int) -> dict[str, Any]:
    """Make a set's files of its parts; where they are made, see that the scores are as asked for.

    Returns the set's record. Where more than the share `max_faulty` could not be read that is an error, and the parts
    stay.
    """
    names = Names(Path(folder))
    plan = read_plan(names.folder)
    if plan is None:
        record = _read_record(names)
        as_wanted = (record["temperature"], record["top_k"]) == (temperature, top_k)
        if as_wanted and names.of_set("scores").exists():
            return record
    else:
        counts = _merge(names, plan, max_faulty)
        record = {"model": Path(plan.model_file).name, "set": names.set_name, "made_from": asdict(plan.recipe)}
        record |= asdict(counts)
    names.record.unlink(missing_ok=True)  # it comes last
    languages = record["made_from"]["languages"]
    lids, logits = names.of_set("lids"), names.of_set("logits.npy")
    write_scores(names.of_set("scores"), lids, logits, languages, temperature or 1.0, top_k)
    record |= {"temperature": temperature, "top_k": top_k}
    with whole_or_absent(names.record) as out:
        json.dump(record, out, indent=2)
        out.write("\n")
    shutil.rmtree(names.parts, ignore_errors=True)
    return record


def _read_record(names: Names) -> dict[str, Any]:
    if not names.record.exists():
        raise GeoLIDError(f"{names.folder}: nothing is inferred here, nor planned; run steps/06_infer.sh")
    return json.loads(names.record.read_text(encoding="utf-8"))


def _merge(names: Names, plan: Plan, max_faulty: float) -> Counts:
    counts = _count(names, plan)
    _refuse_too_many(names, plan, counts, max_faulty)
    languages = plan.recipe.languages
    with ExitStack() as stack:
        lids = stack.enter_context(whole_or_absent(names.of_set("lids")))
        logits = stack.enter_context(_array_file(names.of_set("logits.npy"), (counts.utterances, len(languages))))
        places = embeddings = None
        for part in _parts(names, plan):
            best = part.logits.argmax(axis=1)
            lids.writelines(f"{utt} {languages[at]}\n" for utt, at in zip(part.utts, best, strict=True))
            logits.write(np.ascontiguousarray(part.logits, "<f4").tobytes())
            if part.places is not None:
                if places is None:
                    places = stack.enter_context(_places_file(names.of_set("places"), plan))
                places.write(part, best)
            if part.embeddings is not None:
                if embeddings is None:
                    embeddings = stack.enter_context(_EmbeddingFiles(names, Path(plan.data_dir)))
                embeddings.write(part)
    return counts


def _parts(names: Names, plan: Plan) -> Iterator[Part]:
    return (load_part(names.part(block)) for block in range(plan.blocks))


def _count(names: Names, plan: Plan) -> Counts:
    """Go through the parts for what has to be known beforehand, and write the table of what was dropped."""
    answered = seconds = dropped = 0
    dropped_file = names.folder / DROPPED
    with whole_or_absent(dropped_file) as out:
        for part in _parts(names, plan):
            answered += len(part.utts)
            dropped += len(part.dropped)
            seconds += part.seconds
            out.writelines(f"{utt} {reason}\n" for utt, reason in zip(part.dropped, part.reasons, strict=True))
    if not dropped:
        dropped_file.unlink()
    if answered + dropped != plan.utterances:
        raise GeoLIDError(
            f"{names.parts}: tell of {answered + dropped} utterances, and {plan.data_dir} has {plan.utterances}; "
            "remove the folder and run stage 6 again"
        )
    return Counts(answered, dropped, round(seconds, 3))


def _refuse_too_many(names: Names, plan: Plan, counts: Counts, max_faulty: float) -> None:
    if counts.dropped <= max_faulty * plan.utterances and counts.utterances:
        return
    rows = list(zip(range(_FAULTS_SHOWN), read_rows(names.folder / DROPPED), strict=False))
    shown = "".join(f"\n  {utt}: {reason}" for _, (utt, reason) in rows)
    more = f"\n  ... and {counts.dropped - len(rows)} more" if counts.dropped > len(rows) else ""
    allowed = f"more than the allowed {max_faulty:.1%}" if counts.utterances else "so there is nothing to identify"
    raise GeoLIDError(
        f"{names.folder}: the audio of {counts.dropped} of {plan.utterances} utterances of {plan.data_dir} cannot be "
        f"used ({counts.dropped / plan.utterances:.1%}), {allowed}:{shown}{more}\n"
        f"All of them stand in {names.folder / DROPPED}; mend them, or allow more with --max_faulty, then run again: "
        "finished work is kept"
    )


@contextmanager
def _array_file(path: Path, shape: tuple[int, ...]) -> Iterator[BinaryIO]:
    """Open an .npy file of float32 for its rows."""
    with _binary_or_absent(path) as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        yield file


@contextmanager
def _binary_or_absent(path: Path) -> Iterator[BinaryIO]:
    beside = path.with_name(f".{path.name}.tmp")
    try:
        with beside.open("wb") as file:
            yield file
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


class _Places:
    """The table of predicted places, and how far each is from that of the predicted language."""

    def __init__(self, out: TextIO, of_languages: np.ndarray):
        self._out = out
        self._of_languages = of_languages  # (languages, 2), NaN where a language has no place

    def write(self, part: Part, best: np.ndarray) -> None:
        latitudes, longitudes = part.places.T
        distances = distance_km(latitudes, longitudes, *self._of_languages[best].T)
        for utt, latitude, longitude, km in zip(part.utts, latitudes, longitudes, distances, strict=True):
            far = "-" if np.isnan(km) else f"{km:.0f}"
            self._out.write(f"{utt} {latitude:.3f} {longitude:.3f} {far}\n")


@contextmanager
def _places_file(path: Path, plan: Plan) -> Iterator[_Places]:
    vector_file = places_file(read_config(Path(plan.config_file)))
    with whole_or_absent(path) as out:
        yield _Places(out, language_places(plan.recipe.languages, vector_file))


class _EmbeddingFiles:
    """Embeddings by utterance, as .npz and as .ark with .scp, and the mean of each reference language."""

    def __init__(self, names: Names, data_dir: Path):
        self._names = names
        self._languages = _references(data_dir / "utt2lang")
        self._sums: dict[str, np.ndarray] = {}

    def __enter__(self) -> "_EmbeddingFiles":
        self._stack = ExitStack()
        of_set = self._names.of_set
        self._npz = self._stack.enter_context(NpzWriter(of_set("embeddings.npz")))
        self._ark = self._stack.enter_context(_binary_or_absent(of_set("embeddings.ark")))
        self._scp = self._stack.enter_context(whole_or_absent(of_set("embeddings.scp")))
        return self

    def __exit__(self, *failure) -> None:
        self._stack.__exit__(*failure)
        if failure[0] is None and self._sums:
            with NpzWriter(self._names.of_set("language_embeddings.npz")) as npz:
                for language, total in sorted(self._sums.items()):
                    npz.write(language, (total / np.linalg.norm(total)).astype(np.float32))

    def write(self, part: Part) -> None:
        import kaldiio

        for utt, embedding in zip(part.utts.tolist(), part.embeddings, strict=True):
            self._npz.write(utt, embedding)
            self._scp.write(
                f"{utt} {self._names.of_set('embeddings.ark')}:{self._ark.tell() + len(utt.encode()) + 1}\n"
            )
            kaldiio.save_ark(self._ark, {utt: embedding})
            language = self._languages(utt) if self._languages else None
            if language is not None:
                self._sums[language] = self._sums.get(language, 0.0) + embedding.astype(np.float64)


def _references(utt2lang: Path) -> Callable[[str], str | None] | None:
    """Return what looks up the languages of utterances that come in order; None where the set has no such table."""
    if not utt2lang.exists():
        return None
    rows = read_rows(utt2lang)
    at: list[str] = ["", ""]

    def look_up(utt: str) -> str | None:
        while at[0] < utt:
            at[:] = next(rows, (_AFTER_ALL_KEYS, ""))
        return at[1] if at[0] == utt else None

    return look_up
