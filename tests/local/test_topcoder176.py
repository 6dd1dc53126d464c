"""The preparation of TopCoder's SpokenLanguages2, on a miniature of it, as a user runs it."""

import csv
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from conftest import lay_out_recipe, run, say_in_db, table
from corpora.make_topcoder176 import FRAME_SAMPLES, FRAMES, LABELS, RATE, make, tag
from geolid.data import languages
from geolid.data.corpora.prepare import Choice
from geolid.data.corpora.topcoder176.clips import Clip
from geolid.data.corpora.topcoder176.listing import Listed, label_of, word_of
from geolid.data.corpora.topcoder176.sets import Way, set_name, write_sets
from geolid.data.corpora.topcoder176.split import at_random, by_recording
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError

TRAIN, DEV, TEST = (set_name(split) for split in ("train", "dev", "test"))
SETS = (TRAIN, DEV, TEST)
SMALL = ("Thai", "Korean North", "Korean South", "Awa PNG", "Marba_Azumeina")
CODES = {"Thai": "tha", "Korean North": "kor", "Korean South": "kor", "Awa PNG": "awb", "Marba_Azumeina": "mpg"}
CHOSEN = "tha,kor,awb,mpg"
CHOICE = Choice(frozenset(CHOSEN.split(",")))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """Five of its languages, eight clips of each; not to be changed."""
    return make(tmp_path_factory.mktemp("disk") / "topcoder", SMALL)


@pytest.fixture
def small(corpus, tmp_path) -> Path:
    """The same, to be spoilt."""
    return shutil.copytree(corpus, tmp_path / "topcoder")


def labels_of(root: Path) -> dict[str, str]:
    """Return the label of each clip, as the table of the corpus says."""
    with (root / "trainingData.csv").open(newline="") as lines:
        return {row[0].removesuffix(".mp3"): row[1] for row in list(csv.reader(lines))[1:]}


def prepare(recipe: Path, *options: object, ok: bool = True) -> subprocess.CompletedProcess:
    return run("local/prepare_topcoder176.sh", *options, cwd=recipe, ok=ok)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, corpus) -> Path:
    """A recipe in which it was prepared; not to be changed."""
    recipe = lay_out_recipe(tmp_path_factory.mktemp("recipe"))
    done = prepare(recipe, "--root", corpus, "--languages", CHOSEN)
    assert "3 mp3 files have no label, as those of the contest's test, and are not taken" in done.stdout
    return recipe


def test_each_clip_is_in_one_set_with_its_language(prepared, corpus):
    expected = {f"{CODES[label]}_{name}": (CODES[label], name) for name, label in labels_of(corpus).items()}
    assert len(expected) == 40
    seen = Counter()
    for name in SETS:
        langs, wavs = table(prepared, name, "utt2lang"), table(prepared, name, "wav.scp")
        for utt in wavs:
            code, clip = expected[utt]
            assert langs[utt] == code
            assert wavs[utt] == f"{corpus}/trainingData/{clip}.mp3"
        assert set(table(prepared, name, "utt2dataset").values()) == {"topcoder176"}
        assert not (prepared / "data" / name / "utt2spk").exists()
        assert not (prepared / "data" / name / "label_kind").exists()
        seen.update(wavs.keys())
    assert seen == Counter(expected.keys())
    run("utils/validate_data_dir.sh", *(f"data/{name}" for name in SETS), cwd=prepared)


def test_each_language_is_split_in_the_published_proportion(prepared, corpus):
    labels = labels_of(corpus)
    for name, count in ((TRAIN, 6), (DEV, 1), (TEST, 1)):
        of_label = Counter(labels[utt.split("_")[-1]] for utt in table(prepared, name, "wav.scp"))
        assert of_label == Counter(dict.fromkeys(SMALL, count))


def clips_of(label: str, count: int) -> list[Clip]:
    return [Clip(Listed(f"{label[0]}{n:03d}", label, CODES[label], None), seconds=10.0) for n in range(count)]


def test_the_whole_corpus_is_split_as_published():
    """376 clips of a language are 300, 26 and 50; of 176 languages 52,800, 4,576 and 8,800."""
    thai, awa = clips_of("Thai", 376), clips_of("Awa PNG", 376)
    split = at_random([*thai, *awa], seed=1)
    assert Counter(split.values()) == {"train": 600, "dev": 52, "test": 100}
    of_thai = at_random(thai, seed=1)
    assert at_random(thai[::-1], seed=1) == of_thai == {name: split[name] for name in of_thai}
    assert of_thai != at_random(thai, seed=2)
    assert {"train", "dev", "test"} <= {of_thai[clip.listed.name] for clip in thai[:100]}


def test_every_label_has_a_code_and_turns_back(tmp_path):
    """All 176 languages, a clip of each; the two kinds of Korean have one code."""
    root = make(tmp_path / "topcoder", clips=1, frames=5)
    train, dev, test = write_sets(root, tmp_path / "data", Choice(), Way(), nj=2)[0]
    assert (train.utterances, train.languages, dev.utterances, test.utterances) == (176, 175, 0, 0)
    train = write_sets(root, tmp_path / "names", Choice(), Way(labels="names"), nj=2)[0][0]
    assert train.languages == 176
    words = read_table(tmp_path / "names" / TRAIN / "lang2utt")
    assert {label_of(word) for word in words} == set(LABELS)
    assert {languages.resolve(word, "topcoder176") for word in words} == set(
        read_table(tmp_path / "data" / TRAIN / "lang2utt")
    )
    lines = (tmp_path / "data" / "topcoder176_labels.tsv").read_text().splitlines()
    assert lines[0] == "label\tword\tcode\tremark"
    assert "Korean North\tKorean-North\tkor\t" in lines
    rows = [line.split("\t") for line in lines[1:]]
    assert [row[0] for row in rows] == LABELS
    assert all(word_of(label) == word and label_of(word) == label for label, word, _, _ in rows)


def test_names_for_labels_are_free(recipe, small):
    done = prepare(recipe, "--root", small, "--languages", "Korean-North,Marba_Azumeina", "--labels", "names")
    assert set(table(recipe, TRAIN, "utt2lang").values()) == {"Korean-North", "Korean-South", "Marba_Azumeina"}
    assert (recipe / "data" / TRAIN / "label_kind").read_text() == "free\n"
    assert "3 labels" in done.stdout
    labels = labels_of(small)
    for utt, word in table(recipe, TEST, "utt2lang").items():
        assert utt == f"{word}_{utt[-11:]}"
        assert labels[utt[-11:]] == label_of(word)
    run("utils/validate_data_dir.sh", f"data/{TRAIN}", cwd=recipe)


def test_prepared_again_with_other_processes_nothing_changes(recipe, small):
    ask = ("--root", small, "--languages", CHOSEN)
    prepare(recipe, *ask)
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in (recipe / "data").rglob("*/*")}
    prepare(recipe, *ask, "--nj", 1)
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in before} == before
    prepare(recipe, *ask, "--seed", 2)
    assert any(file.read_bytes() != was for file, (was, _) in before.items() if file.name == "wav.scp")


def test_hours_limit_training_only(recipe, small):
    seconds = FRAMES * FRAME_SAMPLES / RATE
    prepare(recipe, "--root", small, "--languages", "kor,awb", "--max_hours", 1.5 * seconds / 3600)
    assert Counter(table(recipe, TRAIN, "utt2lang").values()) == {"kor": 1, "awb": 1}
    assert Counter(table(recipe, TEST, "utt2lang").values()) == {"kor": 2, "awb": 1}


def files_of(root: Path, label: str) -> list[Path]:
    return [root / "trainingData" / f"{name}.mp3" for name, of in sorted(labels_of(root).items()) if of == label]


def dropped_of(data_dir: Path) -> dict[str, str]:
    return {
        utt: reason
        for name in SETS
        if (data_dir / name / "dropped").exists()
        for utt, reason in read_table(data_dir / name / "dropped").items()
    }


def test_what_cannot_be_used_is_left_out_and_named_and_the_others_stay_where_they_are(prepared, small, tmp_path):
    gone, empty, text, *_ = files_of(small, "Thai")
    gone.unlink()
    empty.write_bytes(b"")
    text.write_bytes(b"<html>" * 100)
    made, _ = write_sets(small, tmp_path / "data", CHOICE, Way(max_faulty=0.1))
    assert sum(one.dropped for one in made) == 3
    assert dropped_of(tmp_path / "data") == {
        f"tha_{gone.stem}": f"no such file: {gone.name}",
        f"tha_{empty.stem}": f"zero bytes: {empty}",
        f"tha_{text.stem}": f"cannot be read as audio: {text}",
    }
    for name in SETS:
        kept = read_table(tmp_path / "data" / name / "utt2lang")
        assert kept.keys() == table(prepared, name, "utt2lang").keys() - dropped_of(tmp_path / "data").keys()


def test_doubles_are_left_out_and_named(small, tmp_path):
    first, second, third, *_ = files_of(small, "Thai")
    awa = files_of(small, "Awa PNG")
    second.write_bytes(first.read_bytes())
    awa[0].write_bytes(third.read_bytes())
    write_sets(small, tmp_path / "data", CHOICE, Way())
    clashing = sorted([(third.name, "Thai"), (awa[0].name, "Awa PNG")])
    clash = "the same bytes, several labels: " + ", ".join(f"{name} ({label})" for name, label in clashing)
    assert dropped_of(tmp_path / "data") == {
        f"tha_{second.stem}": f"the same bytes as {first.name}",
        f"tha_{third.stem}": clash,
        f"awb_{awa[0].stem}": clash,
    }


def recordings_in(data_dir: Path, recording_of: dict[str, str]) -> list[set[str]]:
    """Return what recordings each set has, of its language."""
    return [{f"{utt[:3]} {recording_of[utt[4:]]}" for utt in read_table(data_dir / name / "wav.scp")} for name in SETS]


def test_a_split_by_recordings_of_a_table(recipe, small, tmp_path):
    names = sorted(labels_of(small))
    recording_of = {name: f"chapter {number % 4}" for number, name in enumerate(names)}
    lines = "".join(f"{name}.mp3 {recording}\n" for name, recording in recording_of.items())
    (tmp_path / "recordings").write_text(lines)
    ask = ("--root", small, "--languages", "tha,awb", "--split", "recording", "--recordings", tmp_path / "recordings")
    prepare(recipe, *ask)
    train, dev, test = recordings_in(recipe / "data", recording_of)
    assert train and dev and test
    assert not (train & dev or train & test or dev & test)
    for name in SETS:
        assert set(table(recipe, name, "utt2lang").values()) == {"tha", "awb"}
    speakers = table(recipe, TRAIN, "utt2spk")
    assert all(spk == f"{utt[:3]}_{recording_of[utt[4:]].replace(' ', '_')}" for utt, spk in speakers.items())
    before = (recipe / "data" / TEST / "wav.scp").read_text()
    prepare(recipe, *ask, "--seed", 2)
    assert (recipe / "data" / TEST / "wav.scp").read_text() != before
    (tmp_path / "recordings").write_text(lines.replace(f"{files_of(small, 'Thai')[3].stem}.mp3", "other.mp3"))
    told = prepare(recipe, *ask, ok=False).stderr
    assert f"lacks 1 of 16 clips, such as {files_of(small, 'Thai')[3].name}; expected '<file>.mp3 <recording>'" in told


def test_recordings_are_split_near_the_proportion():
    clips = clips_of("Thai", 376)
    recording_of = {clip.listed.name: str(int(clip.listed.name[1:]) // 8) for clip in clips}  # 47 of 8 clips
    split = by_recording(clips, recording_of, seed=1)
    assert Counter(split.values()) == {"train": 288, "dev": 32, "test": 56}
    assert all(len({split[name] for name in split if recording_of[name] == one}) == 1 for one in recording_of.values())
    large = {name: str(number % 3) for number, name in enumerate(recording_of)}
    assert set(by_recording(clips, large, seed=1).values()) == {"train", "dev", "test"}
    uneven = dict.fromkeys(recording_of, "2") | {"T000": "0", "T001": "1"}
    for seed in range(6):  # the large one comes first, second and last
        assert set(by_recording(clips, uneven, seed).values()) == {"train", "dev", "test"}


def test_a_split_by_recordings_of_tags(small, tmp_path):
    recording_of = {}
    for label in ("Thai", "Awa PNG"):
        for number, file in enumerate(files_of(small, label)):
            recording_of[file.stem] = f"Mark {number // 2}"
            tag(file, "New Testament", recording_of[file.stem])
    choice = Choice(frozenset(["tha", "awb"]))
    write_sets(small, tmp_path / "data", choice, Way(split="recording"))
    train, dev, test = recordings_in(tmp_path / "data", recording_of)
    assert [len(train), len(dev), len(test)] == [4, 2, 2]
    assert not (train & dev or train & test or dev & test)
    assert {"tha_New_Testament_Mark_0", "tha_New_Testament_Mark_1"} & set(
        read_table(tmp_path / "data" / TRAIN / "utt2spk").values()
    )


def refusal(root: Path, tmp_path: Path, way: Way = Way(), choice: Choice = CHOICE) -> str:  # noqa: B008 - frozen
    """Return what is said of a corpus when it is prepared; no set may come of it."""
    with pytest.raises(GeoLIDError) as told:
        write_sets(root, tmp_path / "data", choice, way)
    assert not (tmp_path / "data").exists()
    return str(told.value)


def test_a_split_by_recordings_that_nothing_tells_is_refused(small, tmp_path):
    way, choice = Way(split="recording"), Choice(frozenset(["tha"]))
    told = refusal(small, tmp_path, way, choice)
    assert "--split recording: nothing tells which clips are of one recording: names are random, and only 0 of" in told
    assert "Tell it with --recordings, a table of '<file>.mp3 <recording>' a line, or take --split random" in told
    for file in files_of(small, "Thai"):
        tag(file, "", "", "only a comment")
    assert "only 0 of 8 clips have tags" in refusal(small, tmp_path, way, choice)
    for number, file in enumerate(files_of(small, "Thai")[1:]):
        tag(file, "", f"Mark {number % 3}")
    assert "only 7 of 8 clips have tags" in refusal(small, tmp_path, way, choice)
    for number, file in enumerate(files_of(small, "Thai")):
        tag(file, "", f"clip {max(number, 1)}")
    assert "6 of 8 clips have tags (album, track, title) of their own" in refusal(small, tmp_path, way, choice)
    for number, file in enumerate(files_of(small, "Thai")):
        tag(file, "", f"Mark {number % 2}")
    assert "the clips of 'Thai' are of 2 recordings; expected 3 at least" in refusal(small, tmp_path, way, choice)


def test_a_wrong_root_is_told(small, tmp_path):
    told = refusal(tmp_path / "no", tmp_path)
    assert f"{tmp_path}/no: there is no such folder. SpokenLanguages2 cannot be fetched from here: its data" in told
    assert f"{small}/trainingData: has no trainingData.csv, which tells" in refusal(small / "trainingData", tmp_path)


def test_a_half_unpacked_corpus_is_told(small, tmp_path):
    (small / "trainingData").rename(tmp_path / "elsewhere")
    told = refusal(small, tmp_path)
    assert f"{small}: 40 of 40 clips cannot be used (100.0%), more than the allowed 1.0%:\n  no such file: " in told
    assert "  ... and 35 more\nHalf-unpacked? Unpack the mp3 files anew" in told


def test_languages_that_are_not_there_are_told(small, tmp_path):
    told = refusal(small, tmp_path, choice=Choice())
    assert f"{small}/trainingData.csv: lists no file of 171 of 176 languages (Adiokrou, Aguaruna Awajun" in told
    assert "is it cut off? Take the table as it was published, or choose with --languages" in told


def test_a_file_in_two_places_is_told(small, tmp_path):
    file = files_of(small, "Thai")[0]
    (small / "copy").mkdir()
    shutil.copy(file, small / "copy")
    assert f"; move one of the two out of {small}" in refusal(small, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "Sample Filename,Language",
            "Filename,Language",
            ": its columns are Filename, Language; expected Sample",
        ),
        (
            "Sample Filename,Language",
            "Sample Filename,Language,Speaker",
            ": its columns are Sample Filename, Language,",
        ),
        (",Thai\r\n", ",Klingon\r\n", "'Klingon' is no label of topcoder176"),
        (",Korean North\r\n", ",Korean-North\r\n", "no label of topcoder176; it spells Korean 'Korean North'"),
        (",Thai\r\n", "\r\n", ": expected '<file>.mp3,<language>', found '"),
        (".mp3,Thai\r\n", ".wav,Thai\r\n", ": expected '<file>.mp3,<language>', found '"),
        ("\r\n", "\r\n../x.mp3,Thai\r\n", ":2: expected '<file>.mp3,<language>', found '../x.mp3,Thai'"),
        ("\r\n", "\r\nx.mp3,Thai\r\nx.mp3,Thai\r\n", ":3: 'x.mp3' is listed twice; remove one of the two lines"),
    ],
)
def test_an_odd_table_is_told(small, tmp_path, old, new, message):
    csv_file = small / "trainingData.csv"
    csv_file.write_bytes(csv_file.read_bytes().replace(old.encode(), new.encode(), 1))
    told = refusal(small, tmp_path)
    assert told.startswith(f"{csv_file}:") and message in told


def test_lines_may_end_without_cr_and_begin_with_a_mark(small, tmp_path):
    csv_file = small / "trainingData.csv"
    csv_file.write_bytes(b"\xef\xbb\xbf" + csv_file.read_bytes().replace(b"\r\n", b"\n"))
    made, _ = write_sets(small, tmp_path / "data", CHOICE, Way())
    assert sum(one.utterances for one in made) == 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--languages", "deu"), "topcoder176 has no deu (German); what it has is told by"),
        (("--languages", "tha", "--split", "speaker"), "--split: invalid choice: 'speaker'"),
        (("--languages", "tha", "--labels", "iso"), "--labels: invalid choice: 'iso'"),
        (("--languages", "tha", "--max_hours", "0.00001"), "every utterance of tha is longer; give at least 0.0001"),
        (("--download", "true"), "unknown option --download"),
        (("tha",), "unexpected argument 'tha'"),
    ],
)
def test_a_mistake_in_the_options_is_told(recipe, small, options, message):
    done = prepare(recipe, "--root", small, *options, ok=False)
    assert message in done.stderr
    assert not list((recipe / "data").rglob("wav.scp"))


def test_its_experiment_goes_to_stage_4(recipe, small):
    say_in_db(recipe, TOPCODER176=small)
    opts = ("--local_data_opts", f"--labels names --languages {CHOSEN}", "--nj", 1, "--min_wav_duration", 0.1)
    run("egs/topcoder176/run.sh", *opts, "--stop_stage", 4, cwd=recipe)
    for name in SETS:
        assert read_table(recipe / "dump/raw" / name / "utt2lang") == table(recipe, name, "utt2lang")
    samples = read_table(recipe / "exp_topcoder176/lid_stats_16k/train/speech_shape")
    assert samples.keys() == table(recipe, TRAIN, "wav.scp").keys()
    expected = FRAMES * FRAME_SAMPLES / RATE * 16000
    assert all(abs(int(count) - expected) < 0.02 * expected for count in samples.values())
