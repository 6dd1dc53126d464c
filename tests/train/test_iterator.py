import numpy as np
import pytest
import soundfile
import torch
from espnet2.iterators.abs_iter_factory import AbsIterFactory

from conftest import RATE, make_data_dir
from geolid.data.tables import write_table
from geolid.errors import GeoLIDError
from geolid.train.augment import AugmentConf, Augmenter
from geolid.train.batches import BatchSize
from geolid.train.dataset import SpeechDataset
from geolid.train.iterator import TrainIterFactory, ValidIterFactory
from geolid.train.sampler import catpow
from geolid.train.utterances import read_languages, read_utterances

SIZE = BatchSize(9000, 8)
AUGMENT = AugmentConf(speed_perturb=[0.9, 1.0, 1.1], telephone_apply_prob=0.5)


@pytest.fixture(scope="module")
def utterances(tmp_path_factory):
    """40 utterances of 1000 to 2000 samples: 25 in German, 10 in French, 5 in Zulu."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    audio, shapes = {}, {}
    for number in range(40):
        language = "deu" if number < 25 else "fra" if number < 35 else "zul"
        utt = f"{language}_{number:02d}"
        samples = rng.integers(-9999, 9999, rng.integers(1000, 2000)).astype(np.int16)
        soundfile.write(folder / f"{utt}.wav", samples, RATE)
        audio[utt] = (language, f"{folder}/{utt}.wav")
        shapes[utt] = str(len(samples))
    dump = make_data_dir(folder / "dump", audio)
    write_table(dump / "speech_shape", shapes)
    return read_utterances(dump, dump / "speech_shape", read_languages(dump / "lang2utt"))


def train(utterances, augment=AUGMENT, size=SIZE, **options):
    dataset = SpeechDataset(utterances, RATE, Augmenter(augment, RATE))
    return TrainIterFactory(dataset, catpow(utterances.lengths, utterances.labels), size, **options)


def rows(iterator) -> list[list[tuple[str, bytes]]]:
    """Batch by batch, the id and the samples of each row."""
    batches = []
    for ids, batch in iterator:
        waves = [wave[:length] for wave, length in zip(batch["speech"], batch["speech_lengths"], strict=True)]
        batches.append([(utt, wave.numpy().tobytes()) for utt, wave in zip(ids, waves, strict=True)])
    return batches


@pytest.mark.parametrize("grouping", ["length", "none"])
@pytest.mark.parametrize("world_size", [2, 3])
def test_processes_share_each_batch_and_hear_what_one_would_hear(utterances, world_size, grouping):
    options = {"seed": 5, "grouping": grouping, "size": BatchSize(9000, 8, 3)}
    alone = rows(train(utterances, **options).build_iter(2))
    shares = [
        rows(train(utterances, **options, rank=rank, world_size=world_size).build_iter(2)) for rank in range(world_size)
    ]
    assert len(alone) > 4
    assert [len(share) for share in shares] == [len(alone)] * world_size
    for number, batch in enumerate(alone):
        assert [share[number] for share in shares] == [batch[rank::world_size] for rank in range(world_size)]
        assert all(share[number] for share in shares)


@pytest.fixture
def one_thread():
    """A loader process has one; with more, sums come in another order, and rounding is another."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_any_number_of_workers_gives_the_same_audio(utterances, one_thread):
    alone = rows(train(utterances).build_iter(1))
    assert rows(train(utterances, num_workers=2).build_iter(1)) == alone


def test_and_but_for_rounding_it_is_the_same_with_as_many_threads_as_there_are(utterances):
    batches = zip(train(utterances).build_iter(1), train(utterances, num_workers=2).build_iter(1), strict=True)
    for (ids, alone), (same_ids, shared) in batches:
        assert ids == same_ids
        torch.testing.assert_close(alone["speech"], shared["speech"], rtol=0, atol=1e-5)


def test_each_row_of_each_batch_has_a_key_of_its_own(utterances):
    """What it says is the same whoever reads the row: seed, epoch, batch and place in the whole batch."""
    factory, second = train(utterances, seed=7), train(utterances, seed=7, rank=1, world_size=2)
    whole = [[key for _, key in batch] for batch in factory.requests(3)]
    assert whole == [
        [(7, 3, number, place) for place in range(len(batch))] for number, batch in enumerate(factory.requests(3), 1)
    ]
    assert [[key for _, key in batch] for batch in second.requests(3)] == [keys[1::2] for keys in whole]


def test_an_epoch_depends_on_seed_and_epoch_alone(utterances):
    factory = train(utterances, seed=1)
    first, second = rows(factory.build_iter(1)), rows(factory.build_iter(2))
    assert first != second
    assert rows(factory.build_iter(1)) == first
    assert rows(train(utterances, seed=1).build_iter(2)) == second
    assert rows(train(utterances, seed=2).build_iter(1)) != first
    assert train(utterances, seed=2).batches(1).rows.tolist() != factory.batches(1).rows.tolist()


def test_an_utterance_sounds_different_each_time(utterances):
    heard = {}
    factory = train(utterances)
    for epoch in range(1, 8):
        for utt, wave in sum(rows(factory.build_iter(epoch)), []):
            heard.setdefault(utt, []).append(wave)
    assert max(len(set(waves)) for waves in heard.values()) > 5


@pytest.mark.parametrize("wanted", [1, 3, 20, 50])
def test_an_epoch_has_as_many_batches_as_asked_for(utterances, wanted):
    factory = train(utterances, num_iters_per_epoch=wanted)
    assert len(factory.build_iter(1)) == len(rows(factory.build_iter(1))) == wanted
    assert factory.summary.batches_per_epoch == wanted


def test_a_short_epoch_takes_batches_of_any_length(utterances):
    """Were batches taken in their order, the longest would always come first."""
    factory = train(utterances, AugmentConf(), num_iters_per_epoch=1)
    longest = [next(iter(factory.build_iter(epoch)))[1]["speech"].shape[1] for epoch in range(1, 30)]
    assert min(longest) < 1400
    assert max(longest) > 1800


@pytest.mark.parametrize(("conf", "most"), [(AUGMENT, 9000), (AugmentConf(target_duration=0.25), 9000)])
def test_batches_keep_to_their_size_as_they_are_heard(utterances, conf, most):
    for _, batch in train(utterances, conf).build_iter(1):
        assert batch["speech"].numel() <= most
        assert len(batch["speech"]) <= 8


@pytest.mark.parametrize(("world_size", "num_workers"), [(1, 0), (2, 0), (3, 0), (9, 0), (20, 0), (1, 2), (2, 1)])
def test_validation_hears_every_utterance_once_and_whole(utterances, world_size, num_workers):
    dataset = SpeechDataset(utterances, RATE)
    size = BatchSize(9000, 8, 4, drop_last=True)  # which is for training
    factories = [
        ValidIterFactory(dataset, size, rank=rank, world_size=world_size, num_workers=num_workers)
        for rank in range(world_size)
    ]
    counts = [factory.summary.batches_per_epoch for factory in factories]
    assert max(counts) - min(counts) <= 1
    heard = []
    for factory, count in zip(factories, counts, strict=True):
        batches = list(factory.build_iter(1))
        assert len(batches) == count
        for ids, batch in batches:
            assert batch["speech"].numel() <= 9000
            assert len(ids) <= 8
            heard += zip(ids, batch["speech_lengths"].tolist(), strict=True)
    assert sorted(heard) == list(zip(utterances.ids, utterances.lengths.tolist(), strict=True))


def test_validation_batches_do_not_depend_on_the_number_of_processes(utterances):
    dataset = SpeechDataset(utterances, RATE)
    alone = [ids for ids, _ in ValidIterFactory(dataset, SIZE).build_iter(1)]
    shares = [[ids for ids, _ in ValidIterFactory(dataset, SIZE, rank, 3).build_iter(1)] for rank in range(3)]
    assert shares == [alone[rank::3] for rank in range(3)]


def test_the_summary_tells_what_there_is(utterances):
    factory = train(utterances)
    assert isinstance(factory, AbsIterFactory)
    summary = factory.summary
    assert summary.utterances == 40
    assert summary.hours == pytest.approx(utterances.lengths.sum() / RATE / 3600)
    assert summary.languages == ["deu", "fra", "zul"]
    assert summary.batches_per_epoch == len(factory.build_iter(1))


class OneThread(SpeechDataset):
    def __getitem__(self, requests):
        return [], {"threads": torch.tensor(torch.get_num_threads())}


def test_workers_compute_in_one_thread(utterances):
    torch.set_num_threads(2)
    try:
        loader = ValidIterFactory(OneThread(utterances, RATE), SIZE, num_workers=2).build_iter(1)
        assert {int(batch["threads"]) for _, batch in loader} == {1}
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_reading_fault_is_told_without_a_traceback(utterances, num_workers):
    dataset = SpeechDataset(utterances, 8000)
    with pytest.raises(GeoLIDError) as told:
        list(ValidIterFactory(dataset, SIZE, num_workers=num_workers).build_iter(1))
    assert "run stage 3" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"world_size": 9}, "max_batch_size: found 8, expected 9 or more: a batch is shared by all processes"),
        ({"grouping": "size"}, "batch_grouping: found 'size', expected one of length, none"),
        ({"size": BatchSize(10**9, None, 99)}, "no batch comes of 47 utterances an epoch: expected at least 99"),
        ({"size": BatchSize(10**9, drop_last=True)}, "no batch comes of 47 utterances an epoch.*drop_last_iter"),
    ],
)
def test_batches_that_cannot_be_are_told(utterances, options, message):
    with pytest.raises(GeoLIDError, match=message):
        train(utterances, **options).build_iter(1)
