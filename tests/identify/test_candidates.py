"""Which languages a model knows, and which it is to choose from."""

import pytest

from geolid.errors import GeoLIDError
from geolid.identify.languages import choose_candidates
from geolid.model.experiment import find_model_file, model_languages, read_config


def test_candidates_are_sorted_and_all_languages_without_any():
    assert choose_candidates(["deu", "fra", "ita"], ["ita", "deu", "ita"]) == ["deu", "ita"]
    assert choose_candidates(["deu", "fra", "ita"], []) == ["deu", "fra", "ita"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (["deu", "fr"], r"knows 3 languages, and not 'fr' \(do you mean fra\?\)"),
        (["german", "qqq"], r"not 'german' \(do you mean deu\?\); 'qqq' \(no ISO 639-3 code\)"),
        (["deu", "spa"], r"not 'spa' \(Spanish\)$"),
        (["deu"], "'deu' is the only candidate; name two or more"),
        (["deu", "deu"], "'deu' is the only candidate"),
    ],
)
def test_candidates_that_cannot_be(wanted, message):
    with pytest.raises(GeoLIDError, match=message):
        choose_candidates(["deu", "fra", "ita"], wanted)


def test_a_label_that_is_no_language_is_not_taken_for_one():
    with pytest.raises(GeoLIDError, match=r"knows 3 labels, and not 'tom' \(do you mean thom\?\); 'x' \(it has ana, "):
        choose_candidates(["ana", "id1", "thom"], ["tom", "x"], free_labels=True)


def test_a_published_config_needs_the_training_sets_languages(tmp_path):
    (tmp_path / "lang2utt").write_text("fra a b\ndeu c\n")
    conf = {"lang_num": 2}
    with pytest.raises(GeoLIDError, match="x.yaml: does not say which languages its 2 classes are; .* --lang2utt"):
        model_languages(conf, "x.yaml")
    assert model_languages(conf, "x.yaml", tmp_path / "lang2utt") == ["deu", "fra"]
    with pytest.raises(GeoLIDError, match=r"lang2utt: has 2 languages, and the model 3 classes"):
        model_languages({"lang_num": 3}, "x.yaml", tmp_path / "lang2utt")


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "no YAML"), ("a: 1\n", "expected the config of a language identifier"), ("- 1\n", "expected the config")],
)
def test_what_is_no_config_is_told(tmp_path, text, message):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(GeoLIDError, match=message):
        read_config(tmp_path / "config.yaml")
    with pytest.raises(GeoLIDError, match="there is no such config"):
        read_config(tmp_path / "none.yaml")


def test_a_model_is_a_name_in_the_folder_or_any_path(tmp_path):
    exp = tmp_path / "exp"
    exp.mkdir()
    for file in (exp / "valid.accuracy.ave.pth", exp / "checkpoint.pth", tmp_path / "other.pth"):
        file.touch()
    assert find_model_file(exp, "valid.accuracy.ave.pth") == exp / "valid.accuracy.ave.pth"
    assert find_model_file(exp, str(tmp_path / "other.pth")) == tmp_path / "other.pth"
    message = r"exp: has no model file '{}'; there are valid.accuracy.ave.pth; name one of them"
    for wrong in ("valid.loss.best.pth", "checkpoint.pth"):
        with pytest.raises(GeoLIDError, match=message.format(wrong)):
            find_model_file(exp, wrong)
    (exp / "valid.accuracy.ave.pth").unlink()
    with pytest.raises(GeoLIDError, match="it has no model yet"):
        find_model_file(exp, "valid.accuracy.ave.pth")
    with pytest.raises(GeoLIDError, match="there is no such experiment"):
        find_model_file(tmp_path / "nowhere", "valid.accuracy.ave.pth")
