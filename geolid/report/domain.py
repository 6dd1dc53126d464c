"""What an experiment says it was trained on, and whether a test set comes from the same corpora.

Corpora have names, which stand in the table utt2dataset of every set that is made from them. Training keeps the names
of its own in config.yaml, under `data_sets`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import yaml

from geolid.data.tables import read_rows
from geolid.errors import GeoLIDError
from geolid.geo.vectors import places_file


@dataclass(frozen=True)
class Experiment:
    data_sets: frozenset[str]  # the corpora it was trained on; empty where that is not known
    valid_set: str | None  # the set by which the model was chosen
    vector_file: Path | None  # places of languages that lang2vec does not have


def read_experiment(exp_dir: Path, trained_on: Collection[str] = ()) -> Experiment:
    """Read the record of an experiment; `trained_on` names the corpora where it does not, as with published models."""
    config_file = Path(exp_dir) / "config.yaml"
    config = {}
    if config_file.exists():
        try:
            config = yaml.safe_load(config_file.read_text(encoding="utf-8")) or {}
        except yaml.YAMLError as error:
            raise GeoLIDError(f"{config_file}: no YAML: {error}; take the file that training wrote") from None
    recorded = frozenset(config.get("data_sets") or ())
    if recorded and trained_on and recorded != frozenset(trained_on):
        raise GeoLIDError(
            f"--trained_on says {' '.join(sorted(trained_on))}, but {config_file} {' '.join(sorted(recorded))}; leave "
            "the option out, it is for models without such a record"
        )
    valid_table = next((path for path, *_ in config.get("valid_data_path_and_name_and_type") or ()), None)
    return Experiment(
        data_sets=recorded or frozenset(trained_on),
        valid_set=Path(valid_table).parent.name if valid_table else None,
        vector_file=places_file(config),
    )


def domain(experiment: Experiment, data_dir: Path) -> str:
    """Say whether a set is "in" the domain of training, "out" of it (if some of it is), or that this is "unknown"."""
    table = Path(data_dir) / "utt2dataset"
    if not experiment.data_sets or not table.exists():
        return "unknown"
    return "in" if {data_set for _, data_set in read_rows(table)} <= experiment.data_sets else "out"
