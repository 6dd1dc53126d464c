"""The card of a packed model: README.md, which the Hub shows; its head is what the Hub sorts models by."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from geolid.data.languages import registry
from geolid.model.package import IMAGES, LANGUAGES, LICENCES, SUMS, TRAINING
from geolid.share.licences import OTHER, Licence

_DOMAINS = {"in": "in", "out": "out of"}
_HUB_DATA_SETS = {
    "fleurs": "google/fleurs",
    "ml_superb2": "espnet/ml_superb_hf",
    "voxpopuli": "facebook/voxpopuli",
}
_CAPTIONS = {
    "map": "The languages at their places, where the model places utterances of {set}, and its confusions there",
    "tsne_utterances": "t-SNE of the embeddings of {set}",
    "confusion": "What is taken for what in {set}",
    "accuracy_by_language": "Accuracy by language in {set}",
    "reliability": "Whether the model is as often right as it says, in {set}",
    "curves": "The training",
}
PICTURES = tuple(_CAPTIONS)
_LANGUAGE_TAGS = ("spoken-language-identification", "language-identification")
_COLUMNS = (
    *("set", "domain", "utterances", "languages"),
    *("accuracy", "95 % interval", "macro accuracy", "Cavg", "calibration error"),
)


@dataclass(frozen=True)
class Facts:
    """What a card is written from."""

    name: str
    languages: Sequence[str]
    vector_kind: str | None
    sampling_rate: int
    parameters: int
    licence: Licence
    training: Mapping[str, Any]  # training.json
    scores: Mapping[str, Mapping[str, Any]]  # results by set
    calibrated_on: str | None
    pictures: Mapping[str, str]  # by what they show: the set that they show it of, "" for none
    free_labels: bool = False  # "languages" are others, such as speakers


def write_card(facts: Facts) -> str:
    """Return README.md."""
    parts = [
        f"---\n{yaml.safe_dump(_head(facts), sort_keys=False, allow_unicode=True, width=120)}---",
        f"# {facts.name}",
        *([f"> **{facts.licence.warning}.** See [{LICENCES}]({LICENCES})."] if facts.licence.warning else []),
        _what_it_is(facts),
        _use(facts),
        _results(facts),
        _pictures(facts),
        _limits(facts),
        _training(facts),
        f"## Licence\n\n{facts.licence.name.upper()}; [{LICENCES}]({LICENCES}) tells what it follows from.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(facts: Facts) -> dict[str, Any]:
    head: dict[str, Any] = {"license": facts.licence.name}
    if not facts.free_labels:
        head = {"language": [_hub_code(code) for code in facts.languages if code in registry()], **head}
    if facts.licence.name == OTHER:
        head |= {"license_name": "see-licenses", "license_link": LICENCES}
    bases = [base.name for base in facts.licence.bases if base.is_on_hub]
    if bases:
        head["base_model"] = bases
    data_sets = [_HUB_DATA_SETS[corpus] for corpus in facts.training["corpora"] if corpus in _HUB_DATA_SETS]
    if data_sets:
        head["datasets"] = data_sets
    head |= {
        "library_name": "geolid",
        "pipeline_tag": "audio-classification",
        "tags": [*([] if facts.free_labels else _LANGUAGE_TAGS), "speech", "geolid"],
        "metrics": ["accuracy"],
    }
    if facts.vector_kind == "geo":
        head["tags"].append("geolocation")
    if facts.scores:
        results = [_entry(name, scores, facts.free_labels) for name, scores in facts.scores.items()]
        head["model-index"] = [{"name": facts.name, "results": results}]
    return head


def _hub_code(code: str) -> str:
    """Return what the Hub calls a language: by two letters where there are such, else by three."""
    return registry()[code].part1 or code


def _entry(name: str, scores: Mapping[str, Any], free_labels: bool) -> dict[str, Any]:
    """Return the scores of a set as the Hub takes them, in %."""
    common = scores["common"]
    metrics = [("accuracy", "Accuracy (%)", common["accuracy"])]
    kind = "labels" if free_labels else "languages"
    task = "Audio classification" if free_labels else "Spoken language identification"
    metrics += [("accuracy", f"Macro accuracy over {kind} (%)", common["macro_accuracy"])]
    metrics += [("cavg", "Cavg (%)", scores.get("cavg")), ("eer", "Equal error rate (%)", scores.get("eer"))]
    return {
        "task": {"type": "audio-classification", "name": task},
        "dataset": {"type": name, "name": name},
        "metrics": [
            {"type": kind, "name": title, "value": round(100 * value, 2)}
            for kind, title, value in metrics
            if value is not None
        ],
    }


def _what_it_is(facts: Facts) -> str:
    places = ""
    if facts.vector_kind == "geo":
        places = " It also tells the place on the globe that it hears a language of."
    if facts.free_labels:
        return (
            f"A model of {_millions(facts.parameters)} parameters that tells which of {len(facts.languages)} labels a "
            "recording of speech has; they are no languages, but such as speakers. It gives probabilities and "
            f"embeddings, from audio of {facts.sampling_rate / 1000:g} kHz (others are resampled). It was made by "
            f"GeoLID. [{LANGUAGES}]({LANGUAGES}) lists the labels."
        )
    return (
        f"A model of {_millions(facts.parameters)} parameters that hears which of {len(facts.languages)} languages is "
        f"spoken, with probabilities and embeddings, from audio of {facts.sampling_rate / 1000:g} kHz (others are "
        f"resampled).{places} It was made by GeoLID. [{LANGUAGES}]({LANGUAGES}) lists the languages."
    )


def _use(facts: Facts) -> str:
    place = "\nprint(answer.place)                             # where that is spoken, as it hears" * (
        facts.vector_kind == "geo"
    )
    return f"""## Use

With GeoLID installed, where `{facts.name}` is this folder, its zip, or the model's id on the Hub:

```python
import geolid

identifier = geolid.LanguageIdentifier.from_pretrained("{facts.name}")
answer = identifier.identify("speech.wav")      # wav, flac, mp3, ogg, opus; any rate, any number of channels
print(answer.language, answer.name, answer.probability)
print(answer.top(3)){place}
```

```bash
geolid identify --model {facts.name} speech.wav folder/
geolid info {facts.name}
```

`sha256sum -c {SUMS}` tells whether all of it arrived. Weights, languages and scores are plain files (safetensors, tsv,
JSON) that can be read without GeoLID."""


def _results(facts: Facts) -> str:
    if not facts.scores:
        return "## Results\n\nThis model was packed before it was scored on any set."
    rows = [
        f"| {' | '.join(_COLUMNS)} |",
        "|---|" + "---|" * (len(_COLUMNS) - 1),
    ]
    for name, scores in facts.scores.items():
        common = scores["common"]
        low, high = common["accuracy_interval"]
        domain = f"{_DOMAINS[scores['domain']]} domain" if scores.get("domain") in _DOMAINS else "not known"
        cells = [
            name + (" (chose the model)" if scores.get("validation_set") else ""),
            domain,
            str(common["utterances"]),
            _of(common["languages"], scores["languages"]),
            _percent(common["accuracy"]),
            f"[{_percent(low)}, {_percent(high)}]",
            _percent(common["macro_accuracy"]),
            _percent(scores.get("cavg")),
            _percent((scores.get("calibration") or {}).get("ece")),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    kind = "labels" if facts.free_labels else "languages"
    counted = f"In %, over the {kind} that a set and the model have in common."
    calibrated = "Probabilities are not calibrated."
    if facts.calibrated_on:
        calibrated = f"Probabilities are calibrated on {facts.calibrated_on}."
    return "\n".join(["## Results", "", f"{counted} {calibrated}", "", *rows])


def _of(scored: int, there: int) -> str:
    return str(there) if scored == there else f"{scored} of {there}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f}"


def _pictures(facts: Facts) -> str:
    lines = []
    for what, of_set in facts.pictures.items():
        lines.append(f"![{_CAPTIONS[what].format(set=of_set)}]({IMAGES}/{what}.png)")
    return "\n\n".join(lines)


def _limits(facts: Facts) -> str:
    lines = _limits_of_labels(facts) if facts.free_labels else _limits_of_languages(facts)
    if set(facts.training["corpora"]) == {"mini"}:
        lines.append(
            "- **It was trained on synthesised speech alone.** It shows how a model is made, and is of no use for "
            "people's voices."
        )
    return "\n".join(lines)


def _limits_of_labels(facts: Facts) -> list[str]:
    return [
        "## What it is for, and what not",
        "",
        f"- It answers with one of its {len(facts.languages)} labels, whatever it hears: also to music, silence or "
        "what it has not been trained on. A low probability is a hint, no proof.",
        "- An accuracy holds for sets like the one it was measured on.",
        "- Where labels are people, do not decide about them by it, and mind the laws on biometric data.",
    ]


def _limits_of_languages(facts: Facts) -> list[str]:
    lines = [
        "## What it is for, and what not",
        "",
        "It sorts recordings of speech by language: to choose a recogniser, to search an archive, to clean a corpus.",
        "",
        f"- It answers with one of its {len(facts.languages)} languages, whatever it hears: also to music, silence or "
        "a language that it does not know. A low probability is a hint, no proof.",
        "- Short utterances, telephones, noise, accents and dialects that the training did not hold are harder for it; "
        "an accuracy holds for sets like the one it was measured on.",
        "- A language is not where somebody comes from. It is not made to tell nationality, origin or ethnicity, nor "
        "to decide about people.",
    ]
    if facts.vector_kind == "geo":
        lines.append(
            "- The place is where the language that it hears is at home in its training, not where the speaker is."
        )
    return lines


def _training(facts: Facts) -> str:
    record = facts.training
    told = []
    if record["corpora"]:
        told.append(f"Trained on the corpora {_listed(record['corpora'])}.")
    for kind, role in (("train", "It learnt from"), ("valid", "It was chosen by")):
        of_set = record["sets"][kind]
        if of_set and of_set["utterances"] is not None:
            hours = f"{of_set['hours']:.1f}" if of_set["hours"] >= 0.05 else f"{of_set['hours']:.4f}"
            told.append(
                f"{role} `{of_set['name']}`: {of_set['utterances']} utterances, {hours} hours, "
                f"{len(of_set['languages'])} {'labels' if facts.free_labels else 'languages'}."
            )
        elif of_set:
            told.append(f"{role} `{of_set['name']}`.")
    if record["seed"] is not None:
        told.append(f"Its seed was {record['seed']}.")
    kind = "label" if facts.free_labels else "language"
    told.append(f"[{TRAINING}]({TRAINING}) has the hours of each {kind}, the options and the versions.")
    return "## Training\n\n" + " ".join(told)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _millions(count: int) -> str:
    return f"{count / 1e6:.0f} million" if count >= 10e6 else f"{count / 1e6:.1f} million"
