"""The preparation of VoxPopuli, on a miniature of it, as a user runs it."""

import gzip
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from conftest import ROOT, lay_out_recipe, run, table
from corpora.make_voxpopuli import COLUMNS, LABELS, make, publish, segments, speak, write_table
from file_server import serve
from geolid.data import languages
from geolid.data.corpora.prepare import Choice
from geolid.data.corpora.voxpopuli import cutting, layout, remote, sets
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError

TRAIN, DEV, TEST, ACCENTED = sets.TRAIN_SET, sets.DEV_SET, sets.TEST_SET, sets.ACCENTED_SET
SMALL = ("en", "hr")
HRVATSKI = "20090117-0900-PLENARY-7-hr_20090117-09:06:43"  # the speech of Croatian's training
DATA = "transcribed_data"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """The whole miniature; not to be changed."""
    return make(tmp_path_factory.mktemp("disk") / "voxpopuli")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, corpus) -> Path:
    """A recipe in which all of it was prepared; not to be changed."""
    recipe = lay_out_recipe(tmp_path_factory.mktemp("recipe"))
    prepare(recipe, "--root", corpus, "--accented", "true", "--nj", 2)
    return recipe


@pytest.fixture
def small(tmp_path) -> Path:
    """English and Croatian, to be spoilt."""
    return make(tmp_path / "voxpopuli", SMALL)


def prepare(recipe: Path, *options: object, ok: bool = True) -> subprocess.CompletedProcess:
    return run("local/prepare_voxpopuli.sh", *options, cwd=recipe, ok=ok)


def code_of(label: str) -> str:
    return languages.resolve(label, "voxpopuli")


@pytest.mark.parametrize(("set_name", "split"), [(TRAIN, "train"), (DEV, "dev"), (TEST, "test")])
def test_the_tables_are_those_of_the_corpus(prepared, corpus, set_name, split):
    run("utils/validate_data_dir.sh", f"data/{set_name}", cwd=prepared)
    expected = {
        f"{code_of(label)}_{it.name}": (label, it) for label in LABELS for it in segments(label) if it.split == split
    }
    assert table(prepared, set_name, "wav.scp") == {
        utt: f"{corpus}/{DATA}/{label}/{it.name[:4]}/{it.name}.ogg" for utt, (label, it) in expected.items()
    }
    assert table(prepared, set_name, "utt2lang") == {utt: code_of(label) for utt, (label, _) in expected.items()}
    assert len(table(prepared, set_name, "lang2utt")) == 16
    assert set(table(prepared, set_name, "utt2dataset").values()) == {"voxpopuli"}
    assert not (prepared / "data" / set_name / "dropped").exists()


def test_the_tables_of_a_language_are_as_written_here(prepared, corpus):
    utts = [f"hrv_{HRVATSKI}_10", f"hrv_{HRVATSKI}_4"]
    of_croatian = {
        name: {utt: value for utt, value in table(prepared, TRAIN, name).items() if utt.startswith("hrv")}
        for name in ("wav.scp", "utt2lang", "utt2spk", "text")
    }
    assert of_croatian == {
        "wav.scp": {utt: f"{corpus}/transcribed_data/hr/2009/{utt[4:]}.ogg" for utt in utts},
        "utt2lang": dict.fromkeys(utts, "hrv"),
        "utt2spk": dict.fromkeys(utts, HRVATSKI),
        "text": dict.fromkeys(utts, "dix hr mots"),
    }


def test_who_speaks_is_kept_and_where_nobody_says_so_it_is_the_speech(prepared):
    speakers = table(prepared, TRAIN, "spk2utt")
    assert [utt[:4] for utt in speakers["1001"].split()] == ["deu_", "deu_", "eng_", "eng_"]
    assert len(speakers[HRVATSKI].split()) == 2
    slovak = "20090124-0900-PLENARY-14-sk_20090124-09:06:43"
    assert speakers[slovak].split() == [f"slk_{slovak}_10", f"slk_{slovak}_4"]
    assert len(speakers) == 15
    assert table(prepared, TEST, "utt2spk")["hrv_20200117-1500-PLENARY-hr_20200117-15:00:59_1"] == "4007"


@pytest.mark.parametrize(
    ("code", "said"), [("eng", 'he said "no and left'), ("fin", "Hyvä puhemies."), ("est", "-"), ("lit", "dix lt mots")]
)
def test_what_is_said_is_normalised_or_raw_or_not_known(prepared, code, said):
    texts = table(prepared, TRAIN, "text")
    assert {text for utt, text in texts.items() if utt.startswith(code)} == {said}


def test_accented_english_is_a_set_of_its_own(prepared, recipe, corpus):
    run("utils/validate_data_dir.sh", f"data/{ACCENTED}", cwd=prepared)
    utts = [f"eng_{it.name}" for it in segments("en_accented")]
    assert table(prepared, ACCENTED, "utt2lang") == dict.fromkeys(utts, "eng")
    assert table(prepared, ACCENTED, "utt2spk") == dict(zip(utts, ("2001", "2002"), strict=True))
    prepare(recipe, "--root", corpus, "--languages", "en")
    assert not (recipe / "data" / ACCENTED).exists()
    done = prepare(recipe, "--root", corpus, "--languages", "de", "--accented", "true")
    assert f"{ACCENTED}" in done.stdout and not (recipe / "data" / ACCENTED).exists()


def test_stages_3_and_4_take_the_sets(prepared):
    run("steps/03_format_audio.sh", "--nj", 2, "dump/raw", f"data/{TRAIN}", f"data/{TEST}", cwd=prepared)
    run("steps/04_collect_stats.sh", f"dump/raw/{TRAIN}", f"dump/raw/{TEST}", "exp/stats", cwd=prepared)
    for side, split in (("train", "train"), ("valid", "test")):
        assert read_table(prepared / f"exp/stats/{side}/speech_shape") == {
            f"{code_of(label)}_{it.name}": str(round(it.seconds * 16000))
            for label in LABELS
            for it in segments(label)
            if it.split == split
        }


def test_dev_is_tested_on_as_published_where_that_is_asked_for(recipe, small):
    (small / DATA / "en/2020" / f"{segments('en')[3].name}.ogg").write_bytes(b"not looked at")
    prepare(recipe, "--root", small, "--languages", "eng,hrv", "--test_split", "dev")
    for name in ("wav.scp", "utt2lang", "utt2spk", "text"):
        assert table(recipe, TEST, name) == table(recipe, DEV, name)
        assert len(table(recipe, TEST, name)) == 2
    assert set(table(recipe, TRAIN, "utt2lang").values()) == {"eng", "hrv"}


def test_the_folder_may_be_called_as_the_published_recipe_calls_it(recipe, small, prepared):
    (small / DATA).rename(small / f"_{DATA}")
    prepare(recipe, "--root", small, "--languages", "eng,hrv")
    source = table(recipe, TRAIN, "wav.scp")[f"hrv_{HRVATSKI}_4"]
    assert source == f"{small}/_{DATA}/hr/2009/{HRVATSKI}_4.ogg"
    assert table(recipe, DEV, "text").items() <= table(prepared, DEV, "text").items()


def test_prepared_again_with_other_processes_nothing_changes(recipe, corpus):
    prepare(recipe, "--root", corpus)
    files = [file for file in (recipe / "data").rglob("*") if file.is_file() and file.name != ".lock"]
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in files}
    assert len(before) >= 3 * 6
    prepare(recipe, "--root", corpus, "--nj", 1)
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in files} == before


def test_one_that_is_where_db_sh_says_is_found(recipe):
    make(recipe / "downloads/voxpopuli", ("hr",))
    prepare(recipe, "--languages", "hr")
    assert list(table(recipe, TRAIN, "lang2utt")) == ["hrv"]


@pytest.mark.parametrize("text", ["eng,hrv", "hr en", " en, hrv,"])
def test_languages_by_code_or_label(recipe, corpus, text):
    prepare(recipe, "--root", corpus, "--languages", text)
    for set_name in (TRAIN, DEV, TEST):
        assert list(table(recipe, set_name, "lang2utt")) == ["eng", "hrv"]


def test_hours_bound_each_language_of_training_and_the_seed_decides_which(corpus, tmp_path):
    def chosen(name: str, choice: Choice) -> set[str]:
        sets.write_sets(corpus, tmp_path / name, choice)
        for judge in (DEV, TEST):
            assert len(read_table(tmp_path / name / judge / "utt2lang")) == len(choice.languages or LABELS)
        return set(read_table(tmp_path / name / TRAIN / "utt2lang"))

    first = chosen("1", Choice(None, 1.6 / 3600, 1))
    assert len(first) == 16
    assert chosen("2", Choice(None, 1.6 / 3600, 2)) != first
    assert chosen("3", Choice(frozenset(["hrv", "slk"]), 1.6 / 3600, 1)) == {
        utt for utt in first if utt[:3] in ("hrv", "slk")
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--languages", "eng,xyq"), "'xyq' is no ISO 639-3 code; do you mean"),
        (("--languages", "xho"), "voxpopuli has no xho (Xhosa); what it has is told by"),
        (
            ("--languages", "por"),
            "data/pt: there is no such folder: of por VoxPopuli has unlabelled speech only",
        ),
        (
            ("--languages", "deu,hrv"),
            "lacks the folder of 1 of 2 languages (de); cut it with --download true",
        ),
        ((), "lacks the folder of 14 of 16 languages (cs, de, es, et, fi, ...); cut it"),
        ((), "--lang cs and so on, or choose those that are there, with --languages eng,hrv"),
        (("--languages", "eng", "--max_hours", "0"), "expected a number of hours above 0, such as 5, found '0'"),
        (("--languages", "eng", "--max_hours", "0.0001"), "every utterance of eng is longer; give at least 0.0003"),
        (("--languages", "eng", "--test_split", "train"), "invalid choice: 'train'"),
        (
            ("--languages", "eng", "--accented", "true"),
            "en_accented: there is no such folder; cut it with --download true",
        ),
        (("--languages", "eng", "--nj", "0"), "--nj: expected a number from 1, found '0'"),
        (("--language", "eng"), "unknown option --language; did you mean --languages?"),
        (("eng",), "unexpected argument 'eng'"),
    ],
)
def test_a_mistake_in_the_options_is_told(recipe, small, options, message):
    done = prepare(recipe, "--root", small, *options, ok=False)
    assert message in done.stderr
    assert not list((recipe / "data").glob("[!.]*"))


def refusal(root: Path, data_dir: Path, chosen: str = "eng hrv", **options: object) -> str:
    """Return what is said of a corpus when it is prepared; no set may come of it."""
    with pytest.raises(GeoLIDError) as told:
        sets.write_sets(root, data_dir, Choice(frozenset(chosen.split()) or None), **options)
    assert not list(data_dir.rglob("wav.scp"))
    return str(told.value)


def move(old: str, new: str) -> Callable[[Path], None]:
    return lambda root: (root / old).rename(root / new) and None


WRONG_ROOTS = {
    "no folder": (
        lambda root: shutil.rmtree(root),
        "there is no such folder. Fetch and cut VoxPopuli with --download true",
    ),
    "empty": (
        lambda root: [shutil.rmtree(root / DATA), shutil.rmtree(root / "unlabelled_data")],
        "has neither transcribed_data nor _transcribed_data, but nothing. Fetch and cut",
    ),
    "unlabelled only": (move(DATA, "data"), "_transcribed_data, but data, unlabelled_data. Fetch and cut"),
    "not cut": (
        move(DATA, "raw_audios"),
        "voxpopuli: has raw_audios, and no transcribed_data: not cut yet? For each language cut it with "
        "--download true, or VoxPopuli's own python -m voxpopuli.get_asr_data --root ",
    ),
    "two": (lambda root: (root / f"_{DATA}").mkdir(), "has both transcribed_data and _transcribed_data; which is it?"),
    "no languages": (
        lambda root: [(root / DATA / label).rename(root / DATA / f"_{label}") for label in SMALL],
        "transcribed_data: none of its 2 folders is a language of VoxPopuli; expected cs, de, en, ..., found _en, _hr.",
    ),
}


@pytest.mark.parametrize("case", WRONG_ROOTS)
def test_a_wrong_root_is_told(small, tmp_path, case):
    spoil, message = WRONG_ROOTS[case]
    spoil(small)
    assert message in refusal(small, tmp_path / "data")


def test_the_folder_of_the_languages_is_not_the_root(small, tmp_path):
    told = refusal(small / DATA, tmp_path / "data")
    assert f"is transcribed_data itself; expected the folder that holds it, {small}?" in told


def test_an_unknown_language_is_told_unless_others_are_chosen(corpus, tmp_path):
    root = shutil.copytree(corpus, tmp_path / "voxpopuli", copy_function=lambda old, new: Path(new).symlink_to(old))
    (root / DATA / "uk").mkdir()
    told = refusal(root, tmp_path / "data", "")
    assert f"{root}/transcribed_data/uk: 'uk' is no label of voxpopuli" in told
    assert "Or move the folder elsewhere, or choose with --languages" in told
    assert sets.write_sets(root, tmp_path / "data", Choice(frozenset(["hrv"])))[0].utterances == 2


def test_a_language_that_was_unlabelled_only_is_taken_where_it_has_tables(corpus, tmp_path):
    assert set(layout.transcribed()) == set(LABELS)
    root = shutil.copytree(corpus, tmp_path / "voxpopuli", copy_function=lambda old, new: Path(new).symlink_to(old))
    shutil.copytree(root / DATA / "es", root / DATA / "pt")
    made = sets.write_sets(root, tmp_path / "data", Choice())
    assert [it.languages for it in made] == [17, 17, 17]


NAME = f"{HRVATSKI}_4"
HR = f"{DATA}/hr"
HR_TRAIN = f"{HR}/asr_train.tsv"


def remove(path: str) -> Callable[[Path], None]:
    return lambda root: (root / path).unlink()


def write(path: str, content: bytes) -> Callable[[Path], None]:
    return lambda root: (root / path).write_bytes(content) and None


def edit(path: str, old: str, new: str, count: int = 1) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        text = (root / path).read_bytes()
        assert old.encode() in text
        (root / path).write_bytes(text.replace(old.encode(), new.encode(), count))

    return spoil


WRONG_TABLES = {
    "no table": (
        remove(f"{HR}/asr_dev.tsv"),
        "hr/asr_dev.tsv: there is no such file: half-cut? It is written when all is cut; cut it with --download true",
    ),
    "empty": (write(HR_TRAIN, b""), "asr_train.tsv: its first line has no id, raw_text, normalized_text, speaker_id"),
    "other columns": (
        edit(HR_TRAIN, "speaker_id\tsplit", "speaker\tsplit"),
        "train.tsv: its first line has no speaker_id; expected id, raw_text, normalized_text, speaker_id, split and "
        "others with a tab between, found 'id raw_text normalized_text speaker split ",
    ),
    "no header": (edit(HR_TRAIN, "\t".join(COLUMNS) + "\n", ""), f"found '{HRVATSKI}_4 Dix hr mots. dix"),
    "another encoding": (
        write(HR_TRAIN, "\t".join(COLUMNS).encode() + b"\n\xe8\n"),
        "train.tsv: not UTF-8; convert",
    ),
    "nothing at all": (
        lambda root: (
            [shutil.rmtree(root / HR)]
            + [write_table(root / HR / f"asr_{split}.tsv", []) for split in ("train", "dev", "test")]
        ),
        "transcribed_data/hr: its tables list no segment, and it has no audio; cut it with --download true",
    ),
}


@pytest.mark.parametrize("case", WRONG_TABLES)
def test_a_table_that_is_not_as_expected_is_refused(small, tmp_path, case):
    spoil, message = WRONG_TABLES[case]
    spoil(small)
    assert message in refusal(small, tmp_path / "data")
    assert sets.write_sets(small, tmp_path / "data", Choice(frozenset(["eng"])))[0].utterances == 2


OGG = f"{HR}/2009/{NAME}.ogg"
FAULTS = {
    "no audio": (remove(OGG), f"hrv_{NAME}", "no audio for it: {root}/transcribed_data/hr/2009/{name}.ogg"),
    "zero bytes": (write(OGG, b""), f"hrv_{NAME}", "zero bytes: {root}/transcribed_data/hr/2009/{name}.ogg"),
    "not audio": (write(OGG, b"OggS"), f"hrv_{NAME}", "cannot be read as audio: {root}/transcribed_data/hr"),
    "no samples": (lambda root: speak(root / OGG, 0), f"hrv_{NAME}", "no samples: {root}/transcribed_data/hr"),
    "short line": (edit(HR_TRAIN, "\tdix hr mots", ""), "hr/asr_train.tsv:2", "7 columns, not 8"),
    "long line": (edit(HR_TRAIN, "dix hr mots", "dix\thr mots"), "hr/asr_train.tsv:2", "9 columns, not 8"),
    "other split": (edit(HR_TRAIN, "\ttrain\t", "\tdev\t"), "hr/asr_train.tsv:2", "its split is 'dev'"),
    "no id": (edit(HR_TRAIN, NAME, ""), "hr/asr_train.tsv:2", "no id without blanks: ''"),
    "id with a blank": (edit(HR_TRAIN, NAME, "a b"), "hr/asr_train.tsv:2", "no id without blanks: 'a b'"),
    "not listed": (
        edit(f"{HR}/asr_train.tsv", f"{NAME}\tDix hr mots.\tdix hr mots\tNone\ttrain\tfemale\tTrue\tNone\n", ""),
        f"hrv_{NAME}",
        "in {root}/transcribed_data/hr/2009, and in no table",
    ),
    "a name of another encoding": (
        lambda root: (root / OGG).with_name("speech \udcff.ogg").write_bytes(b"x") and None,
        "hrv_speech?\\udcff",
        "in {root}/transcribed_data/hr/2009, and in no table",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_segment_that_cannot_be_used_is_named_and_so_is_its_share(small, tmp_path, case):
    spoil, key, reason = FAULTS[case]
    spoil(small)
    reason = reason.format(root=small, name=NAME)
    told = refusal(small, tmp_path / "data")
    # what a line that names no segment is about stands in no table then
    assert re.search(r"transcribed_data/hr: [12] of [45] segments cannot be used \(\d\d\.\d%\), more than the ", told)
    assert f"\n  {key}: {reason}" in told
    assert "--lang hr, leave hrv out with --languages, or allow more with --max_faulty" in told
    made = sets.write_sets(small, tmp_path / "data", Choice(frozenset(["eng", "hrv"])), max_faulty=0.5)
    assert read_table(tmp_path / "data" / TRAIN / "dropped")[key].startswith(reason)
    assert made[0].dropped == (2 if key.startswith("hr/") else 1)
    assert [it.dropped for it in made[1:]] == [0, 0]
    kept = 2 if "another encoding" in case else 1
    assert sum(utt.startswith("hrv") for utt in read_table(tmp_path / "data" / TRAIN / "utt2lang")) == kept


def test_a_segment_of_training_that_dev_has_too_is_left_to_dev(small, tmp_path):
    train, again, dev, _ = segments("hr")
    both = [train, again, type(dev)("train", dev.name, dev.seconds, dev.speaker, dev.raw, dev.normalized), again]
    write_table(small / HR_TRAIN, both)
    made = sets.write_sets(small, tmp_path, Choice(frozenset(["hrv"])), max_faulty=0.5)
    assert [it.utterances for it in made] == [2, 1, 1]
    assert read_table(tmp_path / TRAIN / "dropped") == {
        f"hrv_{dev.name}": "stands in asr_dev.tsv too",
        f"hrv_{again.name}:again": "stands in its table twice; its first line is taken",
    }


def test_without_space_no_set_is_left_in_half(corpus, recipe):
    limited = f"ulimit -f 2; exec {sys.executable} local/prepare_voxpopuli.py {corpus} data"  # files of 2 KiB at most
    done = run("bash", "-c", limited, cwd=recipe, ok=False)
    assert "the limit on file sizes is too low for this" in done.stderr
    assert not list(recipe.rglob("wav.scp"))


def test_the_miniature_is_made_by_its_command(tmp_path, corpus):
    run(sys.executable, ROOT / "tests/corpora/make_voxpopuli.py", tmp_path, cwd=tmp_path)
    names = {str(file.relative_to(corpus)) for file in corpus.rglob("*")}
    assert {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*")} == names


def files_below(folder: Path) -> dict[str, int]:
    return {
        str(file): file.stat().st_mtime_ns
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != ".lock"
    }


def test_what_is_fetched_is_cut_and_neither_is_done_again(recipe, tmp_path):
    options = ("--root", tmp_path / "here", "--languages", "en,hr", "--download", "true", "--url")
    with serve(publish(tmp_path / "published", SMALL)) as server:
        told = prepare(recipe, *options, server.address, "--dry_run", "true").stdout
        assert "2 languages to cut: en hr" in told and "12 archives, 0 unpacked already" in told
        assert not server.paths() and not (recipe / "data" / TRAIN).exists()
        server.break_after = [200, 5000]
        run("local/prepare_voxpopuli.sh", *options, server.address, cwd=recipe)
        for set_name, split in ((TRAIN, "train"), (DEV, "dev"), (TEST, "test")):
            expected = {
                f"{code_of(label)}_{it.name}": f"{it.seconds:.3f}"
                for label in SMALL
                for it in segments(label)
                if it.split == split
            }
            assert table(recipe, set_name, "utt2dur") == expected
        assert table(recipe, TRAIN, "text")[f"hrv_{HRVATSKI}_4"] == "dix hr mots"
        assert table(recipe, TRAIN, "utt2spk")[f"hrv_{HRVATSKI}_4"] == HRVATSKI
        before, asked = files_below(tmp_path / "here"), len(server.asked)
        prepare(recipe, *options, server.address)
        assert (files_below(tmp_path / "here"), len(server.asked)) == (before, asked)


def test_a_segment_is_put_together_of_its_stretches(tmp_path):
    rate, name = 16000, "20090101-0900-PLENARY-1"
    wave = np.concatenate([np.zeros(rate), np.full(rate, 0.5), np.zeros(rate), np.full(rate, -0.5)])
    audio = remote.sessions_of(tmp_path) / "2009" / f"{name}_original.ogg"
    audio.parent.mkdir(parents=True)
    soundfile.write(audio, wave, rate, format="OGG", subtype="VORBIS")
    path = tmp_path / "segment.ogg"
    session = cutting.Session(audio, [(path, [(1.25, 1.75), (3.5, 99.0)])])
    cutting._cut_session(session)
    heard, _ = soundfile.read(path)
    assert len(heard) == rate
    assert heard[1000:7000].min() > 0.3 and heard[9000:15000].max() < -0.3
    before = path.stat().st_mtime_ns
    cutting._cut_session(session)  # asked for again
    assert path.stat().st_mtime_ns == before


def test_a_session_that_no_archive_has_is_told_and_its_segments_are_named(recipe, tmp_path):
    published = publish(tmp_path / "published", ("hr",))
    lost = next((published / "original/2009").glob("*.ogg"))
    lost.unlink()
    with tarfile.open(published / "audios/original_2009.tar", "w") as archive:
        archive.add(lost.parent, "original/2009")
    options = ("--languages", "hr", "--download", "true", "--max_faulty", "0.9", "--root", tmp_path / "here")
    with serve(published) as server:
        told = prepare(recipe, *options, "--url", server.address).stdout
    assert f"1 sessions are in no archive, the first {lost.name}: their segments have no audio" in told
    assert not (recipe / "data" / TRAIN / "wav.scp").exists()  # all of it was of that session
    assert len(table(recipe, DEV, "wav.scp")) == len(table(recipe, TEST, "wav.scp")) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no gzip", r"asr_hr.tsv.gz: cannot be read \(.*\); remove it, and run again to fetch it anew"),
        (
            gzip.compress(b"session_id|id_|split\n", mtime=0),
            "its first line has no vad, original_text, normed_text, speaker_id",
        ),
    ],
)
def test_a_list_of_segments_that_is_none_is_told(tmp_path, content, message):
    file = remote.list_of(tmp_path, "hr")
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    with pytest.raises(GeoLIDError, match=message):
        cutting.cut(tmp_path, ["hr"], 1)
