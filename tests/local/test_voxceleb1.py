"""The preparation of VoxCeleb1, on a miniature of it, as a user runs it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import lay_out_recipe, run, say_in_db, table
from corpora.make_voxceleb1 import LIST, SPEAKERS, VIDEOS, make, seconds_of
from geolid.data.check.corpus import AudioChoice, check
from geolid.data.check.limits import Limits
from geolid.data.corpora.prepare import Choice
from geolid.data.corpora.voxceleb1 import sets
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError

TRAIN, DEV, TEST = (sets.set_name(split) for split in ("train", "dev", "test"))
OF_SPLIT = {TRAIN: "1", DEV: "2", TEST: "3"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """The miniature; not to be changed."""
    return make(tmp_path_factory.mktemp("disk") / "VoxCeleb1")


@pytest.fixture
def small(corpus, tmp_path) -> Path:
    """The same, to be spoilt."""
    return shutil.copytree(corpus, tmp_path / "VoxCeleb1")


def prepare(recipe: Path, *options: object, ok: bool = True) -> subprocess.CompletedProcess:
    return run("local/prepare_voxceleb1.sh", *options, cwd=recipe, ok=ok)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, corpus) -> Path:
    """A recipe in which it was prepared; not to be changed."""
    recipe = lay_out_recipe(tmp_path_factory.mktemp("recipe"))
    prepare(recipe, "--root", corpus)
    return recipe


@pytest.mark.parametrize("set_name", OF_SPLIT)
def test_the_tables_of_a_set_are_as_the_list_says(prepared, corpus, set_name):
    expected = {}
    for speaker, folder in SPEAKERS.items():
        for video, (split, count) in VIDEOS.items():
            for number in range(1, count + 1) if split == OF_SPLIT[set_name] else ():
                path = f"{speaker}/{video}/{number:05d}.wav"
                expected[f"{speaker}-{video}-{number:05d}"] = (f"{corpus}/{folder}/wav/{path}", speaker, video)
    assert table(prepared, set_name, "wav.scp") == {utt: wav for utt, (wav, _, _) in sorted(expected.items())}
    assert table(prepared, set_name, "utt2lang") == {utt: speaker for utt, (_, speaker, _) in expected.items()}
    assert table(prepared, set_name, "utt2spk") == {utt: f"{who}-{video}" for utt, (_, who, video) in expected.items()}
    assert set(table(prepared, set_name, "utt2dataset").values()) == {"voxceleb1"}
    assert (prepared / "data" / set_name / "label_kind").read_text() == "free\n"
    assert not (prepared / "data" / set_name / "dropped").exists()
    run("utils/validate_data_dir.sh", f"data/{set_name}", cwd=prepared)


def test_the_sets_are_three_with_the_same_speakers(prepared):
    assert {len(table(prepared, name, "wav.scp")) for name in OF_SPLIT} == {12, 3, 6}
    for name in OF_SPLIT:
        assert list(table(prepared, name, "lang2utt")) == list(SPEAKERS)


def test_a_check_finds_nothing_that_is_wrong(prepared):
    """Speakers are the same in all sets, as they are the labels; videos are not."""
    paths = [prepared / "data" / name for name in OF_SPLIT]
    few = Limits(min_seconds=0.1, min_utts=1, min_minutes=0)
    assert not check(paths, paths[:1], few, AudioChoice()).findings


def test_both_archives_in_one_folder_are_as_good(prepared, small, tmp_path):
    (small / "dev" / "wav").rename(small / "wav")
    (small / "test" / "wav" / "id10270").rename(small / "wav" / "id10270")
    made = sets.write_sets(small, tmp_path / "data", Choice())
    assert [one.utterances for one in made] == [12, 3, 6]
    wavs = read_table(tmp_path / "data" / TEST / "wav.scp")
    assert wavs["id10270-5r0dWxy17C8-00002"] == f"{small}/wav/id10270/5r0dWxy17C8/00002.wav"


@pytest.mark.parametrize("place", ["dev/iden_split.txt", "veri_test_class.txt", "test/wav/iden_split.txt"])
def test_the_list_may_lie_elsewhere(small, tmp_path, place):
    (small / LIST).rename(small / place)
    assert sum(one.utterances for one in sets.write_sets(small, tmp_path / "data", Choice())) == 21


def test_the_list_may_be_named_and_end_its_lines_otherwise(recipe, small, tmp_path):
    (tmp_path / "split").write_bytes((small / LIST).read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    (small / LIST).unlink()
    prepare(recipe, "--root", small, "--split_list", tmp_path / "split")
    assert len(table(recipe, TRAIN, "wav.scp")) == 12


def test_a_part_by_speakers_and_hours(recipe, small):
    done = prepare(recipe, "--root", small, "--languages", "id10270,id10001", "--max_hours", 0.00018, "--seed", 3)
    assert set(table(recipe, TRAIN, "utt2lang").values()) == {"id10001", "id10270"}
    seconds = dict.fromkeys(SPEAKERS, 0.0)
    for utt, speaker in table(recipe, TRAIN, "utt2lang").items():
        seconds[speaker] += seconds_of(utt + ".wav")
    assert 0 < max(seconds.values()) <= 0.00018 * 3600 < seconds_of("id10001-00001.wav") * 4
    assert len(table(recipe, TEST, "wav.scp")) == 4
    assert "2 labels" in done.stdout and "languages" not in done.stdout


def test_prepared_again_with_other_processes_nothing_changes(recipe, small):
    prepare(recipe, "--root", small)
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in (recipe / "data").rglob("*/*")}
    prepare(recipe, "--root", small, "--nj", 1)
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in before} == before


def test_few_files_that_cannot_be_used_are_left_out_and_named(small, tmp_path):
    (small / "dev" / "wav" / "id10001" / "tCq2LcKO6xY" / "00001.wav").unlink()
    (small / "test" / "wav" / "id10270" / "5r0dWxy17C8" / "00002.wav").write_bytes(b"")
    (small / "dev" / "wav" / "id10003" / "_VdJyxbPLlE" / "00001.wav").write_bytes(b"no audio")
    made = sets.write_sets(small, tmp_path / "data", Choice(), max_faulty=0.2)
    assert [(one.utterances, one.dropped) for one in made] == [(11, 1), (2, 1), (5, 1)]
    dropped = [read_table(tmp_path / "data" / name / "dropped") for name in OF_SPLIT]
    assert [list(one) for one in dropped] == [
        ["id10001-tCq2LcKO6xY-00001"], ["id10003-_VdJyxbPLlE-00001"], ["id10270-5r0dWxy17C8-00002"],
    ]  # fmt: skip
    assert [next(iter(one.values())).partition(":")[0] for one in dropped] == [
        "no such file", "cannot be read as audio", "zero bytes",
    ]  # fmt: skip


def refusal(root: Path, tmp_path: Path, **options) -> str:
    """Return what is said of a corpus when it is prepared; no set may come of it."""
    with pytest.raises(GeoLIDError) as told:
        sets.write_sets(root, tmp_path / "data", Choice(), **options)
    assert not (tmp_path / "data").exists()
    return str(told.value)


def test_more_of_them_stop_it(small, tmp_path):
    for video in VIDEOS:
        (small / "dev" / "wav" / "id10001" / video / "00001.wav").unlink()
    told = refusal(small, tmp_path, max_faulty=0.1)
    assert f"{small}: 4 of 21 files of the list cannot be used (19.0%), more than the allowed 10.0%:" in told
    assert "\n  no such file: id10001/-6cW3OzZl9A/00001.wav in " in told
    assert "Half-unpacked? Unpack both archives anew" in told


def test_a_wrong_root_is_told(corpus, small, tmp_path):
    assert (
        f"{tmp_path}/no: there is no such folder. VoxCeleb1 cannot be fetched from here: ask for its audio"
        in refusal(tmp_path / "no", tmp_path)
    )
    assert f"{corpus.parent}: has neither dev/wav, test/wav nor wav." in refusal(corpus.parent, tmp_path)


def test_a_half_unpacked_corpus_is_told(small, tmp_path):
    shutil.rmtree(small / "test")
    told = refusal(small, tmp_path)
    assert f"{small}/dev/wav: 1 of 3 speakers have no folder (id10270): half-unpacked? The list has" in told


def test_an_old_release_with_names_is_told(small, tmp_path):
    (small / "dev" / "wav" / "id10001").rename(small / "dev" / "wav" / "A.J._Buckley")
    told = refusal(small, tmp_path)
    assert f"{small}/dev/wav: 1 of 2 folders are no ids of speakers, such as A.J._Buckley; expected id10001" in told
    (small / LIST).write_text("1 A.J._Buckley/1zcIwhmdeo4/0000001.wav\n")
    assert f"{small}/{LIST}:1: speaker 'A.J._Buckley': this list is of an old release" in refusal(small, tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "1 id10001/a/1.wav id10003/b/2.wav\n" + text, ":1: has two files, as a list of trials"),
        (lambda text: text + "train id10001/a/00001.wav\n", ":22: expected '1 id10003/na8-QEFmj44/00003.wav'"),
        (lambda text: text + "4 id10001/a/00001.wav\n", ":22: expected '1 id10003/na8-QEFmj44/00003.wav'"),
        (lambda text: text.replace(".wav", ".m4a"), "with 1 for train, 2 for dev, 3 for test, found '"),
        (lambda text: text + text[:50].splitlines()[0] + "\n", " twice; a file is in one split"),
        (lambda text: "".join(line for line in text.splitlines(True) if line[0] != "2"), "18 files, and none for dev;"),
        (lambda text: "", "lists 0 files, and none for train and dev and test; expected lines with 1 (train)"),
    ],
)
def test_an_odd_list_is_told(small, tmp_path, change, message):
    (small / LIST).write_text(change((small / LIST).read_text()))
    told = refusal(small, tmp_path)
    assert told.startswith(f"{small}/{LIST}") and message in told


def test_a_list_that_is_not_there_is_told(small, tmp_path):
    assert "--split_list no: there is no such file." in refusal(small, tmp_path, split_list=Path("no"))
    (small / LIST).unlink()
    assert f"{small}: has no iden_split.txt, the list that tells training from dev and test" in refusal(small, tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--languages", "id10002"), "--languages: 'id10002' is none of the 3 speakers of the list; expected ids such"),
        (("--max_hours", "0.00001"), "every utterance of id10001 is longer; give at least 0.0001"),
        (("--max_hours", "-1"), "expected a number of hours above 0"),
        (("--speakers", "id10001"), "unknown option --speakers"),
        (("id10001",), "unexpected argument 'id10001'"),
    ],
)
def test_a_mistake_in_the_options_is_told(recipe, small, options, message):
    done = prepare(recipe, "--root", small, *options, ok=False)
    assert message in done.stderr
    assert not list((recipe / "data").rglob("wav.scp"))


def test_its_experiment_goes_to_stage_4(recipe, small):
    say_in_db(recipe, VOXCELEB1=small)
    run("egs/superb_sid/run.sh", "--nj", 1, "--min_wav_duration", 0.1, "--stop_stage", 4, cwd=recipe)
    for name in (TRAIN, DEV, TEST):
        assert read_table(recipe / "dump/raw" / name / "utt2lang") == table(recipe, name, "utt2lang")
        assert (recipe / "dump/raw" / name / "label_kind").read_text() == "free\n"
    samples = read_table(recipe / "exp_voxceleb1/lid_stats_16k/train/speech_shape")
    assert samples == {utt: str(round(seconds_of(utt + ".wav") * 16000)) for utt in table(recipe, TRAIN, "wav.scp")}
