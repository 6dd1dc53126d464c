"""In-domain or out-of-domain, by the corpora that stand in tables and in the experiment's record."""

import pytest

from geolid.errors import GeoLIDError
from geolid.report.domain import domain, read_experiment
from toy_predictions import write_reference

CONFIG = """
data_sets: [fleurs, voxlingua107]
valid_data_path_and_name_and_type:
-   - dump/raw/dev_ml_superb2_lang/wav.scp
    - speech
    - sound
-   - dump/raw/dev_ml_superb2_lang/utt2lang
    - lid_labels
    - text
preprocessor_conf:
    lang2vec_file: conf/places
"""


@pytest.fixture
def exp_dir(tmp_path):
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


def test_the_record_of_training(exp_dir):
    experiment = read_experiment(exp_dir)
    assert experiment.data_sets == {"fleurs", "voxlingua107"}
    assert experiment.valid_set == "dev_ml_superb2_lang"
    assert str(experiment.vector_file) == "conf/places"


def test_a_file_of_other_vectors_tells_no_places(exp_dir):
    (exp_dir / "config.yaml").write_text(f"{CONFIG}loss_conf: {{lang2vec_type: phonology_knn}}\n")
    assert read_experiment(exp_dir).vector_file is None


@pytest.mark.parametrize(
    ("data_sets", "expected"),
    [(["fleurs"] * 2, "in"), (["fleurs", "voxlingua107"], "in"), (["babel"] * 2, "out"), (["babel", "fleurs"], "out")],
)
def test_the_domain_goes_by_corpora_and_not_by_names(exp_dir, data_sets, expected):
    utt2dataset = dict(zip("ab", data_sets, strict=True))
    data_dir = write_reference(exp_dir / "dev_fleurs_lang", {"a": "deu", "b": "fra"}, utt2dataset=utt2dataset)
    assert domain(read_experiment(exp_dir), data_dir) == expected


def test_what_nobody_recorded_is_unknown(exp_dir, tmp_path):
    without_table = write_reference(tmp_path / "test_fleurs_lang", {"a": "deu"})
    assert domain(read_experiment(exp_dir), without_table) == "unknown"
    with_table = write_reference(tmp_path / "x", {"a": "deu"}, utt2dataset={"a": "fleurs"})
    published = read_experiment(tmp_path / "elsewhere")
    assert domain(published, with_table) == "unknown"
    assert published.valid_set is None


def test_an_option_tells_it_of_models_without_a_record(tmp_path):
    data_dir = write_reference(tmp_path / "x", {"a": "deu"}, utt2dataset={"a": "fleurs"})
    assert domain(read_experiment(tmp_path, ["voxlingua107"]), data_dir) == "out"
    assert domain(read_experiment(tmp_path, ["voxlingua107", "fleurs"]), data_dir) == "in"


def test_an_option_against_the_record_is_refused(exp_dir):
    read_experiment(exp_dir, ["voxlingua107", "fleurs"])
    with pytest.raises(GeoLIDError, match=r"--trained_on says babel, but .*config.yaml fleurs voxlingua107; leave"):
        read_experiment(exp_dir, ["babel"])
