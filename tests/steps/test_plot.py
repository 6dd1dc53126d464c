"""Stage 8 as a user runs it."""

import pytest

from conftest import run
from toy_inference import make_inference

STAGE = "steps/08_plot_tsne.sh"


def test_it_draws_and_says_what(recipe):
    folder, data_dir = make_inference(recipe, ["deu", "fra", "hin", "tur"], 4)
    said = run(STAGE, "--max_utt_per_lang_for_tsne", 3, folder, data_dir, cwd=recipe).stdout
    assert f"{folder}/images/map.png\n" in said and "not drawn" not in said
    assert len((folder / "images/tsne_utterances.csv").read_text().splitlines()) == 1 + 4 * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["exp/none/inference/m/test", "dump/raw/test"], "inference did not come to its end; run stage 6"),
        (["--tsne", "maybe", "a", "b"], "--tsne is true or false, not 'maybe'"),
        (["--max_utt_per_lang_for_tsne", "0", "a", "b"], "expected a number from 1, found '0'"),
        (["--tsen", "true", "a", "b"], "unknown option --tsen; did you mean --tsne?"),
        (["only-one"], "usage: steps/08_plot_tsne.sh"),
    ],
)
def test_what_it_cannot_do_is_told(recipe, arguments, message):
    assert message in run(STAGE, *arguments, cwd=recipe, ok=False).stderr
