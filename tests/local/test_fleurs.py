"""The preparation of FLEURS, on a miniature of it, as a user runs it."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from conftest import lay_out_recipe, run, say_in_db, table
from corpora.make_fleurs import LABELS, READINGS, STRAY, line_of, make, publish
from file_server import serve
from geolid.data import archives, languages
from geolid.data.corpora.fleurs import SPLITS, remote, sets, tables
from geolid.data.corpora.prepare import Choice
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError

TRAIN, DEV, TEST = (f"{split}_fleurs_lang" for split in SPLITS)
SMALL = ("af_za", "cmn_hans_cn", "de_de", "fil_ph", "he_il", "nb_no")
GERMAN = Choice(frozenset(["deu"]))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """The whole miniature; not to be changed."""
    return make(tmp_path_factory.mktemp("disk") / "fleurs")


@pytest.fixture
def small(tmp_path) -> Path:
    """Some of its languages, to be spoilt."""
    return make(tmp_path / "fleurs", SMALL)


def prepare(recipe: Path, *options: object, ok: bool = True) -> subprocess.CompletedProcess:
    return run("local/prepare_fleurs.sh", *options, cwd=recipe, ok=ok)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, corpus) -> Path:
    """A recipe in which it was prepared; not to be changed."""
    recipe = lay_out_recipe(tmp_path_factory.mktemp("recipe"))
    prepare(recipe, "--root", corpus)
    return recipe


def test_all_sets_are_sound_and_have_every_language(prepared):
    run("utils/validate_data_dir.sh", f"data/{TRAIN}", f"data/{DEV}", f"data/{TEST}", cwd=prepared)
    codes = {languages.resolve(label, "fleurs") for label in LABELS}
    assert len(codes) == 102
    for set_name, count in ((TRAIN, 3), (DEV, 1), (TEST, 1)):
        by_language = table(prepared, set_name, "lang2utt")
        assert by_language.keys() == codes
        assert {len(utts.split()) for utts in by_language.values()} == {count}
        assert set(table(prepared, set_name, "utt2dataset").values()) == {"fleurs"}
        assert not (prepared / "data" / set_name / "utt2spk").exists()


def test_the_tables_of_a_language_are_as_written_here(prepared, corpus):
    text = "ein satz sagte er der nicht endet"
    expected = {
        TRAIN: {
            "deu_10004088536354799741": ("train/10004088536354799741.wav", "1.250", text),
            "deu_13000000000000000001": ("train/13000000000000000001.wav", "2.000", text),
            "deu_9998772331": ("train/9998772331.wav", "1.500", text),
        },
        DEV: {"deu_4000000000000000004": ("dev/4000000000000000004.wav", "2.500", text)},
        TEST: {"deu_5000000000000000005": ("test/5000000000000000005.wav", "1.000", text)},
    }
    for set_name, utterances in expected.items():
        wavs, texts = table(prepared, set_name, "wav.scp"), table(prepared, set_name, "text")
        langs, seconds = table(prepared, set_name, "utt2lang"), table(prepared, set_name, "utt2dur")
        of_german = {utt for utt in wavs if utt.startswith("deu_")}
        assert of_german == utterances.keys()
        for utt, (file, duration, said) in utterances.items():
            assert wavs[utt] == f"{corpus}/data/de_de/audio/{file}"
            assert (langs[utt], seconds[utt], texts[utt]) == ("deu", duration, said)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("cmn_hans_cn", "cmn"),
        ("nb_no", "nob"),
        ("fil_ph", "fil"),
        ("ff_sn", "ful"),
        ("or_in", "ori"),
        ("es_419", "spa"),
    ],
)
def test_labels_become_codes(prepared, label, code):
    folders = {Path(wav).parts[-4] for utt, wav in table(prepared, TRAIN, "wav.scp").items() if utt[:4] == f"{code}_"}
    assert folders == {label}


def test_audio_without_a_line_is_left_out_and_named(prepared, corpus):
    assert table(prepared, TRAIN, "dropped") == {
        f"afr_{STRAY}": f"{corpus}/data/af_za/train.tsv has no line for it",
    }
    assert not (prepared / "data" / DEV / "dropped").exists()


def test_what_a_table_says(tmp_path):
    tsv = tmp_path / "train.tsv"
    lines = [
        '1\ta.wav\t"Offen\u2028\x0b\tnormal\tn o |\t16000\tMALE\n',
        "1\tb.wav\tRaw\t \tr a w |\t8000\tFEMALE\r\n",
        "2\tc.wav\t\t\t|\t1\tOTHER\n",
        "2\ta.wav\tagain\tagain\ta |\t5\tMALE\n",
        "3\td.wav\tcut sh",
    ]
    tsv.write_bytes("".join(lines).encode())
    found = tables.read(tsv, max_faulty=0.25)
    assert [(r.file, r.samples, r.text) for r in found.readings.values()] == [
        ("a.wav", 16000, "normal"),
        ("b.wav", 8000, "Raw"),
        ("c.wav", 1, "-"),
    ]
    assert found.doubles == {4: "a.wav stands in a line before"}
    assert found.odd == {5: "3 columns, not 7"}
    with pytest.raises(GeoLIDError, match="1 of 4 lines are not as FLEURS has them, such as line 5: 3 columns, not 7"):
        tables.read(tsv, max_faulty=0.24)


def test_prepared_again_with_other_threads_nothing_changes(recipe, small):
    prepare(recipe, "--root", small, "--languages", "heb,deu")
    before = {
        file: (file.read_bytes(), file.stat().st_mtime_ns) for file in (recipe / "data").rglob("*") if file.is_file()
    }
    prepare(recipe, "--root", small, "--languages", "heb,deu", "--nj", 1)
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in before} == before


@pytest.mark.parametrize("text", ["heb,cmn", "he_il cmn_hans_cn", " cmn-Hans-CN, heb,"])
def test_languages_by_code_or_label(recipe, small, text):
    prepare(recipe, "--root", small, "--languages", text)
    for set_name in (TRAIN, DEV, TEST):
        assert set(table(recipe, set_name, "lang2utt")) == {"heb", "cmn"}


def test_folders_of_languages_may_stand_in_the_root(recipe, small):
    prepare(recipe, "--root", small / "data", "--languages", "deu,nob")
    assert set(table(recipe, TRAIN, "lang2utt")) == {"deu", "nob"}


def test_hours_limit_training_only(recipe, small):
    prepare(recipe, "--root", small, "--languages", "deu,heb", "--max_hours", 0.0005)  # 1.8 s: that of 1.25, or of 1.5
    assert sorted(table(recipe, TRAIN, "utt2lang").values()) == ["deu", "heb"]
    assert set(table(recipe, DEV, "utt2dur").values()) == {"2.500"}
    assert len(table(recipe, DEV, "utt2lang")) == len(table(recipe, TEST, "utt2lang")) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--languages", "deu,xyq"), "'xyq' is no ISO 639-3 code; do you mean"),
        (("--languages", "abk"), "fleurs has no abk (Abkhazian); what it has is told by"),
        (("--languages", "deu", "--max_hours", "0"), "expected a number of hours above 0, such as 5, found '0'"),
        (("--languages", "deu", "--max_hours", "0.0001"), "every utterance of deu is longer; give at least 0.0004"),
        (("--languages", "deu", "--nj", "0"), "--nj: expected a number from 1, found '0'"),
        (("--max_fault", "0.1"), "unknown option --max_fault; did you mean --max_faulty?"),
        (("--languages", "deu", "--max_faulty", "2"), "expected a share from 0 to 1, such as 0.01, found '2'"),
        ((), "lacks the folder of 96 of 102 languages (am_et, ar_eg, as_in, ast_es, az_az, ...): fetched in part?"),
        (("--languages", "fra"), "lacks the folder of 1 of 1 languages (fr_fr): fetched in part?"),
        (("deu",), "unexpected argument 'deu'"),
    ],
)
def test_a_mistake_in_the_options_is_told(recipe, small, options, message):
    done = prepare(recipe, "--root", small, *options, ok=False)
    assert message in done.stderr
    assert not (recipe / "data").exists() or not list((recipe / "data").iterdir())


def refusal(root: Path, tmp_path: Path, choice: Choice = GERMAN) -> str:
    """Return what is said of a corpus when it is prepared; no training set may come of it."""
    with pytest.raises(GeoLIDError) as told:
        sets.write_sets(root, tmp_path / "data", choice, nj=2)
    assert not (tmp_path / "data" / TRAIN / "wav.scp").exists()
    return str(told.value)


def test_a_wrong_root_is_told(small, tmp_path):
    told = refusal(tmp_path / "no", tmp_path)
    assert (
        "there is no such folder; say where FLEURS is, in db.sh or by --root, or fetch it with --download true" in told
    )
    told = refusal(small.parent, tmp_path)
    assert "has a folder of a language of FLEURS; expected af_za, am_et, ar_eg, ..., found fleurs" in told
    told = refusal(small / "data" / "de_de", tmp_path)
    assert f"is the folder of one language; name the folder that holds those of all, {small}/data?" in told


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("iw_il", "'iw_il' is no label of fleurs"),
        ("en-US", "FLEURS calls eng en_us."),
        ("metadata", "'metadata' is no label of fleurs"),
    ],
)
def test_an_unknown_folder_is_told_where_all_languages_are_wanted(corpus, tmp_path, name, message):
    root = tmp_path / "linked"
    (root / "data").mkdir(parents=True)
    for folder in (corpus / "data").iterdir():
        (root / "data" / folder.name).symlink_to(folder)
    (root / "data" / name).mkdir()
    told = refusal(root, tmp_path, Choice())
    assert f"{root}/data/{name}: {message}" in told
    assert told.endswith("Or move the folder elsewhere, or choose with --languages")
    sets.write_sets(root, tmp_path / "data", GERMAN)


def test_missing_tables_are_told(small, tmp_path):
    (small / "data/de_de/dev.tsv").unlink()
    (small / "data/de_de/test.tsv").unlink()
    told = refusal(small, tmp_path)
    assert f"{small}/data/de_de: lacks dev.tsv, test.tsv, which name its recordings; fetch what is missing" in told
    assert "or leave deu out with --languages" in told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id\tfile\n1\ta.wav\n", "2 of 2 lines are not as FLEURS has them, such as line 1: 2 columns, not 7"),
        ("a.wav\t1\tx\tx\tx\t16000\tMALE\n", "'1' and '16000' are no name of a wav and its number of samples"),
        ("1\ta.wav\tx\tx\tx\tMALE\t16000\n", "'a.wav' and 'MALE' are no name of a wav and its number of samples"),
        ("version https://git-lfs.github.com/spec/v1\n", "as it is a pointer of git-lfs: get the file itself"),
        ("", "is empty; remove it, and fetch it anew"),
        (b"\xff\xfe1\t", "is not UTF-8, as the tables of FLEURS are"),
    ],
)
def test_a_table_of_another_version_is_told(small, tmp_path, content, message):
    tsv = small / "data/de_de/train.tsv"
    tsv.write_bytes(content if isinstance(content, bytes) else content.encode())
    told = refusal(small, tmp_path)
    assert f"{tsv}: " in told and message in told


def test_audio_that_is_not_unpacked_is_told(small, tmp_path):
    folder = small / "data/de_de/audio"
    shutil.rmtree(folder / "train")
    assert f"{folder}/train: there is no such folder; --download true fetches it" in refusal(small, tmp_path)
    (folder / "train.tar.gz.part").touch()
    assert "train.tar.gz.part is on its way only; go on with --download true" in refusal(small, tmp_path)
    (folder / "train.tar.gz").touch()
    told = refusal(small, tmp_path)
    assert (
        f"unpack train.tar.gz beside it (tar -xzf {folder}/train.tar.gz -C {folder}), or --download true does" in told
    )


def test_half_unpacked_audio_is_told(small, tmp_path):
    folder = small / "data/de_de/audio/train"
    (folder / "9998772331.wav").unlink()
    told = refusal(small, tmp_path)
    assert (
        f"{folder}: half-unpacked: 1 of the 3 files that train.tsv names are not there, such as 9998772331.wav" in told
    )


def test_a_missing_file_here_and_there_is_left_out_and_named(recipe, small):
    folder = small / "data/de_de"
    (folder / "audio/train/9998772331.wav").unlink()
    with (folder / "train.tsv").open("a") as tsv:
        tsv.write("8\thalf a line\n")
        tsv.write(line_of("de_de", 12, "10004088536354799741", 20000, "MALE"))
    done = prepare(recipe, "--root", small, "--languages", "deu", "--max_faulty", 0.4)
    assert table(recipe, TRAIN, "dropped") == {
        "deu_9998772331": f"there is no {folder}/audio/train/9998772331.wav",
        "deu_train.tsv:4": f"{folder}/train.tsv: 2 columns, not 7",
        "deu_train.tsv:5": f"{folder}/train.tsv: 10004088536354799741.wav stands in a line before",
    }
    assert f"{TRAIN:<28}       2 utterances" in done.stdout and "3 left out, see dropped" in done.stdout


@pytest.fixture
def mirror(small, tmp_path, monkeypatch):
    """The corpus as the Hub has it, on a server that counts what it sends; `small` is gone."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve(tmp_path / "served") as server:
        publish(small, server.folder)
        small.rename(tmp_path / "original")
        yield server


def fetch_all(server, root: Path, choice: Choice, keep: bool = True) -> remote.Wanted:
    wanted = remote.find(root, choice, server.address)
    remote.get_tables(wanted.tables)
    archives.get_all(wanted.archives, keep)
    return wanted


def files_below(folder: Path) -> dict[str, bytes]:
    files = [*folder.rglob("[!.]*.wav"), *folder.rglob("*.tsv")]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.parametrize("keep", [True, False])
def test_what_is_fetched_is_what_was_published_and_is_not_fetched_again(mirror, small, tmp_path, keep):
    choice = Choice(frozenset(languages.resolve(label, "fleurs") for label in SMALL))
    wanted = fetch_all(mirror, small, choice, keep)
    assert (len(wanted.tables), len(wanted.archives)) == (3 * len(SMALL), 3 * len(SMALL))
    assert files_below(small) == files_below(tmp_path / "original")
    assert len(list(small.glob("data/*/audio/*.tar.gz"))) == (18 if keep else 0)
    asked = len(mirror.asked)
    assert all(archive.unpacked for archive in fetch_all(mirror, small, choice, keep).archives)
    assert len(mirror.asked) == asked
    made = sets.write_sets(small, tmp_path / "data", choice)
    assert [(one.languages, one.utterances) for one in made] == [(6, 18), (6, 6), (6, 6)]


def test_a_connection_that_breaks_goes_on_and_only_what_is_asked_for_is_fetched(mirror, small):
    wanted = remote.find(small, GERMAN, mirror.address)
    remote.get_tables(wanted.tables)
    mirror.break_after += [100_000]
    archives.get_all(wanted.archives, True)
    assert {Path(path).parts[-2] for path in mirror.paths() if path.endswith(".tsv")} == {"de_de"}
    assert [part for _, path, part in mirror.asked if path.endswith("train.tar.gz")] == ["", "bytes=100000-"]
    assert {path for path in mirror.paths() if "/api/" in path} == {
        "/api/datasets/google/fleurs/tree/main/data/de_de?recursive=true"
    }


def test_the_published_sum_is_looked_at(mirror, small):
    wanted = remote.find(small, GERMAN, mirror.address)
    archive = mirror.folder / "datasets/google/fleurs/resolve/main/data/de_de/audio/dev.tar.gz"
    content = bytearray(archive.read_bytes())
    content[-1] ^= 255
    archive.write_bytes(content)
    with pytest.raises(GeoLIDError, match=r"dev.tar.gz: its sha256 is .* is published; what came is kept as"):
        archives.get_all(wanted.archives, True)
    folder = small / "data/de_de/audio"
    assert (folder / "dev.tar.gz.wrong").read_bytes() == content and not (folder / "dev").exists()


def test_files_that_went_away_are_unpacked_again_without_asking_the_hub(mirror, small, tmp_path):
    fetch_all(mirror, small, GERMAN)
    wav = small / "data/de_de/audio/train/9998772331.wav"
    wav.unlink()
    told = refusal(small, tmp_path)
    assert f"{wav.parent}: half-unpacked: it has 2 files, and train.tar.gz 3; unpack train.tar.gz beside it" in told
    asked = len(mirror.asked)
    fetch_all(mirror, small, GERMAN)
    assert wav.exists() and len(mirror.asked) == asked


def test_a_corpus_that_others_unpacked_is_not_fetched_again(mirror, small, tmp_path):
    (tmp_path / "original").rename(small)
    mirror.asked.clear()
    wanted = fetch_all(mirror, small / "data", GERMAN)
    assert not wanted.tables and all(archive.unpacked for archive in wanted.archives)
    assert not mirror.asked
    (small / "data/de_de/audio/train/9998772331.wav").unlink()
    wanted = fetch_all(mirror, small / "data", GERMAN)
    assert [archive.path.name for archive in wanted.archives if not archive.unpacked] == ["train.tar.gz"]
    sets.write_sets(small, tmp_path / "data", GERMAN)


def test_an_archive_of_another_size_is_told(mirror, small):
    archive = small / "data/de_de/audio/train.tar.gz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(GeoLIDError, match=r"train.tar.gz: has 42 bytes, and http.*/train.tar.gz \d+; remove it"):
        fetch_all(mirror, small, GERMAN)


def test_another_hub_is_told(mirror, small):
    listing = mirror.folder / "api/datasets/google/fleurs/tree/main/data/de_de?recursive=true"
    entries = json.loads(listing.read_text())
    listing.write_text(json.dumps([entry for entry in entries if not entry["path"].endswith("/test.tar.gz")]))
    with pytest.raises(GeoLIDError, match="has no data/de_de/audio/test.tar.gz, or no more; look there how FLEURS"):
        remote.find(small, GERMAN, mirror.address)
    for content in ("<html>moved</html>", '{"error": "moved"}', '[{"type": "file"}]'):
        listing.write_text(content)
        with pytest.raises(GeoLIDError, match="as the Hugging Face Hub gives it; is another address wanted"):
            remote.find(small, GERMAN, mirror.address)
    listing.unlink()
    with pytest.raises(GeoLIDError, match=r"recursive=true: the server says 404"):
        remote.find(small, GERMAN, mirror.address)


def test_too_little_space_stops_it(mirror, small, monkeypatch):
    found = remote.find(small, GERMAN, mirror.address).archives
    found = [replace(archive, bytes=int(6e9)) for archive in found]
    monkeypatch.setattr(archives, "free_bytes", lambda folder: 19e9)
    lines = archives.estimate(found, small, True, remote.REMEDY)
    assert lines[0] == "3 archives, 0 unpacked already; 18.0 GB to fetch"
    assert lines[2].startswith("disk: 18.0 GB for archives and about 23.4 GB unpacked; 19.0 GB are free")
    monkeypatch.setattr(archives, "free_bytes", lambda folder: 17e9)
    with pytest.raises(GeoLIDError, match="17.0 GB are free, and the archives take 18.0 GB; free some space, choose"):
        archives.estimate(found, small, True, remote.REMEDY)


def test_a_dry_run_fetches_nothing_and_then_the_script_does(recipe, mirror, small):
    ask = ("--root", small, "--languages", "deu", "--url", f"{mirror.address}/")
    done = prepare(recipe, *ask, "--download", "true", "--dry_run", "true")
    assert "3 tables to fetch, 0.0 MB\n3 archives, 0 unpacked already; 0.0 GB to fetch\n" in done.stdout
    assert len(mirror.paths()) == 1
    assert not small.exists() and not (recipe / "data").exists()
    prepare(recipe, *ask, "--download", "true")
    assert len(table(recipe, TRAIN, "wav.scp")) == 3


def test_its_experiment_goes_to_stage_4(recipe, small):
    say_in_db(recipe, FLEURS=small)
    opts = ("--local_data_opts", "--languages deu,heb,cmn", "--stop_stage", 4, "--nj", 1)
    run("egs/fleurs/run.sh", *opts, cwd=recipe)
    for set_name in (TRAIN, DEV, TEST):
        dump = recipe / "dump/raw" / set_name
        assert read_table(dump / "utt2lang") == table(recipe, set_name, "utt2lang")
        assert read_table(dump / "text") == table(recipe, set_name, "text")
    samples = read_table(recipe / "exp_fleurs/lid_stats_16k/train/speech_shape")
    seconds = {stem: seconds for split, _, stem, seconds, _ in READINGS if split == "train"}
    assert {utt: int(count) for utt, count in samples.items()} == {
        f"{code}_{stem}": round(seconds[stem] * 16000) for code in ("cmn", "deu", "heb") for stem in seconds
    }
    wav = Path(read_table(recipe / "dump/raw" / TRAIN / "wav.scp")["deu_9998772331"])
    assert soundfile.info(recipe / wav).subtype == "PCM_16"
