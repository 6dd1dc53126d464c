"""SpeechBrain's hyperparameter files, read without running them."""

import pytest

from geolid.errors import GeoLIDError
from geolid.share.speechbrain_yaml import Hyperparameters


def read(folder, text) -> Hyperparameters:
    (folder / "hyperparams.yaml").write_text(text)
    return Hyperparameters(folder / "hyperparams.yaml")


def test_references_are_followed_and_objects_found_once_however_deep(tmp_path):
    said = read(
        tmp_path,
        """
size: 1024
twice: !ref <size>
save: !ref <twice>/models/<name>
name: big
wav2vec2: &one !new:speechbrain.lobes.models.huggingface_wav2vec.HuggingFaceWav2Vec2
    source: !ref <save>
    output_norm: True
list: !new:torch.nn.ModuleList
    - [*one, !name:torch.nn.LeakyReLU ]
    - inner:
        - !new:speechbrain.nnet.pooling.StatisticsPooling
        - !ref <wav2vec2>
""",
    )
    assert (said.get("twice"), said.get("save"), said.get("none", 3)) == (1024, "1024/models/big", 3)
    (encoder,) = said.made("Wav2Vec2", "HuggingFaceWav2Vec2")
    assert encoder.options == {"source": "1024/models/big", "output_norm": True}
    (pooling,) = said.made("StatisticsPooling")
    assert pooling.option("return_std", True) is True
    assert said.made("Linear") == []


def test_nothing_of_a_file_is_run(tmp_path):
    text = f"""
a: !apply:os.mkdir [{tmp_path}/made]
b: !new:os.system
    command: touch {tmp_path}/made
c: !!python/object/apply:os.mkdir [{tmp_path}/made]
"""
    try:
        read(tmp_path, text).made("system")
    except GeoLIDError as error:
        assert "no YAML" in str(error)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "no YAML"), ("- a", "expected 'key: value' lines"), ("a: !ref <b>\nb: !ref <a>", "lead in a circle")],
)
def test_what_cannot_be_read_is_told(tmp_path, text, message):
    with pytest.raises(GeoLIDError, match=message):
        read(tmp_path, text).get("a")
