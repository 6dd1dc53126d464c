"""Labels that are no languages, through stages 3 to 9 and to an answer: speakers, some of whom are called as languages
are.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

import geolid
from conftest import ROOT, environment, lay_out_recipe, make_data_dir, run
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError
from geolid.train import start

SPEAKERS = {"ana": 200, "id10001": 400, "tom": 800}  # Hz
LANGUAGE_NAMES = ("Andaqui", "Tombulu")  # of the codes ana and tom
EXP = "exp/lid_tiny_raw"
CONFIG = """
based_on: conf/mini/superb_sid.yaml
frontend_conf:
  config: {conv_dim: [8, 8, 8], hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 24,
           num_conv_pos_embeddings: 4, num_conv_pos_embedding_groups: 2}
encoder_conf: {output_size: 12}
preprocessor_conf: {target_duration: 0.5}
batch_bins: 48000
max_batch_size: 6
num_iters_per_epoch: 6
max_epoch: 2
num_workers: 0
max_collapsed_epochs: 99
"""


def write_sets(recipe: Path, free: bool = True) -> None:
    generator = np.random.default_rng(0)
    for name, count in (("train", 5), ("dev", 3), ("test", 4)):
        audio = {}
        for speaker, pitch in SPEAKERS.items():
            for number in range(count):
                utt, samples = f"{speaker}_{name}_{number}", int(generator.integers(8000, 14000))
                wave = 0.3 * np.sin(2 * np.pi * pitch * np.arange(samples) / 16000)
                soundfile.write(recipe / f"{utt}.wav", wave + 0.01 * generator.standard_normal(samples), 16000)
                audio[utt] = (speaker, f"{utt}.wav")
        folder = make_data_dir(recipe / "data" / name, audio)
        if free:
            (folder / "label_kind").write_text("free\n")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    """The recipe after its stages 3 to 9."""
    recipe = lay_out_recipe(tmp_path_factory.mktemp("speakers") / "recipe")
    write_sets(recipe)
    (recipe / "tiny.yaml").write_text(CONFIG)
    done = run(
        "./run.sh", "--stage", 1, "--stop_stage", 9, "--corpora", "none", "--train_set", "train", "--valid_set", "dev",
        "--test_sets", "test", "--lid_config", "tiny.yaml", "--min_wav_duration", 0.1, "--nj", 1, cwd=recipe,
    )  # fmt: skip
    (recipe / "told").write_text(done.stdout + done.stderr)
    return recipe


def packed(recipe: Path) -> Path:
    (archive,) = (recipe / EXP / "packed").glob("*.zip")
    return archive


def test_a_speaker_is_nowhere_given_the_name_of_a_language(recipe):
    told = [recipe / "told", recipe / "exp/lid_stats_16k/languages", *(recipe / EXP).rglob("*")]
    texts = [file for file in told if file.is_file() and file.suffix not in (".pth", ".png", ".npz", ".zip")]
    assert len(texts) > 20
    for file in texts:
        content = file.read_bytes()
        assert not [name for name in LANGUAGE_NAMES if name.encode() in content], file


def test_every_stage_knows_that_labels_are_free(recipe):
    config = yaml.safe_load((recipe / EXP / "config.yaml").read_text())
    assert (config["label_kind"], config["languages"]) == ("free", sorted(SPEAKERS))
    results = json.loads((recipe / EXP / "inference/valid.accuracy.best/test/results.json").read_text())
    assert results["free_labels"] is True
    assert (results["utterances"], results["common"]["languages"]) == (12, 3)
    assert all(pair["km"] is None for pair in results["confusions"])
    for told in ("RESULTS.md", "inference/valid.accuracy.best/test/results"):
        assert "anguage" not in (recipe / EXP / told).read_text()
    lines = (recipe / EXP / "inference/valid.accuracy.best/test/languages.tsv").read_text().splitlines()[1:]
    assert [line.split("\t")[:2] for line in lines] == [[speaker, "-"] for speaker in sorted(SPEAKERS)]
    assert "over 3 of 3 labels, 12 of 12 utterances" in (recipe / "told").read_text()
    assert "3 / 3 labels" in (recipe / "exp/lid_stats_16k/languages").read_text()


def test_what_needs_no_places_is_drawn(recipe):
    images = {file.name for file in (recipe / EXP / "inference/valid.accuracy.best/test/images").glob("*.png")}
    assert {"confusion.png", "accuracy_by_language.png", "reliability.png", "tsne_utterances.png"} <= images
    assert "map.png" not in images


def test_a_packed_model_answers_with_speakers(recipe):
    identifier = geolid.LanguageIdentifier.from_pretrained(packed(recipe), device="cpu")
    assert identifier.names == {speaker: speaker for speaker in SPEAKERS}
    assert repr(identifier).endswith(": 3 labels, on cpu>")
    answer = identifier.identify(str(recipe / "tom_test_0.wav"))
    assert {candidate.language: candidate.name for candidate in answer.top(3)} == identifier.names
    assert answer.place is None
    predicted = read_table(recipe / EXP / "inference/valid.accuracy.best/test/test_lids")
    assert answer.language == predicted["tom_test_0"]
    of_two = identifier.identify(str(recipe / "tom_test_0.wav"), languages=["ana", "id10001"])
    assert of_two.name == of_two.language != "tom"
    assert of_two.unrestricted.name == answer.language
    with pytest.raises(GeoLIDError, match=r"3 labels, and not 'deu' \(it has ana, id10001, tom"):
        identifier.identify(str(recipe / "tom_test_0.wav"), languages=["ana", "deu"])
    sets = ("dump/raw/dev", "dump/raw/test")
    done = run("steps/06_infer.sh", "--candidates", "ana deu", EXP, *sets, cwd=recipe, ok=False)
    assert "3 labels, and not 'deu' (it has " in done.stderr


def test_a_packed_model_says_what_it_is(recipe):
    folder = packed(recipe).with_suffix("")
    assert (folder / "languages.tsv").read_text().splitlines()[1:] == [
        f"{number}\t{speaker}\t\t\t" for number, speaker in enumerate(sorted(SPEAKERS))
    ]
    card = (folder / "README.md").read_text()
    head = yaml.safe_load(card.split("---\n")[1])
    assert "language" not in head
    assert not [tag for tag in head["tags"] if "language" in tag]
    assert "tells which of 3 labels" in card
    assert "spoken" not in card.partition("## Use")[0]


@pytest.mark.parametrize("command", ["info", "identify"])
def test_the_commands_tell_speakers(recipe, command):
    words = {"info": [packed(recipe)], "identify": ["--model", packed(recipe), recipe / "tom_test_0.wav"]}[command]
    done = subprocess.run(
        [sys.executable, "-m", "geolid", command, *map(str, words)],
        cwd=ROOT, env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not [name for name in LANGUAGE_NAMES if name in done.stdout]
    expected = "3 labels      ana, id10001, tom" if command == "info" else '"language": '
    assert expected in done.stdout


def training(recipe: Path, **options):
    """What stage 5 would check before it trains."""
    from geolid.train.options import parse

    words = [f"--{name}={value}" for name, value in options.items()]
    for mode, name in (("train", "train"), ("valid", "dev")):
        words += [f"--{mode}_data_path_and_name_and_type={recipe}/data/{name}/wav.scp,speech,sound"]
        words += [f"--{mode}_data_path_and_name_and_type={recipe}/data/{name}/utt2lang,lid_labels,text"]
        words += [f"--{mode}_shape_file={recipe}/shape"]
    return parse([*words, f"--lang2utt={recipe}/data/train/lang2utt", f"--output_dir={recipe}/exp"])


def test_vectors_of_speakers_are_not_looked_for_among_languages(tmp_path):
    """'ana' and 'tom' would have some."""
    write_sets(tmp_path)
    args = training(tmp_path, loss="aamsoftmax_sc_topk_lang2vec")
    with pytest.raises(GeoLIDError, match="train/label_kind says that labels are no languages; choose a loss without"):
        start.prepare(args)


def test_sets_of_two_kinds_are_refused(tmp_path):
    write_sets(tmp_path)
    (tmp_path / "data/dev/label_kind").unlink()
    with pytest.raises(GeoLIDError, match="train/label_kind says .*, and .*dev does not; train and validate on sets"):
        start.prepare(training(tmp_path, loss="cross_entropy"))
