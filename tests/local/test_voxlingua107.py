"""The preparation of VoxLingua107, on a miniature of it, as a user runs it."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import lay_out_recipe, run, say_in_db, table
from corpora.make_voxlingua107 import DEV_LABELS, LABELS, NAMESAKE, TWICE, make, pack
from file_server import serve
from geolid.data import archives, languages
from geolid.data.corpora.prepare import Choice
from geolid.data.corpora.voxlingua107 import names, remote, sets
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError

TRAIN, DEV = sets.TRAIN_SET, sets.DEV_SET
SMALL = ("ab", "de", "en", "iw", "jw", "no", "nn", "zh", "haw", "sco")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """The whole miniature, below a folder called dev; not to be changed."""
    return make(tmp_path_factory.mktemp("disk") / "dev" / "voxlingua107")


@pytest.fixture
def small(tmp_path) -> Path:
    """Some of its languages, to be spoilt."""
    return make(tmp_path / "voxlingua107", SMALL)


def prepare(recipe: Path, *options: object, ok: bool = True) -> subprocess.CompletedProcess:
    return run("local/prepare_voxlingua107.sh", *options, cwd=recipe, ok=ok)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, corpus) -> Path:
    """A recipe in which it was prepared; not to be changed."""
    recipe = lay_out_recipe(tmp_path_factory.mktemp("recipe"))
    prepare(recipe, "--root", corpus)
    return recipe


def test_both_sets_are_sound_and_have_every_language(prepared):
    run("utils/validate_data_dir.sh", f"data/{TRAIN}", f"data/{DEV}", cwd=prepared)
    assert len(table(prepared, TRAIN, "lang2utt")) == 107
    assert set(table(prepared, TRAIN, "lang2utt")) == {languages.resolve(label, "voxlingua107") for label in LABELS}
    assert len(table(prepared, DEV, "lang2utt")) == 33
    assert len(table(prepared, TRAIN, "wav.scp")) == 2 * 107 + 2
    assert set(table(prepared, TRAIN, "utt2dataset").values()) == {"voxlingua107"}


def test_the_tables_of_a_language_are_as_written_here(prepared, corpus):
    number = LABELS.index("iw")
    expected = {
        f"heb_-iw_12345---__U__S3---{number:04d}.500-{number + 1:04d}.750.wav": "-iw_12345---",
        f"heb__iw______Zz__U__S21---1{number:03d}.000-1{number + 1:03d}.125.wav": "_iw______Zz",
    }
    of_hebrew = {utt: video for utt, video in table(prepared, TRAIN, "utt2spk").items() if utt.startswith("heb_")}
    assert of_hebrew == expected
    wavs = table(prepared, TRAIN, "wav.scp")
    langs = table(prepared, TRAIN, "utt2lang")
    for utt in expected:
        assert wavs[utt] == f"{corpus}/iw/{utt[4:]}"
        assert langs[utt] == "heb"


@pytest.mark.parametrize(
    ("label", "code"), [("jw", "jav"), ("no", "nor"), ("nn", "nno"), ("zh", "cmn"), ("haw", "haw")]
)
def test_labels_become_codes(prepared, label, code):
    folders = {
        Path(source).parent.name for utt, source in table(prepared, TRAIN, "wav.scp").items() if utt[:4] == f"{code}_"
    }
    assert folders == {label}


def test_a_namesake_of_a_file_in_dev_is_left_out_and_named(prepared):
    assert table(prepared, TRAIN, "dropped") == {f"abk_{NAMESAKE}": "dev has a file of this name"}
    assert f"abk_{NAMESAKE}" not in table(prepared, TRAIN, "wav.scp")
    assert sum(utt.endswith(NAMESAKE) for utt in table(prepared, DEV, "wav.scp")) == 1
    assert not (prepared / "data" / DEV / "dropped").exists()


def test_files_of_one_name_in_two_languages_are_two_utterances(prepared):
    assert {f"deu_{TWICE}", f"eng_{TWICE}"} <= set(table(prepared, TRAIN, "wav.scp"))


@pytest.mark.parametrize(
    ("name", "stretch"),
    [
        ("M5TZ7bL9tLc__U__S0---0318.640-0336.540.wav", ("M5TZ7bL9tLc", 17.9)),
        ("-__U__S1-__U__S12---0000.000-10000.500.wav", ("-__U__S1-", 10000.5)),
        ("a---b------__U__S0---0001.000-0001.250.wav", ("a---b------", 0.25)),
        ("M5TZ7bL9tLc__U__S0---0336.540-0318.640.wav", None),
        ("M5TZ7bL9tLc__U__S0---0318.640-0336.540.flac", None),
        ("M5TZ7bL9tLc---0318.640-0336.540.wav", None),
        ("M5TZ7bL tLc__U__S0---0318.640-0336.540.wav", None),
        ("README.txt", None),
    ],
)
def test_what_a_name_says(name, stretch):
    parsed = names.parse(name)
    assert (parsed if parsed is None else (parsed.video, round(parsed.seconds, 3))) == stretch


def test_prepared_again_with_other_threads_nothing_changes(recipe, small):
    choice = ("--root", small, "--languages", "heb,deu")
    prepare(recipe, *choice)
    before = {
        file: (file.read_bytes(), file.stat().st_mtime_ns) for file in (recipe / "data").rglob("*") if file.is_file()
    }
    prepare(recipe, *choice, "--nj", 1)
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in before} == before


@pytest.mark.parametrize("text", ["heb,deu", "iw de", " deu, iw,", "heb,iw,de"])
def test_languages_by_code_or_label(recipe, small, text):
    prepare(recipe, "--root", small, "--languages", text)
    assert set(table(recipe, TRAIN, "lang2utt")) == {"heb", "deu"}
    assert set(table(recipe, DEV, "utt2lang").values()) <= {"heb", "deu"}


def test_languages_that_dev_does_not_have_leave_no_dev_set(recipe, small):
    assert "ab" in DEV_LABELS and "jw" not in DEV_LABELS
    prepare(recipe, "--root", small, "--languages", "abk")
    assert (recipe / "data" / DEV).exists()
    done = prepare(recipe, "--root", small, "--languages", "jav")
    assert not (recipe / "data" / DEV).exists()
    assert f"{DEV} " in done.stdout and "not made: the corpus has nothing for it" in done.stdout


def test_hours_limit_training_only(recipe, small):
    for seed in (1, 2):
        prepare(recipe, "--root", small, "--languages", "deu,eng", "--max_hours", 0.0007, "--seed", seed)  # 2.52 s
        taken = table(recipe, TRAIN, "utt2lang")
        assert sorted(taken.values()) == ["deu"] * 2 + ["eng"] * 2
    assert set(table(recipe, DEV, "utt2lang").values()) == {lang for lang in ("deu", "eng") if lang[:2] in DEV_LABELS}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--languages", "deu,xyq"), "'xyq' is no ISO 639-3 code; do you mean"),
        (("--languages", "xho"), "voxlingua107 has no xho (Xhosa); what it has is told by"),
        (("--languages", ","), "--languages ',': expected codes with commas between, such as eng,deu"),
        (("--languages", "deu", "--max_hours", "0"), "expected a number of hours above 0, such as 5, found '0'"),
        (("--languages", "deu", "--max_hours", "0.0001"), "every utterance of deu is longer; give at least 0.0004"),
        (("--languages", "deu", "--nj", "0"), "--nj: expected a number from 1, found '0'"),
        (("--language", "deu"), "unknown option --language; did you mean --languages?"),
        ((), "lacks the folder of 97 of 107 languages (af, am, ar, as, az, ...): half-unpacked?"),
        (("--languages", "fra"), "lacks the folder of 1 of 1 languages (fr): half-unpacked?"),
        (("deu",), "unexpected argument 'deu'"),
    ],
)
def test_a_mistake_in_the_options_is_told(recipe, small, options, message):
    done = prepare(recipe, "--root", small, *options, ok=False)
    assert message in done.stderr
    assert not (recipe / "data").exists() or not list((recipe / "data").iterdir())


def refusal(root: Path, tmp_path: Path, languages: str = "deu") -> str:
    """Return what is said of a corpus when it is prepared; no set may come of it."""
    chosen = frozenset(languages.split()) or None
    with pytest.raises(GeoLIDError) as told:
        sets.write_sets(root, tmp_path / "data", Choice(chosen), nj=2)
    assert not list((tmp_path / "data").rglob("wav.scp"))
    return str(told.value)


def test_a_wrong_root_is_told(small, tmp_path):
    assert "there is no such folder; say where VoxLingua107 is, in db.sh or by --root" in refusal(
        tmp_path / "no", tmp_path
    )
    for wrong in (tmp_path, small / "de"):
        assert "is a language of VoxLingua107; expected ab, af, am" in refusal(wrong, tmp_path)
    assert "found voxlingua107" in refusal(tmp_path, tmp_path)


def test_a_corpus_without_dev_is_told(small, tmp_path):
    (small / "dev").rename(small / "dev_")
    assert f"{small}/dev: there is no such folder; expected dev/<language>/<file>.wav: unpack" in refusal(
        small, tmp_path
    )
    (small / "dev").mkdir()
    (small / "dev_").rename(small / "dev" / "dev")
    assert f"{small}/dev: found another dev in it" in refusal(small, tmp_path)


def test_an_unknown_language_is_told(small, tmp_path):
    (small / "he").mkdir()
    told = refusal(small, tmp_path, "")
    assert f"{small}/he: 'he' is no label of voxlingua107" in told
    assert "did you mean iw, as it calls Hebrew? Or move the folder elsewhere, or choose with --languages" in told
    (small / "dev" / "xx").mkdir()
    assert f"{small}/dev/xx: 'xx' is no label" in refusal(small, tmp_path)


def test_a_half_unpacked_language_is_told(small, tmp_path):
    pack(small, tmp_path / "archives", "http://nowhere")
    (tmp_path / "archives" / "de.zip").rename(small / "de.zip")
    sets.write_sets(small, tmp_path / "whole", Choice(frozenset(["deu"])))
    next((small / "de").glob("_*.wav")).unlink()
    assert f"{small}/de: half-unpacked: it has 2 files, and de.zip 3; unzip -n de.zip" in refusal(small, tmp_path)
    (small / "de.zip").write_bytes(b"PK, and no more")
    assert f"{small}/de.zip: is no whole zip archive" in refusal(small, tmp_path)
    (small / "de.zip").rename(small / "de.zip.part")
    assert f"{small}/de.zip.part: is on its way only; go on with --download true" in refusal(small, tmp_path)
    (small / "de.zip.part").unlink()
    for wav in (small / "de").iterdir():
        wav.unlink()
    assert f"{small}/de: half-unpacked: it has 0 files, and de.zip some" in refusal(small, tmp_path)


def test_a_half_unpacked_dev_is_told(small, tmp_path):
    pack(small, tmp_path / "archives", "http://nowhere")
    (tmp_path / "archives" / "dev.zip").rename(small / "dev.zip")
    shutil.rmtree(small / "dev" / DEV_LABELS[4])
    told = refusal(small, tmp_path)
    assert f"{small}/dev: half-unpacked: it has 33 files, and dev.zip 34; unzip -n dev.zip -d dev" in told


def test_other_names_are_another_version(small, tmp_path):
    wav = next((small / "de").glob("_*.wav"))
    wav.rename(small / "de" / "clip 1.wav")
    told = refusal(small, tmp_path)
    assert f"{small}/de: the names of 1 of 3 files are not as VoxLingua107 has them, such as clip?1.wav" in told


def test_a_name_here_and_there_is_left_out_and_named(small, tmp_path):
    draw = (small / "de" / TWICE).read_bytes()
    for number in range(100):
        (small / "de" / f"{number:011d}__U__S1---0001.000-0002.250.wav").write_bytes(draw)
    (small / "de" / b"clip \xff.wav".decode("utf-8", "surrogateescape")).write_bytes(draw)
    made, _ = sets.write_sets(small, tmp_path / "data", Choice(frozenset(["deu"])))
    assert (made.utterances, made.dropped) == (103, 1)
    assert round(made.hours * 3600, 3) == 101 * 1.25 + 1.25 + 1.125
    dropped = read_table(tmp_path / "data" / TRAIN / "dropped")
    assert dropped == {"deu_clip?\\udcff.wav": "its name does not say where it is from"}


@pytest.fixture
def mirror(small, tmp_path, monkeypatch):
    """The corpus as it is published, on a server that counts what it sends; `small` is gone."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(remote, "MD5S", {})
    with serve(tmp_path / "served") as server:
        pack(small, server.folder, server.address)
        small.rename(tmp_path / "original")
        yield server


def fetch_all(server, root: Path, choice: Choice, keep: bool = True) -> list[archives.Archive]:
    found = remote.find(root, choice, f"{server.address}/zip_urls.txt")
    archives.get_all(found, keep)
    return found


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("[!.]*.wav")}


@pytest.mark.parametrize("keep", [True, False])
def test_what_is_fetched_is_what_was_published_and_is_not_fetched_again(mirror, small, tmp_path, keep):
    mirror.break_after += [10_000, 40_000, 30_000]  # the list, then archives
    choice = Choice(frozenset(languages.resolve(label, "voxlingua107") for label in SMALL))
    found = fetch_all(mirror, small, choice, keep)
    assert len(found) == len(SMALL) + 1
    assert files_below(small) == files_below(tmp_path / "original")
    assert sorted(file.name for file in small.glob("*.zip*")) == (
        sorted(f"{a}.zip" for a in [*SMALL, "dev"]) if keep else []
    )
    sent = mirror.sent
    fetch_all(mirror, small, choice, keep)
    assert mirror.sent == sent + (mirror.folder / "zip_urls.txt").stat().st_size
    made, dev = sets.write_sets(small, tmp_path / "data", choice)
    assert (made.utterances, dev.languages) == (22, len(set(SMALL) & set(DEV_LABELS)))


def test_only_the_languages_that_are_asked_for_are_fetched(mirror, small):
    fetch_all(mirror, small, Choice(frozenset(["deu"])))
    assert sorted(mirror.paths()) == ["/de.zip", "/dev.zip", "/zip_urls.txt"]


def test_files_that_went_away_are_unpacked_again(mirror, small, tmp_path):
    choice = Choice(frozenset(["deu"]))
    fetch_all(mirror, small, choice, keep=False)
    next((small / "de").glob("_*.wav")).unlink()
    assert "half-unpacked: it has 2 files, and de.zip 3; --download true fetches it" in refusal(small, tmp_path)
    fetch_all(mirror, small, choice)
    assert len(list((small / "de").iterdir())) == 3


def test_a_damaged_archive_is_put_aside(mirror, small):
    content = bytearray((mirror.folder / "de.zip").read_bytes())
    content[2000] ^= 255
    (mirror.folder / "de.zip").write_bytes(content)
    with pytest.raises(GeoLIDError, match="de.zip: is damaged .* and now called de.zip.wrong; run again"):
        fetch_all(mirror, small, Choice(frozenset(["deu"])))
    assert (small / "de.zip.wrong").read_bytes() == content
    assert not (small / "de.zip").exists()


def test_the_published_sum_of_dev_is_looked_at(mirror, small, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(GeoLIDError, match="and 07fbd4732c97f28c10ec8dcfed4f600e is published; what came is kept as"):
        fetch_all(mirror, small, Choice(frozenset(["deu"])))
    assert (small / "dev.zip.wrong").exists() and not (small / "dev").exists()


def test_an_archive_of_another_size_is_told(mirror, small):
    small.mkdir()
    (small / "de.zip").write_bytes(b"short")
    with pytest.raises(GeoLIDError, match=r"de.zip: has 5 bytes, and http.*/de.zip \d+; remove it"):
        fetch_all(mirror, small, Choice(frozenset(["deu"])))


def test_an_odd_list_is_told(mirror, small):
    listed = mirror.folder / "zip_urls.txt"
    listed.write_text("<html>moved</html>")
    with pytest.raises(GeoLIDError, match=r"lists no archive of 1 languages \(de\); expected an address a line"):
        fetch_all(mirror, small, Choice(frozenset(["deu"])))
    listed.write_text(f"{mirror.address}/de.zip {mirror.address}/he.zip")
    with pytest.raises(GeoLIDError, match="'he' is no label of voxlingua107 .* did you mean iw"):
        fetch_all(mirror, small, Choice(frozenset(["deu"])))


def test_disk_and_time_are_told_first_and_too_little_space_stops_it(mirror, small, monkeypatch):
    found = remote.find(small, Choice(frozenset(["deu", "eng"])), f"{mirror.address}/zip_urls.txt")
    found = [replace(archive, bytes=int(6e9)) for archive in found]
    monkeypatch.setattr(archives, "free_bytes", lambda folder: 100e9)
    lines = archives.estimate(found, small, True, remote.REMEDY)
    assert lines == [
        "3 archives, 0 unpacked already; 18.0 GB to fetch",
        "that takes 30 min at 10 MB/s, 3 min at 100 MB/s",
        f"disk: 18.0 GB for archives and about 22.5 GB unpacked; 100.0 GB are free at {small}",
    ]
    monkeypatch.setattr(archives, "free_bytes", lambda folder: 20e9)
    assert "this may be too little space" in archives.estimate(found, small, True, remote.REMEDY)[-1]
    assert "disk: 6.0 GB for archives" in archives.estimate(found, small, False, remote.REMEDY)[2]
    monkeypatch.setattr(archives, "free_bytes", lambda folder: 17e9)
    with pytest.raises(GeoLIDError, match="17.0 GB are free, and the archives take 18.0 GB; free some space"):
        archives.estimate(found, small, True, remote.REMEDY)


def test_a_dry_run_fetches_nothing_and_then_the_script_does(recipe, mirror, small):
    ask = ("--root", small, "--languages", "deu", "--url", f"{mirror.address}/zip_urls.txt")
    done = prepare(recipe, *ask, "--download", "true", "--dry_run", "true")
    assert "2 archives, 0 unpacked already" in done.stdout
    assert mirror.paths() == ["/zip_urls.txt"]
    assert not small.exists() and not (recipe / "data").exists()
    done = prepare(recipe, *ask, "--download", "true", ok=False)  # the real sum, which the miniature does not have
    assert "dev.zip: its md5 is" in done.stderr
    assert len(list((small / "de").glob("*.wav"))) == 3


def test_it_goes_on_to_stage_4(recipe, small):
    say_in_db(recipe, VOXLINGUA107=small)
    prepare(recipe, "--languages", "deu,eng,abk,nor")
    run(
        "./run.sh", "--stage", 3, "--stop_stage", 4, "--train_set", TRAIN, "--valid_set", DEV, "--test_sets", DEV,
        "--nj", 1, cwd=recipe,
    )  # fmt: skip
    dump = recipe / "dump/raw" / TRAIN
    assert read_table(dump / "utt2lang") == table(recipe, TRAIN, "utt2lang")
    samples = read_table(recipe / "exp/lid_stats_16k/train/speech_shape")
    for utt, count in samples.items():
        assert int(count) == round(names.parse(utt[4:]).seconds * 16000)
