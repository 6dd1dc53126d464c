"""Tell what a model is, knows and scored."""

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from geolid.bin.command import ArgumentParser, run
from geolid.bin.model_options import KINDS, VARIABLE, add_model_options, model_of
from geolid.identify.identification import language_name
from geolid.identify.locate import locate
from geolid.model.package import ModelFiles, open_model
from geolid.share.licences import choose_licence
from geolid.share.training_record import training_record

_KINDS = {"package": "a packed model", "experiment": "an experiment's model", "espnet": "a model packed by ESPnet"}


def main(argv: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", metavar="MODEL", help=f"{KINDS} (default: what {VARIABLE} names)")
    add_model_options(parser)
    args = parser.parse_args(argv)
    source = model_of(args.model)
    with open_model(locate(source, args.revision), args.inference_model, args.labels, args.allow_pickle) as files:
        print("\n".join(_told(files, source)))


def _told(files: ModelFiles, source: str) -> Iterator[str]:
    yield f"{files.name}: {_KINDS[files.kind]}, {source}"
    yield ""
    yield from _paragraph("hears", f"{files.sampling_rate} Hz; other rates are resampled")
    yield from _paragraph("built of", _parts(files.config))
    yield from _paragraph("places", "it predicts where a language is spoken" if files.vector_kind == "geo" else "none")
    yield from _paragraph("confidence", _calibration(files))
    manifest = files.manifest() or {}
    parameters = f", {manifest['parameters'] / 1e6:.1f} million parameters" if "parameters" in manifest else ""
    yield from _paragraph("weights", f"{files.weights.name}, {files.weights.stat().st_size / 1e6:.1f} MB{parameters}")
    yield from _training(files.training() or training_record(files))
    licence = choose_licence(files.config, manifest.get("licence"))
    yield from _paragraph("licence", licence.name if files.kind == "package" else f"{licence.name}, if it is packed")
    if licence.warning:
        yield from ("", f"*** {licence.warning} ***")
    yield ""
    kind, name_of = ("labels", str) if files.has_free_labels else ("languages", _named)
    yield from _paragraph(f"{len(files.languages)} {kind}", ", ".join(map(name_of, files.languages)))
    yield ""
    yield from _scores(files.scores())


def _paragraph(title: str, text: str) -> Iterable[str]:
    width = min(shutil.get_terminal_size().columns, 120)
    return textwrap.wrap(text, width, initial_indent=f"{title:<14}", subsequent_indent=" " * 14, break_on_hyphens=False)


def _named(code: str) -> str:
    name = language_name(code)
    return code if name == code else f"{code} {name}"


def _parts(config: Mapping[str, Any]) -> str:
    encoder = (config.get("encoder_config") or {}).get("model_type")
    parts = [f"{config.get('frontend')}{f' ({encoder})' if encoder else ''}"]
    parts += [config.get(part) for part in ("encoder", "pooling", "projector", "loss")]
    layers = (config.get("model_conf") or {}).get("lang2vec_conditioning_layers")
    if layers and config.get("model") == "upstream_condition":
        parts.append(f"conditioned at layers {' '.join(map(str, layers))}")
    return ", ".join(filter(None, parts))


def _calibration(files: ModelFiles) -> str:
    if files.temperature is None:
        return "not calibrated: its probabilities are likely to be too high"
    fitted_on = (files.calibration() or {}).get("set")
    return f"calibrated{f' on {fitted_on}' if fitted_on else ''}, temperature {files.temperature:.3f}"


def _training(record: Mapping[str, Any]) -> Iterator[str]:
    corpora = ", ".join(record.get("corpora") or ())
    for kind, part in (record.get("sets") or {}).items():
        if part is not None:
            of = f" of {corpora}" if corpora and kind == "train" else ""
            much = f": {part['utterances']} utterances, {part['hours']:.2f} h" if part["utterances"] else ""
            yield from _paragraph("trained on" if kind == "train" else "chosen by", f"{part['name']}{of}{much}")


def _scores(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if not results:
        yield "It comes without scores."
        return
    width = max(map(len, results))
    yield f"{'scored on':<{width}}  utterances  languages  accuracy  95 % interval    macro accuracy"
    for name, result in results.items():
        of = result["common"]
        low, high = (f"{100 * end:.1f}" for end in of["accuracy_interval"])
        unknown = result.get("unknown_languages")
        remark = f"  and {len(unknown)} languages that it does not know" if unknown else ""
        yield (
            f"{name:<{width}}  {of['utterances']:>10}  {of['languages']:>9}  {100 * of['accuracy']:>8.1f}  "
            f"{f'[{low}, {high}]':<15}  {100 * of['macro_accuracy']:>14.1f}{remark}"
        )


if __name__ == "__main__":
    run(main)
