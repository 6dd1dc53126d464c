"""The preparation of ML-SUPERB 2.0 from its original tree, on a miniature of it."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import ROOT, run
from corpora.make_ml_superb2 import LANGUAGES, make, make_tree, parquet_file, seconds_of, text_of
from geolid.data.corpora.ml_superb2.tree import SOURCES
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError

_PLACE = importlib.util.spec_from_file_location("prepare_ml_superb2", ROOT / "local/prepare_ml_superb2.py")
prepare_ml_superb2 = importlib.util.module_from_spec(_PLACE)
_PLACE.loader.exec_module(prepare_ml_superb2)

TRAIN, DEV = "train_ml_superb2_lang", "dev_ml_superb2_lang"
CODES = {"org_jpn": "jpn", "ory": "ori"}
BOTH = ("--splits", "train dev")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """The miniature; not to be changed."""
    return make_tree(tmp_path_factory.mktemp("disk") / "ml_superb2")


@pytest.fixture
def own(corpus, tmp_path) -> Path:
    return shutil.copytree(corpus, tmp_path / "ml_superb2")


def here(root: Path, data_dir: Path, *options: object) -> None:
    prepare_ml_superb2.main([*BOTH, *options, "--nj", 1, root, data_dir])


def utterances(root: Path, *numbers: int) -> dict[str, str]:
    """Return the files of the utterances with these numbers that should be in a set."""
    return {
        f"{CODES.get(label, label)}_{source}_{label}_{number:06d}": (
            f"{root}/{source}/{label}/wav/{source}_{label}_{number:06d}.wav"
        )
        for source in SOURCES
        for label in LANGUAGES.get(source, ["eng"])
        for number in numbers
        if label != "nob"
    }


def test_the_tables_are_those_of_the_transcripts(corpus, recipe):
    run("local/prepare_ml_superb2.sh", "--root", corpus, *BOTH, "--nj", 2, cwd=recipe)
    for name, numbers in ((TRAIN, (1, 2, 3)), (DEV, (4,))):
        folder = recipe / "data" / name
        expected = utterances(corpus, *numbers)
        assert read_table(folder / "wav.scp") == dict(sorted(expected.items()))
        assert read_table(folder / "utt2lang") == {utt: utt[:3] for utt in sorted(expected)}
        assert read_table(folder / "text") == {
            utt: "-" if utt.endswith("3") else text_of(utt) for utt in sorted(expected)
        }
        dropped = {f"nob_NST_nob_{number:06d}": "Norwegian is not in the official evaluation" for number in numbers}
        assert read_table(folder / "dropped") == dropped
    assert not (recipe / "data/dev_dialect_ml_superb2_lang").exists()
    assert not (corpus / "audio").exists()
    run("utils/validate_data_dir.sh", f"data/{TRAIN}", f"data/{DEV}", cwd=recipe)
    run("steps/03_format_audio.sh", "--nj", 1, "dump/raw", f"data/{TRAIN}", f"data/{DEV}", cwd=recipe)
    run("steps/04_collect_stats.sh", f"dump/raw/{TRAIN}", f"dump/raw/{DEV}", "exp/stats", cwd=recipe)
    assert read_table(recipe / "exp/stats/valid/speech_shape") == dict.fromkeys(
        sorted(utterances(corpus, 4)), str(round(seconds_of(4) * 16000))
    )


def test_ten_minutes_of_each_language_may_do(corpus, tmp_path):
    here(corpus, tmp_path / "data", "--train_amount", "10min")
    assert read_table(tmp_path / "data" / TRAIN / "wav.scp") == dict(sorted(utterances(corpus, 1).items()))


def test_archives_may_have_a_folder_around_the_tree(own, tmp_path):
    (own.parent / "disk").mkdir()
    shutil.move(own, own.parent / "disk/eighth_version")
    here(own.parent / "disk", tmp_path / "data")
    expected = utterances(own.parent / "disk/eighth_version", 4)
    assert read_table(tmp_path / "data" / DEV / "wav.scp") == dict(sorted(expected.items()))


def test_of_both_forms_the_pre_formatted_set_is_taken(own, tmp_path):
    make(own)
    here(own, tmp_path / "data")
    assert len(read_table(tmp_path / "data" / DEV / "wav.scp")) == 3
    parquet_file(own, "dev").unlink()
    with pytest.raises(GeoLIDError, match="has no parquet files of dev, only of "):
        here(own, tmp_path / "data")


def test_some_languages_of_a_tree_that_lacks_sources(own, tmp_path):
    shutil.rmtree(own / "swc")
    (own / "mls/eng/transcript_10min_dev.txt").unlink()
    here(own, tmp_path / "data", "--languages", "deu,ory")
    assert list(read_table(tmp_path / "data" / TRAIN / "lang2utt")) == ["deu", "ori"]
    with pytest.raises(GeoLIDError, match="has no xho .*; the languages there are deu eng jpn nob ori swe"):
        here(own, tmp_path / "data", "--languages", "deu,xho")


def write(path: str, content: bytes) -> Callable[[Path], object]:
    return lambda root: (root / path).write_bytes(content)


WRONG_TREES = {
    "sources missing": (
        lambda root: [shutil.rmtree(root / name) for name in ("mls", "swc")],
        "lacks 2 of the 14 folders of sources (mls, swc): half-unpacked? Unpack the rest, or choose what is there",
    ),
    "no transcript": (
        lambda root: (root / "mls/deu/transcript_10min_dev.txt").unlink(),
        "mls/deu: lacks transcript_10min_dev.txt: half-unpacked? Unpack it anew",
    ),
    "no audio": (
        lambda root: shutil.rmtree(root / "mls/deu/wav"),
        "mls/deu: lacks wav: half-unpacked? Unpack it anew",
    ),
    "no such language": (
        lambda root: (root / "mls/deu").rename(root / "mls/ger_x"),
        "mls/ger_x/transcript_1h_train.txt:1: 'ger_x' is no ISO 639-3 code; do you mean ",
    ),
    "another encoding": (
        write("mls/deu/transcript_10min_dev.txt", b"mls_deu_000004 A \xa7\n"),
        "mls/deu/transcript_10min_dev.txt: not UTF-8; unpack it anew",
    ),
    "other columns": (
        write("mls/deu/transcript_10min_dev.txt", b"mls_deu_000004 A x\nmls_deu_000005\n"),
        "mls/deu/transcript_10min_dev.txt:2: expected '<id> <field> <what is said>', found 'mls_deu_000005'",
    ),
    "files missing": (
        lambda root: (root / "mls/deu/wav/mls_deu_000002.wav").unlink(),
        "train: 1 of 51 utterances have no audio of use (2.0%), more than the allowed 1.0%:\n"
        "  deu_mls_deu_000002: no such file: ",
    ),
    "not audio": (
        write("mls/deu/wav/mls_deu_000002.wav", b"hello"),
        "deu_mls_deu_000002: cannot be read as audio: ",
    ),
}


@pytest.mark.parametrize("case", WRONG_TREES)
def test_a_tree_that_is_not_as_expected_is_refused(own, tmp_path, case):
    break_it, message = WRONG_TREES[case]
    break_it(own)
    with pytest.raises(GeoLIDError) as told:
        here(own, tmp_path / "data")
    assert message in str(told.value)
    assert not (tmp_path / "data").exists()


def test_dialects_are_not_in_the_tree(corpus, tmp_path):
    with pytest.raises(GeoLIDError, match="is the original tree, which has no dev_dialect; make the other sets with"):
        prepare_ml_superb2.main([corpus, tmp_path / "data"])


def test_a_few_files_may_be_missing(own, tmp_path):
    (own / "mls/deu/wav/mls_deu_000002.wav").unlink()
    here(own, tmp_path / "data", "--max_faulty", 0.03)
    assert read_table(tmp_path / "data" / TRAIN / "dropped")["deu_mls_deu_000002"].startswith("no such file: ")
    assert "deu_mls_deu_000002" not in read_table(tmp_path / "data" / TRAIN / "wav.scp")
