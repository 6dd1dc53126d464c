"""Stage 9 as it is called."""

from conftest import run
from toy_finished import make_finished

NAME = "lid_toy_valid.accuracy.best"


def test_stage_9_packs_an_experiment(recipe):
    make_finished(recipe)
    done = run("steps/09_pack.sh", "exp/lid_toy", cwd=recipe)
    assert f"exp/lid_toy/packed/{NAME}.zip: the same in one file" in done.stdout
    assert "scores of test_toy; licence apache-2.0" in done.stdout
    archive = recipe / "exp/lid_toy/packed" / f"{NAME}.zip"
    run("steps/09_pack.sh", "--name", "mine", "--licence", "mit", "exp/lid_toy/", cwd=recipe)
    assert {entry.name for entry in archive.parent.iterdir()} - {".lock"} == {NAME, f"{NAME}.zip", "mine", "mine.zip"}


def test_what_stage_9_cannot_pack_is_told(recipe):
    done = run("steps/09_pack.sh", "exp/none", cwd=recipe, ok=False)
    assert "exp/none: there is no such experiment; train it by stage 5" in done.stderr
    make_finished(recipe)
    done = run("steps/09_pack.sh", "--inference_model", "none.pth", "exp/lid_toy", cwd=recipe, ok=False)
    assert "has no model file 'none.pth'; there are valid.accuracy.best.pth" in done.stderr
    assert "usage:" in run("steps/09_pack.sh", cwd=recipe, ok=False).stderr
