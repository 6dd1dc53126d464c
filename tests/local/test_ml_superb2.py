"""The preparation of ML-SUPERB 2.0, on miniatures of the pre-formatted set, as a user runs it."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from conftest import ROOT, lay_out_recipe, run
from corpora.make_ml_superb2 import (
    FILES,
    ROWS,
    make,
    parquet_file,
    rows_of,
    seconds_of,
    text_of,
    write_parquet,
)
from file_server import serve
from geolid.data.corpora.ml_superb2 import SPLITS, extract, parquet, remote, sets
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError

_PLACE = importlib.util.spec_from_file_location("prepare_ml_superb2", ROOT / "local/prepare_ml_superb2.py")
prepare_ml_superb2 = importlib.util.module_from_spec(_PLACE)
_PLACE.loader.exec_module(prepare_ml_superb2)

TRAIN, DEV, DIALECT = (f"{split}_ml_superb2_lang" for split in SPLITS)
# What labels and ids come to; what is not named here stays what it is.
CODES = {
    "ory": "ori", "lga": "lug", "org_jpn": "jpn", " azj ": "aze", "arb": "ara",
    "ms_speech_tam_000001": "tam", "ms_speech_tel_000002": "tel", "ms_speech_guj_000003": "guj",
}  # fmt: skip
NORWEGIAN = ("nob", " nno", "nor")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """The miniature; not to be changed."""
    return make(tmp_path_factory.mktemp("disk") / "ml_superb2")


@pytest.fixture
def own(corpus, recipe) -> Path:
    """A copy of the miniature, where db.sh looks for it."""
    return shutil.copytree(corpus, recipe / "downloads/ml_superb2", ignore=shutil.ignore_patterns("audio"))


@pytest.fixture(scope="module")
def made(corpus, tmp_path_factory) -> Path:
    """A recipe in which it was prepared; not to be changed."""
    recipe = lay_out_recipe(tmp_path_factory.mktemp("recipe"))
    prepare(recipe, "--root", corpus, "--audio_dir", recipe / "audio", "--nj", 2)
    return recipe


def prepare(recipe: Path, *options: object, ok: bool = True) -> subprocess.CompletedProcess:
    return run("local/prepare_ml_superb2.sh", *options, cwd=recipe, ok=ok)


def here(root: Path, data_dir: Path, *options: object) -> None:
    """Prepare without a shell, which is quicker."""
    prepare_ml_superb2.main([*options, "--nj", 1, root, data_dir])


def refusal(root: Path, data_dir: Path, *options: object) -> str:
    """Return what is said of a corpus when it is prepared; no set may come of it."""
    with pytest.raises(GeoLIDError) as told:
        here(root, data_dir, *options)
    assert not list(data_dir.rglob("wav.scp"))
    return str(told.value)


def table(recipe: Path, set_name: str, name: str) -> dict[str, str]:
    return read_table(recipe / "data" / set_name / name)


def files_below(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of every file."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != ".lock")
    return {str(file.relative_to(folder)): (file.read_bytes(), file.stat().st_mtime_ns) for file in files}


def expected(split: str) -> dict[str, int]:
    """Return the utterances that a set should have, with their places in ROWS."""
    return {
        f"{CODES.get(utt) or CODES.get(label, label)}_{utt}": number
        for number, (utt, label) in enumerate(ROWS[split])
        if label not in NORWEGIAN
    }


@pytest.mark.parametrize(("split", "set_name"), list(zip(SPLITS, (TRAIN, DEV, DIALECT), strict=True)))
def test_the_tables_are_those_of_the_parquet_files(made, split, set_name):
    utts = expected(split)
    assert table(made, set_name, "utt2lang") == {utt: utt[:3] for utt in sorted(utts)}
    assert table(made, set_name, "utt2dataset") == dict.fromkeys(sorted(utts), "ml_superb2")
    assert table(made, set_name, "text") == {utt: text_of(utt) for utt in sorted(utts)}
    per_file = -(-len(ROWS[split]) // FILES[split])
    wavs = {
        utt: f"{made}/audio/{split}-{number // per_file:05d}/{utt}.{'flac' if number % 2 else 'wav'}"
        for utt, number in utts.items()
    }
    assert table(made, set_name, "wav.scp") == dict(sorted(wavs.items()))
    rows = rows_of(split)
    for utt, number in utts.items():
        assert Path(wavs[utt]).read_bytes() == rows[number]["audio"]["bytes"]
    assert not (made / "data" / set_name / "utt2spk").exists()
    run("utils/validate_data_dir.sh", f"data/{set_name}", cwd=made)


def test_norwegian_is_left_out_and_named(made):
    reason = "Norwegian is not in the official evaluation"
    assert table(made, TRAIN, "dropped") == {"nno_fleurs_nno_000007": reason, "nob_NST_nob_000006": reason}
    assert table(made, DEV, "dropped") == {"nor_NST_nor_000103": reason}
    assert not (made / "data" / DIALECT / "dropped").exists()


def test_stages_3_and_4_take_the_sets(made):
    run("steps/03_format_audio.sh", "--nj", 1, "dump/raw", f"data/{TRAIN}", f"data/{DEV}", cwd=made)
    run("steps/04_collect_stats.sh", f"dump/raw/{TRAIN}", f"dump/raw/{DEV}", "exp/stats", cwd=made)
    for side, split in (("train", "train"), ("valid", "dev")):
        assert read_table(made / f"exp/stats/{side}/speech_shape") == {
            utt: str(round(seconds_of(number) * 16000)) for utt, number in sorted(expected(split).items())
        }


def test_asked_for_again_nothing_is_read_or_written(own, recipe, monkeypatch):
    here(own, recipe / "data")
    before = files_below(recipe)
    monkeypatch.setattr(extract, "audio_of", None)
    prepare_ml_superb2.main(["--nj", 3, own, recipe / "data"])
    assert files_below(recipe) == before


def test_what_a_killed_run_left_is_gone_on_with(own, recipe):
    here(own, recipe / "data")
    before = files_below(recipe)
    folder = own / "audio/train-00000"
    (folder / ".written").unlink()
    gone = folder / "lit_cv_lit_000026.wav"
    gone.unlink()
    (folder / f".{gone.name}.tmp").write_bytes(b"RIFF, and no more")
    (own / "audio/train-00001/eng_mls_eng_000009.flac").unlink()
    here(own, recipe / "data")
    after = files_below(recipe)
    assert {name: it[0] for name, it in after.items()} == {name: it[0] for name, it in before.items()}
    written = {Path(name).name for name in after if after[name] != before[name]}
    assert written == {gone.name, "eng_mls_eng_000009.flac", ".written", ".state"}


def test_audio_of_an_older_parquet_file_is_not_kept(own, recipe):
    here(own, recipe / "data")
    rows = rows_of("dev")
    rows[1], rows[3] = {**rows[1], "audio": rows[3]["audio"]}, {**rows[3], "audio": rows[1]["audio"]}
    write_parquet(parquet_file(own, "dev"), rows)
    here(own, recipe / "data")
    wavs = table(recipe, DEV, "wav.scp")
    assert Path(wavs["eng_mls_eng_000102"]).read_bytes() == rows[1]["audio"]["bytes"]
    assert Path(wavs["tok_cv_tok_000104"]).read_bytes() == rows[3]["audio"]["bytes"]


def test_files_of_others_are_not_cleared_away(own, recipe):
    (own / "audio/dev-00000").mkdir(parents=True)
    (own / "audio/dev-00000/mine.wav").write_bytes(b"mine")
    with pytest.raises(GeoLIDError, match="audio/dev-00000: the audio of a parquet file .* holds other files; move"):
        here(own, recipe / "data")
    assert (own / "audio/dev-00000/mine.wav").exists()


@pytest.mark.parametrize("wanted", ["ori,tam,lug", "ory lga, tam"])
def test_only_the_audio_of_the_languages_that_are_asked_for_is_written(own, recipe, wanted):
    here(own, recipe / "data", "--languages", wanted)
    assert list(table(recipe, TRAIN, "lang2utt")) == ["lug", "ori"]
    assert list(table(recipe, DEV, "lang2utt")) == ["ori"]
    assert list(table(recipe, DIALECT, "lang2utt")) == ["tam"]
    audio = {file.stem for file in (own / "audio").rglob("*.*") if not file.name.startswith(".")}
    assert audio == {
        "lug_fleurs_lga_000002", "ori_fleurs_ory_000001", "ori_fleurs_ori_000101", "tam_ms_speech_tam_000001",
    }  # fmt: skip
    assert not (recipe / "data" / TRAIN / "dropped").exists()
    here(own, recipe / "data")
    assert set(table(recipe, TRAIN, "wav.scp")) == set(expected("train"))


def test_hours_bound_each_language_of_training_and_the_seed_decides_which(own, recipe):
    def chosen(seed: int) -> set[str]:
        here(own, recipe / "data", "--languages", "eng", "--max_hours", 1.5 / 3600, "--seed", seed)
        return set(table(recipe, TRAIN, "wav.scp"))

    rows = rows_of("dev")
    write_parquet(parquet_file(own, "dev"), [*rows, {**rows[1], "id": "cv_eng_000105"}])
    sets_of_seeds = [chosen(seed) for seed in range(1, 6)]
    assert all(len(it) == 1 for it in sets_of_seeds)
    assert len(set().union(*sets_of_seeds)) > 1
    assert chosen(1) == sets_of_seeds[0]
    assert len(table(recipe, DEV, "wav.scp")) == 2


def test_norwegian_can_be_kept(own, recipe):
    here(own, recipe / "data", "--norwegian", "true")
    assert {"nob", "nno"} <= set(table(recipe, TRAIN, "lang2utt"))
    here(own, recipe / "data", "--norwegian", "true", "--languages", "nob")
    assert set(table(recipe, TRAIN, "lang2utt")) == {"nob"}
    assert not (recipe / "data" / DEV).exists()


def test_utterances_of_other_corpora_can_be_left_out(own, recipe):
    here(own, recipe / "data", "--leave_out", "fleurs, voxpopuli")
    assert set(table(recipe, TRAIN, "wav.scp")) == {
        utt for utt in expected("train") if "fleurs" not in utt and "voxpopuli" not in utt
    }
    dropped = table(recipe, TRAIN, "dropped")
    assert dropped["eng_voxpopuli_eng_000010"] == "drawn from voxpopuli, which was to be left out"


def test_only_the_sets_that_are_asked_for_are_made(own, recipe):
    parquet_file(own, "train", 1).unlink()
    shutil.rmtree(own / "data", ignore_errors=True)
    write_parquet(own / "data/dev-00000-of-00001.parquet", rows_of("dev"))
    here(own, recipe / "data", "--splits", "dev")
    assert [folder.name for folder in (recipe / "data").iterdir()] == [DEV]


def test_files_may_be_called_as_the_hub_converts_them(own, recipe):
    for split in SPLITS:
        for number in range(FILES[split]):
            place = own / f"default/{split}/{number:04d}.parquet"
            place.parent.mkdir(parents=True, exist_ok=True)
            parquet_file(own, split, number).rename(place)
    (own / ".cache/data").mkdir(parents=True)
    (own / ".cache/data/train-00000-of-00009.parquet").write_bytes(b"of a program")
    here(own, recipe / "data")
    assert {len(table(recipe, name, "wav.scp")) for name in (TRAIN, DEV, DIALECT)} == {11, 3, 4}


def test_an_id_that_stands_twice_is_taken_once(own, recipe):
    rows = rows_of("dev")
    write_parquet(parquet_file(own, "dev"), [*rows, {**rows[1], "audio": rows[0]["audio"]}])
    here(own, recipe / "data")
    file = parquet_file(own, "dev")
    dropped = table(recipe, DEV, "dropped")
    assert dropped[f"eng_mls_eng_000102:{file}:4"] == f"its id stands at {file}:1 too"
    assert Path(table(recipe, DEV, "wav.scp")["eng_mls_eng_000102"]).read_bytes() == rows[1]["audio"]["bytes"]


@pytest.mark.parametrize("odd", ["../../mls_eng_1", "mls eng", "", ".mls", None])
def test_an_id_that_cannot_be_a_file_is_left_out(own, recipe, odd):
    rows = rows_of("dev")
    rows[1]["id"] = odd
    write_parquet(parquet_file(own, "dev"), rows)
    here(own, recipe / "data")
    reason = table(recipe, DEV, "dropped")[f"{parquet_file(own, 'dev')}:1"]
    assert reason == f"its id cannot be the name of a file: {(odd or '')!r}"
    assert set(table(recipe, DEV, "lang2utt")) == {"ori", "tok"}


def test_without_text_there_is_a_dash(own, recipe):
    rows = rows_of("dev")
    rows[1]["text"], rows[3]["text"] = "[eng]", None
    write_parquet(parquet_file(own, "dev"), rows)
    here(own, recipe / "data")
    assert table(recipe, DEV, "text") == {
        "eng_mls_eng_000102": "-", "ori_fleurs_ori_000101": text_of("fleurs_ori_000101"), "tok_cv_tok_000104": "-",
    }  # fmt: skip


FAULTS = {
    "no audio": (None, "no audio: "),
    "no bytes": ({"bytes": b"", "path": "a.wav"}, "no audio: "),
    "not audio": ({"bytes": b"hello", "path": "a.wav"}, "cannot be read as audio: Format not recognised"),
    "no samples": ({"bytes": rows_of("dev")[0]["audio"]["bytes"][:44], "path": "a.wav"}, "no samples: "),
}


@pytest.mark.parametrize("case", FAULTS)
def test_audio_that_cannot_be_used_is_named_and_so_is_its_share(own, recipe, case):
    audio, message = FAULTS[case]
    rows = rows_of("dev")
    rows[1]["audio"] = audio
    write_parquet(parquet_file(own, "dev"), rows)
    with pytest.raises(GeoLIDError) as told:
        here(own, recipe / "data")
    assert "dev: 1 of 3 utterances have no audio of use (33.3%), more than the allowed 1.0%:" in str(told.value)
    assert f"eng_mls_eng_000102: {message}" in str(told.value)
    assert not (recipe / "data" / DEV).exists()
    here(own, recipe / "data", "--max_faulty", 0.34)
    assert table(recipe, DEV, "dropped")["eng_mls_eng_000102"].startswith(message)
    assert set(table(recipe, DEV, "lang2utt")) == {"ori", "tok"}


def columns(rename: dict[str, str], audio_of: str = "") -> bytes:
    """Return the parquet file of dev with other columns."""
    rows = pyarrow.Table.from_pylist(rows_of("dev"))
    if audio_of:
        rows = rows.set_column(2, "audio", rows.column("audio").combine_chunks().field(audio_of))
    rows = rows.rename_columns([rename.get(name, name) for name in rows.column_names])
    out = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(rows, out)
    return out.getvalue().to_pybytes()


def label(split: str, number: int, label: str, utt: str | None = None):
    def write(root: Path) -> None:
        rows = rows_of(split)
        rows[number] = {**rows[number], "language": label, "id": utt or rows[number]["id"]}
        write_parquet(parquet_file(root, split), rows)

    return write


DEV_FILE = "data/dev-00000-of-00001.parquet"
WRONG_CORPORA = {
    "no folder": (shutil.rmtree, "there is no such folder. Fetch the pre-formatted set with --download true, or name"),
    "nothing": (lambda root: shutil.rmtree(root / "data"), "holds neither parquet files (train-00000-of-....parquet) "),
    "half-downloaded": (
        lambda root: parquet_file(root, "train", 1).rename(root / "data/train-00001-of-00002.parquet.part"),
        "lacks 1 of 2 parquet files of train, number 1 among them: half-downloaded? Go on with --download true",
    ),
    "a split missing": (
        lambda root: parquet_file(root, "dev_dialect").unlink(),
        "has no parquet files of dev_dialect, only of dev, train; fetch them with --download true, or make the sets",
    ),
    "two versions": (
        lambda root: shutil.copy(root / DEV_FILE, root / "data/dev-00000-of-00003.parquet"),
        "holds two versions of dev: data/dev-00000-of-00001.parquet and data/dev-00000-of-00003.parquet; move one",
    ),
    "a copy": (
        lambda root: shutil.copy(root / DEV_FILE, root / "dev-00000-of-00001.parquet"),
        "holds two versions of dev: ",
    ),
    "cut short": (
        lambda root: os.truncate(root / DEV_FILE, 3000),
        f"{DEV_FILE}: is no whole parquet file (",
    ),
    "a page of the web": (
        lambda root: (root / DEV_FILE).write_text("<html>sign in</html>"),
        f"{DEV_FILE}: is no whole parquet file (",
    ),
    "another name": (
        lambda root: (root / DEV_FILE).write_bytes(columns({"language": "lang", "text": "sentence"})),
        f"{DEV_FILE}: its columns are id (string), lang (string), audio (struct<bytes: binary, path: string>), "
        "sentence (string); expected id, language and text (string) and audio (a struct that has bytes)",
    ),
    "audio as a path": (
        lambda root: (root / DEV_FILE).write_bytes(columns({}, "path")),
        "audio (string), text (string); expected id",
    ),
    "unknown label": (label("dev", 1, "enq_x"), f"{DEV_FILE}:1: 'enq_x' is no ISO 639-3 code; do you mean enq"),
    "no label": (label("dev", 1, ""), f"{DEV_FILE}:1: '' is no ISO 639-3 code; "),
    "Hindi": (
        label("dev_dialect", 1, "hin", "ms_speech_hin_000002"),
        "dev_dialect-00000-of-00001.parquet:1: 'ms_speech_hin_000002' is said to be hin, which in dev_dialect stands "
        "for Tamil, Telugu or Gujarati; expected an id that tells which",
    ),
    "Hindi of two": (label("dev_dialect", 1, "hin", "ms_speech_tam_tel"), "'ms_speech_tam_tel' is said to be hin"),
}


@pytest.mark.parametrize("case", WRONG_CORPORA)
def test_a_corpus_that_is_not_as_expected_is_refused(own, recipe, case):
    break_it, message = WRONG_CORPORA[case]
    break_it(own)
    told = refusal(own, recipe / "data")
    assert message in told
    assert told.startswith(str(own))
    assert not (own / "audio").exists()


def test_a_parquet_file_that_is_damaged_inside_is_told(own, recipe):
    with (own / DEV_FILE).open("r+b") as file:
        file.seek(20_000)
        file.write(b"\xff" * 90_000)
    told = refusal(own, recipe / "data", "--splits", "dev")
    assert f"{DEV_FILE}: is no whole parquet file (" in told


def test_an_unknown_label_is_no_matter_where_languages_are_chosen(own, recipe):
    label("dev", 0, "enq_x")(own)
    here(own, recipe / "data", "--languages", "eng")
    assert list(table(recipe, DEV, "wav.scp")) == ["eng_mls_eng_000102"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--languages", "eng,xyq"), "'xyq' is no ISO 639-3 code; do you mean"),
        (("--languages", "eng,xho"), "has no xho (Xhosa); the languages there are ara aze eng guj hin jpn lit lug nno"),
        (("--languages", "eng,nob"), "--languages nob: Norwegian is not in the official evaluation of ML-SUPERB 2.0"),
        (("--languages", "eng", "--max_hours", "0.0001"), "every utterance of eng is longer; give at least 0.0004"),
        (("--max_hours", "0"), "expected a number of hours above 0, such as 5, found '0'"),
        (("--splits", "train,test"), "--splits: expected some of train, dev, dev_dialect, found 'train,test'"),
        (("--splits", ""), "--splits: expected some of train, dev, dev_dialect, found ''"),
        (("--max_faulty", "2"), "--max_faulty: expected a share from 0 to 1, such as 0.01, found '2'"),
        (("--train_amount", "2h"), "--train_amount: invalid choice: '2h'"),
        (("--nj", "0"), "--nj: expected a number from 1, found '0'"),
        (("--language", "eng"), "unknown option --language; did you mean --languages?"),
        (("eng",), "unexpected argument 'eng'"),
    ],
)
def test_a_mistake_in_the_options_is_told(own, recipe, options, message):
    done = prepare(recipe, *options, ok=False)
    assert message in done.stderr
    assert not list((recipe / "data").rglob("wav.scp"))


def test_too_little_space_for_the_audio_is_told_first(own, recipe, monkeypatch):
    monkeypatch.setattr(sets, "free_bytes", lambda folder: 1000)
    assert "audio: 0.0 GB are free, and the audio takes about" in refusal(own, recipe / "data")
    assert not (own / "audio").exists()
    monkeypatch.undo()
    here(own, recipe / "data")
    monkeypatch.setattr(sets, "free_bytes", lambda folder: 0)
    here(own, recipe / "data")  # nothing is missing
    os.utime(parquet_file(own, "dev"), (1, 1))  # it may be another one now
    with pytest.raises(GeoLIDError, match="and the audio takes about 0.0 GB"):
        here(own, recipe / "data")


def test_without_space_nothing_is_left_in_half(own, recipe):
    limited = f"ulimit -f 8; exec {sys.executable} local/prepare_ml_superb2.py {own} data"  # files of 8 KiB at most
    done = run("bash", "-c", limited, cwd=recipe, ok=False)
    assert "the limit on file sizes is too low for this" in done.stderr
    assert not list(recipe.rglob("wav.scp"))
    assert {file.name for file in (own / "audio").rglob("*") if file.is_file()} == {".state"}


@pytest.fixture
def mirror(own, tmp_path, monkeypatch):
    """The set in a repository, on a server that counts what it sends; `own` is gone."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve(tmp_path / "served") as server:
        place = server.folder / "datasets/espnet/ml_superb_hf/resolve/main"
        shutil.copytree(own, place)
        own.rename(tmp_path / "original")
        (place / "README.md").write_text("about it")
        list_files(server, place)
        yield server


def list_files(server, place: Path) -> None:
    listed = [{"type": "directory", "oid": "0", "size": 0, "path": "data"}]
    for file in sorted(file for file in place.rglob("*") if file.is_file()):
        entry = {"type": "file", "oid": "1", "size": file.stat().st_size, "path": str(file.relative_to(place))}
        if file.suffix == ".parquet":
            entry["lfs"] = {"oid": hashlib.sha256(file.read_bytes()).hexdigest(), "size": entry["size"]}
        listed.append(entry)
    listing = server.folder / "api/datasets/espnet/ml_superb_hf/tree/main?recursive=true"
    listing.parent.mkdir(parents=True, exist_ok=True)
    listing.write_text(json.dumps(listed))


def repository(server) -> str:
    return f"{server.address}/datasets/espnet/ml_superb_hf"


def test_what_is_fetched_is_what_was_published_and_is_not_fetched_again(mirror, own, recipe, tmp_path):
    mirror.break_after += [100_000, 20_000, 30_000]  # the list, then files
    fetch = ("--download", "true", "--url", repository(mirror))
    here(own, recipe / "data", *fetch)
    parts = [parquet_file(own, split, number) for split in SPLITS for number in range(FILES[split])]
    for file in parts:
        assert file.read_bytes() == (tmp_path / "original" / file.relative_to(own)).read_bytes()
    assert not (own / "README.md").exists()
    assert len(table(recipe, TRAIN, "wav.scp")) == 11
    asked = len(mirror.paths())
    here(own, recipe / "data", *fetch)
    assert len(mirror.paths()) == asked + 1


def test_a_file_of_another_size_is_told(mirror, own, recipe):
    (own / "data").mkdir(parents=True)
    (own / DEV_FILE).write_bytes(b"short")
    with pytest.raises(GeoLIDError, match=r"dev-00000-of-00001.parquet: has 5 bytes, and http.* \d+: another version"):
        here(own, recipe / "data", "--download", "true", "--url", repository(mirror), "--splits", "dev")


def test_a_file_with_a_wrong_sum_is_put_aside(mirror, own, recipe):
    file = mirror.folder / "datasets/espnet/ml_superb_hf/resolve/main" / DEV_FILE
    content = bytearray(file.read_bytes())
    content[2000] ^= 255
    file.write_bytes(content)
    told = f"{repository(mirror)}/resolve/main/{DEV_FILE}: its sha256 is "
    with pytest.raises(GeoLIDError, match=told):
        here(own, recipe / "data", "--download", "true", "--url", repository(mirror))
    assert (own / f"{DEV_FILE}.wrong").read_bytes() == content
    assert not (own / DEV_FILE).exists() and not (recipe / "data").exists()


def test_a_dry_run_tells_disk_and_time_and_fetches_nothing(mirror, own, recipe):
    ask = ("--url", repository(mirror), "--splits", "dev", "--dry_run", "true")
    done = prepare(recipe, *ask)
    assert "1 parquet files, 0 here already; 0.0 GB to fetch\nthat takes 0 min at 10 MB/s" in done.stdout
    assert "disk: 0.0 GB for these, " in done.stdout
    assert mirror.paths() == ["/api/datasets/espnet/ml_superb_hf/tree/main?recursive=true"]
    assert not own.exists() and not (recipe / "data").exists()
    prepare(recipe, "--url", repository(mirror), "--splits", "dev", "--download", "true")
    assert [file.name for file in (own / "data").iterdir()] == [Path(DEV_FILE).name]


def test_the_estimate_and_too_little_space(mirror, own, monkeypatch):
    found = [replace(it, bytes=4_000_000_000) for it in remote.find(own, SPLITS, repository(mirror))]
    monkeypatch.setattr(remote, "free_bytes", lambda folder: 100e9)
    assert remote.estimate(found, own, own / "audio") == [
        "4 parquet files, 0 here already; 16.0 GB to fetch",
        "that takes 27 min at 10 MB/s, 3 min at 100 MB/s",
        f"disk: 16.0 GB for these, 100.0 GB are free at {own}; and about 16.0 GB for the audio of all languages, "
        f"100.0 GB are free at {own}/audio",
    ]
    monkeypatch.setattr(remote, "free_bytes", lambda folder: 20e9)
    assert "this may be too little space" in remote.estimate(found, own, own / "audio")[-1]
    monkeypatch.setattr(remote, "free_bytes", lambda folder: 15e9)
    with pytest.raises(GeoLIDError, match=r"15.0 GB are free, and the parquet files take 16.0 GB; free some space"):
        remote.estimate(found, own, own / "audio")


def test_an_odd_list_is_told(mirror, own):
    listing = mirror.folder / "api/datasets/espnet/ml_superb_hf/tree/main?recursive=true"
    for odd in ("<html>moved</html>", '{"error": "no"}', '["a"]'):
        listing.write_text(odd)
        with pytest.raises(GeoLIDError, match="expected the list of a repository's files, as the Hugging Face Hub"):
            remote.find(own, SPLITS, repository(mirror))
    listing.write_text("[]")
    with pytest.raises(GeoLIDError, match="has no parquet files of train, dev, dev_dialect; has the set moved?"):
        remote.find(own, SPLITS, repository(mirror))


def test_row_groups_without_a_wanted_row_are_not_read(corpus, monkeypatch):
    import pyarrow.parquet

    read = []
    whole = pyarrow.parquet.ParquetFile.iter_batches

    def iter_batches(self, *args, row_groups, **options):
        read.extend(row_groups)
        return whole(self, *args, row_groups=row_groups, **options)

    monkeypatch.setattr(pyarrow.parquet.ParquetFile, "iter_batches", iter_batches)
    rows = rows_of("train")
    found = {row: content() for row, content in parquet.audio_of(parquet_file(corpus, "train"), [1, 6])}
    assert found == {row: rows[row]["audio"]["bytes"] for row in (1, 6)}
    assert read == [0, 2]
