"""All pictures of a set: what is drawn, what is not and why, and what is refused."""

import csv
import json
import re
import shutil
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest

from geolid.bin.plot import main
from geolid.errors import GeoLIDError
from toy_inference import make_inference

CODES = ["cym", "deu", "fra", "hin", "nld", "spa", "tur"]
PNGS = {
    "map.png",
    "confusion.png",
    "accuracy_by_language.png",
    "accuracy_by_duration.png",
    "reliability.png",
    "layer_weights.png",
    "tsne_languages.png",
    "tsne_utterances.png",
}
OF_TSNE = {f"tsne_{what}.{kind}" for what in ("languages", "utterances") for kind in ("png", "html", "csv")}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An inference folder of seven languages, its data directory, and the pictures of both."""
    folder, data_dir = make_inference(tmp_path_factory.mktemp("made"), CODES)
    main([str(folder), str(data_dir), "--max_utt_per_lang_for_tsne", "5"])
    return folder, data_dir


@pytest.fixture
def toy(made, tmp_path):
    """A copy of the same, which a test may change."""
    folder, data_dir = made
    shutil.copytree(folder.parents[3], tmp_path / "copy")
    root = folder.parents[4]
    copy = tmp_path / "copy"
    return copy / folder.relative_to(folder.parents[3]), shutil.copytree(data_dir, copy / data_dir.relative_to(root))


def images(folder) -> set[str]:
    return {file.name for file in (folder / "images").iterdir()}


def test_all_pictures_are_drawn_and_stay_small(made):
    folder, _ = made
    assert images(folder) == PNGS | OF_TSNE
    for name in PNGS:
        height, width, _ = matplotlib.image.imread(folder / "images" / name).shape
        assert min(height, width) > 300
        assert (folder / "images" / name).stat().st_size < 200_000


def test_the_page_needs_no_network(made):
    page = (made[0] / "images/tsne_utterances.html").read_text()
    assert "plotly" in page[:200_000] and len(page) > 3_000_000, "plotly's own script is inside"
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)
    assert "deu_0000" in page and r"German (deu)\u003c\u002fb\u003e, Germanic" in page
    assert re.search(r'"text":\[[^]]*"German"[^]]*\]', page), "languages are named where their utterances are"


def test_the_table_holds_a_sample_of_every_language(made):
    with (made[0] / "images/tsne_utterances.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["utterance", "language", "name", "family", "predicted", "x", "y"]
    assert [row["utterance"] for row in rows if row["language"] == "deu"] == [f"deu_{n:04}" for n in (0, 1, 3, 4, 6)]
    assert len(rows) == 5 * len(CODES)
    assert {(row["name"], row["family"]) for row in rows if row["language"] == "nld"} == {("Dutch", "Germanic")}


def test_the_same_files_again(made, tmp_path):
    folder, data_dir = made
    main([str(folder), str(data_dir), "--max_utt_per_lang_for_tsne", "5", "--images", str(tmp_path)])
    for file in (folder / "images").iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


def test_without_tsne_no_embeddings_are_needed_and_old_pictures_go(toy, capsys):
    folder, data_dir = toy
    (folder / "test_toy_embeddings.npz").unlink()
    main([str(folder), str(data_dir), "--tsne", "false"])
    assert images(folder) == PNGS - OF_TSNE
    assert "tsne_utterances: not drawn, t-SNE was not asked for" in capsys.readouterr().out


def test_without_truth_there_are_the_map_and_tsne(toy, capsys):
    """No utt2lang: no results and no embeddings of languages either."""
    folder, data_dir = toy
    (data_dir / "utt2lang").unlink()
    (folder / "results.json").unlink()
    (folder / "test_toy_language_embeddings.npz").unlink()
    main([str(folder), str(data_dir)])
    assert images(folder) == {"map.png", "layer_weights.png"} | {f"tsne_utterances.{k}" for k in ("png", "html", "csv")}
    said = capsys.readouterr().out
    assert "confusion: not drawn, the set has no utt2lang" in said
    assert "tsne_languages: not drawn, stage 6 has written no embeddings of languages" in said


def test_a_model_that_predicts_no_places_and_sums_no_layers(toy, capsys):
    folder, data_dir = toy
    (folder / "test_toy_places").unlink()
    (folder.parent / "layer_weights").unlink()
    main([str(folder), str(data_dir), "--tsne", "false"])
    assert images(folder) == PNGS - OF_TSNE - {"layer_weights.png"}
    assert "layer_weights: not drawn, the model sums up no layers" in capsys.readouterr().out


@pytest.mark.parametrize(("codes", "utts"), [(["deu"], 1), (["tok"], 2), (["deu", "tok", "fra"], 1)])
def test_too_few_points_for_tsne(tmp_path, capsys, codes, utts):
    """One utterance, one language, a language of nowhere only, as many utterances as languages."""
    folder, data_dir = make_inference(tmp_path, codes, utts)
    main([str(folder), str(data_dir)])
    said = capsys.readouterr().out
    assert f"tsne_languages: not drawn, t-SNE needs 4 points or more, and there are {len(codes)}" in said
    assert f"tsne_utterances: not drawn, t-SNE needs 4 points or more, and there are {utts * len(codes)}" in said
    nowhere = {"map.png"} if codes == ["tok"] else set()
    assert images(folder) == PNGS - OF_TSNE - nowhere
    assert ("map: not drawn, none of the languages has a place" in said) == bool(nowhere)


def test_languages_that_the_model_does_not_know(toy, capsys):
    folder, data_dir = toy
    lines = (data_dir / "utt2lang").read_text().replace(" spa", " glg")
    (data_dir / "utt2lang").write_text(lines)
    main([str(folder), str(data_dir), "--tsne", "false"])
    assert images(folder) == PNGS - OF_TSNE


def spoil_embeddings(folder, data_dir):
    with np.load(folder / "test_toy_embeddings.npz") as file:
        vectors = dict(file)
    vectors["fra_0002"] = vectors["fra_0002"] * np.nan
    np.savez(folder / "test_toy_embeddings.npz", **vectors)


def spoil_logits(folder, data_dir):
    np.save(folder / "test_toy_logits.npy", np.zeros((3, 7), np.float32))


def change_inference(folder, data_dir):
    (folder / "inference.json").write_text(json.dumps({"model": "another", "temperature": 1.0}))


def change_reference(folder, data_dir):
    (data_dir / "utt2lang").write_text("ita_1 ita\n")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda folder, _: (folder / "test_toy_embeddings.npz").unlink(),
            "test_toy_embeddings.npz: there is no such file, and t-SNE shows embeddings; run stage 6 with "
            "--extract_embd true",
        ),
        (spoil_embeddings, "1 embeddings hold NaN or infinity, the first is that of 'fra_0002'"),
        (spoil_logits, "holds 3 x 7 numbers, expected 56 utterances x 7 languages; run stage 6"),
        (lambda folder, _: (folder / "results.json").unlink(), "there are no results of this inference; run stage 7"),
        (change_inference, "there are no results of this inference; run stage 7, which scores test_toy"),
        (lambda folder, _: (folder / "inference.json").unlink(), "inference did not come to its end; run stage 6"),
        (change_reference, "56 of its utterances are not in"),
        (lambda folder, _: (folder.parent / "layer_weights").write_text("0.5\nx\n"), "shares, one number a line"),
        (lambda folder, _: (folder / "test_toy_lids").write_text(""), "holds no utterance; there is nothing to draw"),
    ],
)
def test_what_cannot_be_drawn_is_told(toy, spoil, message):
    folder, data_dir = toy
    spoil(folder, data_dir)
    with pytest.raises(GeoLIDError, match=re.escape(message)):
        main([str(folder), str(data_dir), "--max_utt_per_lang_for_tsne", "4"])


def test_drawing_imports_no_torch():
    script = (
        "import sys, geolid.report.plots.pictures, plotly.graph_objects, sklearn.manifold;"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
