"""The experiments of egs/ on miniatures of their corpora, up to where training begins."""

from pathlib import Path

import pytest

from conftest import lay_out_recipe, run, say_in_db
from corpora import make_babel, make_fleurs, make_ml_superb2, make_voxlingua107, make_voxpopuli
from geolid.data.tables import read_table

MAKE = {
    "VOXLINGUA107": make_voxlingua107.make,
    "BABEL": make_babel.make,
    "FLEURS": make_fleurs.make,
    "ML_SUPERB2": make_ml_superb2.make,
    "VOXPOPULI": make_voxpopuli.make,
}
PREFIXES = {"voxlingua107", "babel", "fleurs", "ml_superb2", "voxpopuli"}


@pytest.fixture(scope="module")
def corpora(tmp_path_factory) -> dict[str, Path]:
    """Where each corpus is, as db.sh says it."""
    disk = tmp_path_factory.mktemp("disk")
    for name, make in MAKE.items():
        make(disk / name.lower())
    return {name: disk / name.lower() for name in MAKE}


@pytest.fixture(scope="module")
def combined(corpora, tmp_path_factory) -> Path:
    """A recipe after stage 4 of the combined experiment."""
    recipe = lay_out_recipe(tmp_path_factory.mktemp("recipe"))
    say_in_db(recipe, **corpora)
    run("egs/geolid/run_combined.sh", "--nj", 2, "--stop_stage", 4, cwd=recipe)
    return recipe


def shapes(recipe: Path, expdir: str, of: str) -> dict[str, str]:
    return read_table(recipe / expdir / "lid_stats_16k" / of / "speech_shape")


def test_all_corpora_are_prepared_and_put_together(combined):
    train = combined / "dump/raw/train_all_no_filter_lang"
    assert read_table(train / "dataset2utt").keys() == PREFIXES
    assert shapes(combined, "exp_combined", "train") == read_table(train / "utt2num_samples")
    assert len(read_table(train / "lang2utt")) == len(
        {code for name in PREFIXES for code in read_table(combined / f"data/{train_set(name)}/lang2utt")}
    )
    assert min(map(float, read_table(combined / "data/train_babel_over_10s_lang/utt2dur").values())) >= 10


def train_set(corpus: str) -> str:
    return f"train_{corpus.replace('babel', 'babel_over_10s')}_lang"


def test_voxlingua107_alone_is_tested_on_the_others(combined):
    run("egs/geolid/run_voxlingua107_only.sh", "--nj", 2, "--stage", 3, "--stop_stage", 4, cwd=combined)
    of_train = shapes(combined, "exp_voxlingua107_only", "train")
    assert of_train == read_table(combined / "dump/raw/train_voxlingua107_lang/utt2num_samples")
    tests = ["test_fleurs", "test_voxpopuli", "dev_ml_superb2", "dev_dialect_ml_superb2", "dev_babel_over_10s"]
    assert all((combined / f"dump/raw/{name}_lang/wav.scp").exists() for name in tests)


def test_voxlingua107_needs_no_other_corpus(corpora, recipe):
    say_in_db(recipe, VOXLINGUA107=corpora["VOXLINGUA107"])
    run("egs/voxlingua107/run.sh", "--nj", 2, "--stop_stage", 4, cwd=recipe)
    assert {path.name for path in (recipe / "data").glob("*_lang")} == {
        "train_voxlingua107_lang",
        "dev_voxlingua107_lang",
    }
    run("egs/xls_r/run.sh", "--stage", 4, "--stop_stage", 4, cwd=recipe)
    for expdir in ("exp_voxlingua107", "exp_xls_r"):
        of_train = shapes(recipe, expdir, "train")
        assert of_train == read_table(recipe / "dump/raw/train_voxlingua107_lang/utt2num_samples")
