import kaldiio
import numpy as np
import pytest
import soundfile

from conftest import RATE, make_data_dir
from geolid.data.tables import write_table
from geolid.errors import GeoLIDError
from geolid.train.augment import AugmentConf, Augmenter
from geolid.train.dataset import SpeechDataset
from geolid.train.utterances import read_languages, read_utterances

KEY = (0, 1, 1, 0)
SAMPLES = {"deu_1": 900, "fra_1": 500, "fra_2": 700}
WAVES = {utt: np.random.default_rng(n).integers(-9999, 9999, n).astype(np.int16) for utt, n in SAMPLES.items()}


@pytest.fixture
def dump(tmp_path):
    """Three utterances: in a wav file, in a flac file, in an ark. The shapes leave out a fourth."""
    soundfile.write(tmp_path / "deu_1.wav", WAVES["deu_1"], RATE)
    soundfile.write(tmp_path / "fra_1.flac", WAVES["fra_1"], RATE)
    kaldiio.save_ark(str(tmp_path / "audio.ark"), {"fra_2": (RATE, WAVES["fra_2"])}, scp=str(tmp_path / "ark.scp"))
    place = (tmp_path / "ark.scp").read_text().split()[1]
    audio = {"deu_1": ("deu", f"{tmp_path}/deu_1.wav"), "fra_0": ("fra", "absent.wav")}
    audio |= {"fra_1": ("fra", f"{tmp_path}/fra_1.flac"), "fra_2": ("fra", place)}
    datasets = {"deu_1": "fleurs", "fra_0": "babel", "fra_1": "babel", "fra_2": "fleurs"}
    make_data_dir(tmp_path / "dump", audio, utt2dataset=datasets)
    write_table(tmp_path / "dump" / "speech_shape", {utt: str(samples) for utt, samples in SAMPLES.items()})
    return tmp_path / "dump"


def read(dump, **options):
    return read_utterances(dump, dump / "speech_shape", read_languages(dump / "lang2utt"), **options)


def requests(*rows):
    return [(row, (0, 1, 1, place)) for place, row in enumerate(rows)]


def test_the_shapes_decide_which_utterances_take_part(dump):
    utterances = read(dump, with_datasets=True)
    assert list(utterances.ids) == ["deu_1", "fra_1", "fra_2"]
    assert utterances.sources[1].endswith("fra_1.flac")
    assert utterances.lengths.tolist() == [900, 500, 700]
    assert utterances.languages == ["deu", "fra"]
    assert utterances.labels.tolist() == [0, 1, 1]
    assert utterances.datasets.tolist() == [0, 1, 0]


def test_shapes_of_espnet_with_channels_are_read(dump):
    (dump / "speech_shape").write_text("deu_1 900,1\n")
    assert read(dump).lengths.tolist() == [900]


def test_a_class_without_utterances_keeps_its_label(dump):
    languages = ["aaa", "deu", "eng", "fra"]
    assert read_utterances(dump, dump / "speech_shape", languages).labels.tolist() == [1, 3, 3]


def test_a_batch_holds_padded_audio_from_files_and_arks(dump):
    vectors = np.arange(6).reshape(2, 3)
    ids, batch = SpeechDataset(read(dump), RATE, vectors=vectors)[requests(2, 0, 1)]
    assert ids == ["fra_2", "deu_1", "fra_1"]
    assert batch["speech"].shape == (3, 900)
    assert batch["speech_lengths"].tolist() == [700, 900, 500]
    assert batch["lid_labels"].tolist() == [1, 0, 1]
    assert batch["lang2vecs"].tolist() == [[3, 4, 5], [0, 1, 2], [3, 4, 5]]
    assert [str(tensor.dtype).removeprefix("torch.") for tensor in batch.values()] == [
        "float32",
        "int64",
        "int64",
        "float32",
    ]
    for utt, row in zip(ids, batch["speech"].numpy(), strict=True):
        assert np.array_equal(row[: SAMPLES[utt]], WAVES[utt] / np.float32(32768))
        assert not row[SAMPLES[utt] :].any()


def test_without_vectors_there_are_none(dump):
    assert "lang2vecs" not in SpeechDataset(read(dump), RATE)[requests(0)][1]


def test_crops_come_from_everywhere_in_the_file(dump):
    dataset = SpeechDataset(read(dump), RATE, Augmenter(AugmentConf(target_duration=0.01), RATE))
    assert dataset.lengths.tolist() == [160, 160, 160]
    whole = (WAVES["fra_1"] / np.float32(32768)).tobytes()
    starts = {whole.find(dataset.speech(1, (0, 1, 1, place)).tobytes()) for place in range(50)}
    assert min(starts) >= 0
    assert len(starts) > 30


def test_a_crop_may_be_silent(dump):
    soundfile.write(dump / "silent.wav", np.zeros(900, np.int16), RATE)
    (dump / "wav.scp").write_text(f"deu_1 {dump}/silent.wav\n")
    (dump / "speech_shape").write_text("deu_1 900\n")
    dataset = SpeechDataset(read(dump), RATE, Augmenter(AugmentConf(target_duration=0.01), RATE))
    assert dataset.speech(0, KEY).shape == (160,)


@pytest.mark.parametrize(
    ("table", "content", "message"),
    [
        (
            "wav.scp",
            "fra_1 a.wav\n",
            "wav.scp: no line for 'deu_1', which speech_shape lists, where LC_ALL=C sort puts it; run",
        ),
        ("utt2lang", "deu_1 deu\nfra_1 fra\n", "utt2lang: no line for 'fra_2'"),
        ("utt2dataset", "deu_1 fleurs\n", "utt2dataset: no line for 'fra_1'"),
        ("wav.scp", "deu_1 sox a.wav - |\n", "'deu_1' is a command: sox a.wav - |; training reads files only"),
        ("utt2lang", "deu_1 deu\naaa_1 aaa\n", "'aaa_1' stands after 'deu_1'; expected .* LC_ALL=C sort"),
        ("speech_shape", "fra_1 500\ndeu_1 900\n", "speech_shape: 'deu_1' stands after 'fra_1'"),
        ("speech_shape", "deu_1 9\ndeu_1 9\n", "speech_shape: 'deu_1' stands after 'deu_1'; expected every utterance"),
        ("speech_shape", "deu_1 0\n", "'deu_1': expected its number of samples, found '0'"),
        ("speech_shape", "deu_1 long\n", "'deu_1': expected its number of samples, found 'long'"),
        ("speech_shape", "", "speech_shape: no utterances; look into the data directory, then run stage 4"),
    ],
)
def test_tables_that_do_not_fit_are_told(dump, table, content, message):
    (dump / table).write_text(content)
    with pytest.raises(GeoLIDError, match=message):
        read(dump, with_datasets=True)


def test_languages_that_training_does_not_know_are_told(dump):
    (dump / "utt2lang").write_text("deu_1 deu\nfra_0 fra\nfra_1 xho\nfra_2 abc\n")
    with pytest.raises(GeoLIDError) as told:
        read(dump)
    assert "2 of 3 utterances are in 2 languages that are none of the 2" in str(told.value)
    assert "abc (1), xho (1); keep the others with utils/subset_data_dir.sh --languages" in str(told.value)


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(900), 8000, "'deu_1': .*deu_1.wav: 8000 Hz, 1 channels; expected 16000 Hz, 1 channel: run stage 3"),
        (np.zeros((900, 2)), RATE, "16000 Hz, 2 channels; expected"),
        (np.zeros(899), RATE, "'deu_1': .*deu_1.wav: 899 samples, but speech_shape says 900; run stage 4 again"),
        (np.full(900, np.nan), RATE, "'deu_1': not numbers: .*deu_1.wav"),
        (None, RATE, "'deu_1': no such file: .*deu_1.wav"),
        (b"RIFF no wav", RATE, "'deu_1': cannot be read as audio: .*deu_1.wav"),
    ],
)
def test_audio_that_cannot_be_used_is_told_with_id_and_path(dump, samples, rate, message):
    wav = dump.parent / "deu_1.wav"
    wav.unlink()
    if isinstance(samples, bytes):
        wav.write_bytes(samples)
    elif samples is not None:
        soundfile.write(wav, samples, rate, subtype="FLOAT")
    with pytest.raises(GeoLIDError, match=message):
        SpeechDataset(read(dump), RATE)[requests(1, 0)]


def test_a_damaged_flac_or_ark_is_told(dump):
    flac = dump.parent / "fra_1.flac"
    flac.write_bytes(flac.read_bytes()[:-200])
    with pytest.raises(GeoLIDError, match=r"'fra_1': .*fra_1\.flac"):
        SpeechDataset(read(dump), RATE)[requests(1)]
    (dump.parent / "audio.ark").write_bytes(b"")
    with pytest.raises(GeoLIDError, match=r"'fra_2': .*audio\.ark:6"):
        SpeechDataset(read(dump), RATE)[requests(2)]
