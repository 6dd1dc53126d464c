"""All pictures of a set, one after the other."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from geolid.report.plots.accuracy import draw_by_duration, draw_by_language
from geolid.report.plots.confusion import draw_confusion, shares
from geolid.report.plots.folder import Inferred
from geolid.report.plots.inventory import Inventory, free_inventory, inventory, noun
from geolid.report.plots.layers import draw_layers
from geolid.report.plots.reliability import Curve, draw_reliability, reliability_of_known
from geolid.report.plots.scatter import Plane, draw_plane, write_csv, write_page
from geolid.report.plots.style import save_png
from geolid.report.plots.tsne import FEWEST, project, sample
from geolid.report.plots.world_map import draw_map, map_data

Report = tuple[str, str]  # a picture's name, and why it was not drawn; "" where it was
_KINDS = (".png", ".html", ".csv")


class NotDrawn(Exception):  # noqa: N818 # it is no error: the reason why a picture makes no sense for a set
    pass


def draw_pictures(inferred: Inferred, images: Path, with_tsne: bool, most_utts_per_language: int) -> Iterator[Report]:
    """Draw all that a set has data for, and tell of each picture when it is done.

    What an earlier run drew, and this one does not, is removed.
    """
    if with_tsne:
        inferred.need_embeddings()  # told before anything is drawn
    drawn = _languages(inferred)
    pictures: dict[str, Callable[[Path], None]] = {
        "layer_weights": lambda path: _layer_weights(inferred, path),
        "confusion": lambda path: _confusion(inferred, drawn, path),
        "accuracy_by_language": lambda path: _by_language(inferred, drawn, path),
        "accuracy_by_duration": lambda path: _by_duration(inferred, path),
        "reliability": lambda path: _reliability(inferred, path),
        "map": lambda path: _map(inferred, drawn, path),
        "tsne_languages": lambda path: _tsne_of_languages(inferred, drawn, with_tsne, path),
        "tsne_utterances": lambda path: _tsne_of_utterances(inferred, drawn, with_tsne, most_utts_per_language, path),
    }
    for name, draw in pictures.items():
        path = images / name
        try:
            draw(path.with_suffix(".png"))
            yield name, ""
        except NotDrawn as reason:
            for kind in _KINDS:
                path.with_suffix(kind).unlink(missing_ok=True)
            yield name, str(reason)


def _languages(inferred: Inferred) -> Inventory:
    """Return every language that a picture may show."""
    codes = {*inferred.predictions.values(), *inferred.languages_of_utterances.values()}
    if inferred.references is not None:
        codes.update(inferred.results["by_language"])  # those of unreadable audio, too
    return free_inventory(codes) if inferred.free_labels else inventory(codes, inferred.vector_file)


def _map(inferred: Inferred, drawn: Inventory, path: Path) -> None:
    truth = inferred.languages_of_utterances
    present = {code: drawn[code] for code in drawn if code in {*truth.values(), *inferred.predictions.values()}}
    data = map_data(truth, inferred.predictions, inferred.places, present)
    if not data.languages:
        raise NotDrawn("none of the languages has a place")
    save_png(draw_map(data, inferred.set_name, with_truth=inferred.references is not None), path)


def _confusion(inferred: Inferred, drawn: Inventory, path: Path) -> None:
    _need_truth(inferred)
    codes = {*inferred.languages_of_utterances.values(), *inferred.predictions.values()}
    present = {code: language for code, language in drawn.items() if code in codes}
    matrix = shares(inferred.references, inferred.predictions, present)
    save_png(draw_confusion(matrix, present, inferred.set_name), path)


def _by_language(inferred: Inferred, drawn: Inventory, path: Path) -> None:
    _need_truth(inferred)
    results = inferred.results
    save_png(draw_by_language(results["by_language"], results["macro_accuracy"], drawn, inferred.set_name), path)


def _by_duration(inferred: Inferred, path: Path) -> None:
    _need_truth(inferred)
    classes = inferred.results["by_duration"]
    if classes is None or not any(row["utterances"] for row in classes):
        raise NotDrawn("the results have no durations: the data directory has no utt2num_samples, which stage 3 writes")
    save_png(draw_by_duration(classes, inferred.set_name), path)


def _reliability(inferred: Inferred, path: Path) -> None:
    _need_truth(inferred)
    calibration = inferred.results["calibration"]
    if calibration is None:
        raise NotDrawn("none of the utterances is in a language that the model knows")
    logits, codes = inferred.logits()
    references = list(inferred.languages_of_utterances.values())
    temperature = calibration["temperature"]
    raw = Curve(
        "before calibration", reliability_of_known(logits, codes, references, 1.0), calibration["before"]["ece"]
    )
    name = f"after calibration (temperature {temperature:.2f})"
    given = Curve(name, reliability_of_known(logits, codes, references, temperature), calibration["ece"])
    curves = [raw] if temperature == 1 else [raw, given]
    save_png(draw_reliability(curves, inferred.set_name), path)


def _layer_weights(inferred: Inferred, path: Path) -> None:
    weights = inferred.layer_weights()
    if weights is None:
        raise NotDrawn("the model sums up no layers")
    save_png(draw_layers(weights), path)


def _tsne_of_languages(inferred: Inferred, drawn: Inventory, with_tsne: bool, path: Path) -> None:
    _want_tsne(with_tsne)
    codes, vectors = inferred.language_embeddings()
    if not codes:
        raise NotDrawn("stage 6 has written no embeddings of languages: it knew of no utterance's language")
    _write_plane(f"{noun(drawn).capitalize()}s of {inferred.set_name}", codes, codes, None, vectors, drawn, path)


def _tsne_of_utterances(inferred: Inferred, drawn: Inventory, with_tsne: bool, most: int, path: Path) -> None:
    _want_tsne(with_tsne)
    languages = inferred.languages_of_utterances
    utts = sample(languages, most)
    codes = [languages[utt] for utt in utts]
    predicted = [inferred.predictions[utt] for utt in utts]
    _write_plane(f"Utterances of {inferred.set_name}", utts, codes, predicted, inferred.embeddings(utts), drawn, path)


def _write_plane(
    title: str,
    keys: list[str],
    codes: list[str],
    predicted: list[str] | None,
    vectors: np.ndarray,
    drawn: Inventory,
    path: Path,
) -> None:
    """Draw vectors as a picture, a page and a table."""
    if len(keys) < FEWEST:
        raise NotDrawn(f"t-SNE needs {FEWEST} points or more, and there are {len(keys)}")
    plane = Plane(f"{title}, by likeness", keys, codes, predicted, project(vectors))
    what = f"t-SNE of {len(keys)} embeddings"
    if predicted is not None:
        what += f", {len(set(codes))} {noun(drawn)}s"
    save_png(draw_plane(plane, drawn, what), path)
    write_page(plane, drawn, what, path.with_suffix(".html"))
    write_csv(plane, drawn, path.with_suffix(".csv"))


def _need_truth(inferred: Inferred) -> None:
    if inferred.references is None:
        raise NotDrawn("the set has no utt2lang, so nothing can be right or wrong")


def _want_tsne(with_tsne: bool) -> None:
    if not with_tsne:
        raise NotDrawn("t-SNE was not asked for")
