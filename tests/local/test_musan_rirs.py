"""The preparation of MUSAN and RIRS_NOISES, on miniatures of them, as a user runs it."""

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from conftest import ROOT, lay_out_recipe, run
from corpora.make_musan_rirs import make, pack
from file_server import serve
from geolid.data import archives
from geolid.data.corpora.musan_rirs import musan, remote, rirs
from geolid.errors import GeoLIDError
from geolid.train.augment import Augmenter, read_augment_conf

_PLACE = importlib.util.spec_from_file_location("prepare_musan_rirs", ROOT / "local/prepare_musan_rirs.py")
prepare_musan_rirs = importlib.util.module_from_spec(_PLACE)
_PLACE.loader.exec_module(prepare_musan_rirs)

LISTS = ("musan_music", "musan_noise", "musan_speech", "rirs")


def roots(folder: Path) -> tuple[object, ...]:
    return "--musan_root", folder / "musan", "--rirs_root", folder / "RIRS_NOISES"


def make_lists(part: str, folder: Path, data_dir: Path, *options: object) -> dict[str, list[str]]:
    """Make the lists of a part as its script does; return the names of each list's files."""
    root = folder / remote.ARCHIVES[part].folder
    prepare_musan_rirs.main([part, *options, root, data_dir])
    return {file.stem: [Path(line).stem for line in file.read_text().split()] for file in data_dir.glob("*.scp")}


def prepare(recipe: Path, folder: Path, *options: object, ok: bool = True) -> subprocess.CompletedProcess:
    return run("local/prepare_musan_rirs.sh", *roots(folder), *options, cwd=recipe, ok=ok)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory) -> Path:
    """Both miniatures; not to be changed."""
    return make(tmp_path_factory.mktemp("corpora"))


@pytest.fixture
def own(corpora, tmp_path) -> Path:
    """Both, to be spoilt."""
    return shutil.copytree(corpora, tmp_path / "corpora")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, corpora) -> tuple[Path, str]:
    """A recipe in which both were prepared, and what was told; not to be changed."""
    recipe = lay_out_recipe(tmp_path_factory.mktemp("recipe"))
    return recipe, prepare(recipe, corpora).stdout


def test_the_lists_are_as_written_here(prepared, corpora):
    recipe, _ = prepared
    musan_root, simulated = corpora / "musan", corpora / "RIRS_NOISES" / "simulated_rirs"
    expected = {
        "musan_music": [
            f"{musan_root}/music/fma/music-fma-0000.wav",
            f"{musan_root}/music/fma/music-fma-0001.wav",
            f"{musan_root}/music/fma-western-art/music-fma-wa-0000.wav",
            f"{musan_root}/music/hd-classical/music-hd-0000.wav",
            f"{musan_root}/music/jamendo/music-jamendo-0000.wav",
            f"{musan_root}/music/jamendo/music-jamendo-0001.wav",
            f"{musan_root}/music/rfm/music-rfm-0000.wav",
        ],
        "musan_noise": [
            *(f"{musan_root}/noise/free-sound/noise-free-sound-000{number}.wav" for number in range(3)),
            *(f"{musan_root}/noise/sound-bible/noise-sound-bible-000{number}.wav" for number in range(2)),
        ],
        "musan_speech": [
            *(f"{musan_root}/speech/librivox/speech-librivox-000{number}.wav" for number in range(4)),
            *(f"{musan_root}/speech/us-gov/speech-us-gov-000{number}.wav" for number in range(2)),
        ],
        "rirs": [  # as the published recipe has them: medium rooms, then small ones, and no large ones
            f"{simulated}/{size}room/{room}/{room}-{number}.wav"
            for size in ("medium", "small")
            for room in ("Room001", "Room002")
            for number in ("00001", "00002")
        ],
    }
    found = {name: (recipe / "data" / f"{name}.scp").read_text().splitlines() for name in LISTS}
    assert found == expected
    assert sorted(file.name for file in (recipe / "data").iterdir()) == sorted(f"{name}.scp" for name in LISTS)


def test_what_was_listed_is_told(prepared):
    _, told = prepared
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert lines[:5] == [
        "musan_music.scp 7 files 0.00 h 16000 Hz with 1 channel",
        "musan_noise.scp 5 files 0.00 h 16000 Hz with 1 channel",
        "musan_speech.scp 6 files 0.00 h 16000 Hz with 1 channel",
        "languages of musan_speech.scp, with files: eng 3, deu 2, cmn 1",
        "rirs.scp 8 files 0.00 h 16000 Hz with 1 channel",
    ]


def test_stage_3_puts_the_lists_where_configs_look_for_them(recipe, toy, corpora):
    """From the corpora to what training hears, by the names of the published configs."""
    prepare(recipe, corpora, "--real_rirs", "true")
    run("steps/03_format_audio.sh", "--nj", 1, "dump/raw", "data/toy", cwd=recipe)
    wave = soundfile.read(recipe / "fra_1.wav", dtype="float32")[0]
    noise = [
        [1.0, str(recipe / "dump/raw/musan_speech.scp"), [4, 7], [13, 20]],
        [1.0, str(recipe / "dump/raw/musan_noise.scp"), [1, 1], [0, 15]],
        [1.0, str(recipe / "dump/raw/musan_music.scp"), [1, 1], [5, 15]],
    ]
    for conf in ({"noise_info": noise}, {"rir_scp": str(recipe / "dump/raw/rirs.scp")}):
        augmenter = Augmenter(read_augment_conf(conf, 16000), 16000)
        for key in range(30):
            heard = augmenter(
                lambda first, count: wave[first : first + count], len(wave), 1, np.random.default_rng(key)
            )
            assert heard.shape == wave.shape and not np.allclose(heard, wave, atol=1e-3)
    prepare(recipe, corpora, "--rooms", "large")
    run("steps/03_format_audio.sh", "--nj", 1, "dump/raw", "data/toy", cwd=recipe)
    assert (recipe / "dump/raw/rirs.scp").read_text() == (recipe / "data/rirs.scp").read_text()
    assert not list((recipe / "dump/raw").glob(".list*"))


def test_stage_3_does_without_lists(recipe, toy):
    run("steps/03_format_audio.sh", "--nj", 1, "dump/raw", "data/toy", cwd=recipe)
    assert [file.name for file in (recipe / "dump/raw").iterdir()] == ["toy"]


def test_music_with_vocals_is_left_out_and_told(recipe, corpora):
    done = prepare(recipe, corpora, "--parts", "musan", "--vocals", "false")
    kept = (recipe / "data/musan_music.scp").read_text().split()
    assert [Path(file).stem for file in kept] == [
        "music-fma-0001",
        "music-fma-wa-0000",
        "music-hd-0000",
        "music-rfm-0000",
    ]
    assert "; 3 left out with vocals\n" in done.stdout
    assert not (recipe / "data/rirs.scp").exists()


def test_music_of_which_nothing_is_noted_may_have_vocals(own, tmp_path, capsys):
    shutil.copy(own / "musan/music/rfm/music-rfm-0000.wav", own / "musan/music/rfm/music-rfm-0001.wav")
    lists = make_lists("musan", own, tmp_path / "data", "--vocals", "false")
    assert len(lists["musan_music"]) == 4 and "music-rfm-0001" not in lists["musan_music"]
    assert "3 left out with vocals; 1 left out of which nothing is noted\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wanted", "files"),
    [
        ("eng", ["speech-librivox-0001", "speech-us-gov-0000", "speech-us-gov-0001"]),
        ("German, cmn", ["speech-librivox-0000", "speech-librivox-0002", "speech-librivox-0003"]),
    ],
)
def test_babble_is_in_the_languages_that_are_asked_for(corpora, tmp_path, capsys, wanted, files):
    lists = make_lists("musan", corpora, tmp_path / "data", "--babble_languages", wanted)
    assert lists["musan_speech"] == files
    assert "; 3 left out in other languages\n" in capsys.readouterr().out


def test_speech_of_no_known_language_is_babble_only_where_any_will_do(own, tmp_path, capsys):
    table = own / "musan/speech/librivox/ANNOTATIONS"
    table.write_text(table.read_text().replace("m chinese", "m klingonese"))
    assert len(make_lists("musan", own, tmp_path / "data")["musan_speech"]) == 6
    assert "eng 3, deu 2, not told 1" in capsys.readouterr().out
    lists = make_lists("musan", own, tmp_path / "data", "--babble_languages", "deu")
    assert "3 left out in other languages; 1 left out whose language is not told" in capsys.readouterr().out
    assert lists["musan_speech"] == ["speech-librivox-0000", "speech-librivox-0003"]


def test_recorded_rooms_come_without_the_noises_beside_them(corpora, tmp_path, capsys):
    lists = make_lists("rirs", corpora, tmp_path / "data", "--rooms", "", "--real_rirs", "true")
    assert lists == {
        "rirs": [
            "RVB2014_type1_rir_largeroom1_far_angla",
            "RWCP_type1_rir_cirline_jr1_imp000",
            "air_type1_air_binaural_aula_carolina_1_1_90_3",
        ]
    }
    told = capsys.readouterr().out
    assert "16000 Hz with 1 channel (1), 16000 Hz with 2 channels (1), 16000 Hz with 8 channels (1)" in told


def test_rooms_come_in_the_order_that_they_are_named_in(corpora, tmp_path):
    make_lists("rirs", corpora, tmp_path, "--rooms", "small,large", "--real_rirs", "true")
    lines = (tmp_path / "rirs.scp").read_text().splitlines()
    assert [Path(line).parts[-3] for line in lines[::4]] == ["smallroom", "largeroom", "RIRS_NOISES"]


def test_with_other_processes_the_lists_are_the_same(prepared, corpora, tmp_path):
    for part in remote.ARCHIVES:
        make_lists(part, corpora, tmp_path, "--nj", 1)
    for name in LISTS:
        assert (tmp_path / f"{name}.scp").read_bytes() == (prepared[0] / "data" / f"{name}.scp").read_bytes()


def remove(path: str) -> Callable[[Path], None]:
    return lambda root: shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()


def write(path: str, content: str) -> Callable[[Path], object]:
    return lambda root: (root / path).write_text(content)


def cut(path: str, size: int) -> Callable[[Path], object]:
    return lambda root: (root / path).write_bytes((root / path).read_bytes()[:size])


def move(path: str, to: str) -> Callable[[Path], None]:
    def do(root: Path) -> None:
        (root / path).rename(root / "moved")
        (root / to).parent.mkdir()
        (root / "moved").rename(root / to)

    return do


ROOM = "RIRS_NOISES/simulated_rirs/smallroom"
FMA = "musan/music/fma"
WRONG_CORPORA = {
    "no MUSAN": (remove("musan"), "/musan: there is no such folder; say where MUSAN is, in db.sh or by --musan_root"),
    "no RIRS_NOISES": (remove("RIRS_NOISES"), "/RIRS_NOISES: there is no such folder; say where RIRS_NOISES is, in db"),
    "one folder too high": (
        move("musan", "musan/musan"),
        "holds none of music, noise, speech, the folders of MUSAN; is",
    ),
    "one too high, of rooms": (move("RIRS_NOISES", "RIRS_NOISES/RIRS_NOISES"), "RIRS_NOISES; is it "),
    "a kind is missing": (
        remove("musan/noise"),
        "has no wav files in noise/free-sound, noise/sound-bible: half-unpacked",
    ),
    "a source is missing": (
        remove("musan/speech/us-gov"),
        "has no wav files in speech/us-gov: half-unpacked? unpack mu",
    ),
    "a file is missing": (
        remove(f"{FMA}/music-fma-0001.wav"),
        "fma: lacks 1 of the 2 files that its ANNOTATIONS names, such as music-fma-0001.wav: half-unpacked? unpack m",
    ),
    "a room is missing": (remove(ROOM), f"{ROOM}/rir_list: there is no such list, which names the responses: half-"),
    "a response is missing": (
        remove(f"{ROOM}/Room002/Room002-00002.wav"),
        "smallroom: lacks 1 of the 4 files that its rir_list names, such as Room002/Room002-00002.wav: half-unpacked?",
    ),
    "an empty list": (
        write(f"{ROOM}/rir_list", "\n"),
        "smallroom: lacks 0 of the 0 files that its rir_list names: half",
    ),
    "a list with other columns": (
        write(f"{ROOM}/rir_list", "Room001/Room001-00001.wav small\n"),
        "rir_list:1: expected '--rir-id <id> --room-id <room> RIRS_NOISES/<path>.wav', found 'Room001/Room001-00001",
    ),
    "a list with a command": (
        write(f"{ROOM}/rir_list", "--rir-id 1 --room-id 1 cat RIRS_NOISES/a.wav |\n"),
        "found '--rir-id 1 --room-id 1 cat RIRS_NOISES/a.wav |'; is it another version of RIRS_NOISES?",
    ),
    "a list that leads elsewhere": (
        write(f"{ROOM}/rir_list", "--rir-id 1 RIRS_NOISES/../a.wav\n"),
        "rir_list:1: expect",
    ),
    "cut short": (cut(f"{FMA}/music-fma-0001.wav", 5000), "its header says 0.50 s, 0.15 s are there. Remove them, and"),
    "zero bytes": (cut(f"{FMA}/music-fma-0001.wav", 0), "musan_music.scp: 1 of 7 files cannot be used: zero bytes: "),
    "no samples": (cut(f"{FMA}/music-fma-0001.wav", 44), "1 of 7 files cannot be used: "),
    "no audio": (
        write(f"{ROOM}/Room001/Room001-00001.wav", "hello"),
        "rirs.scp: 1 of 8 files cannot be used: cannot be",
    ),
    "on its way": (
        write("musan.tar.gz.part", "x"),
        "/musan.tar.gz.part: is on its way only; go on with --download true",
    ),
    "on its way, of rooms": (
        write("rirs_noises.zip.part", "x"),
        "/rirs_noises.zip.part: is on its way only; go on with",
    ),
}


@pytest.mark.parametrize("case", WRONG_CORPORA)
def test_a_corpus_that_is_not_whole_is_refused(own, tmp_path, case):
    spoil, message = WRONG_CORPORA[case]
    spoil(own)
    with pytest.raises(GeoLIDError, match=re.escape(message)):
        for part in remote.ARCHIVES:
            make_lists(part, own, tmp_path / "data")
    made = {file.name for file in (tmp_path / "data").glob("*")}
    assert made in (set(), {f"musan_{kind}.scp" for kind in musan.SOURCES})


def test_a_path_with_a_blank_is_refused_as_lists_cannot_hold_it(own, tmp_path):
    own = own.rename(own.with_name("all corpora"))
    with pytest.raises(
        GeoLIDError, match="/all corpora/musan/.*/music-fma-0000.wav: has a blank, which ends a path in"
    ):
        make_lists("musan", own, tmp_path / "data")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--parts", "musan noise"), "--parts 'musan noise': expected musan, rirs, or both"),
        (("--parts", ""), "--parts '': expected musan, rirs, or both"),
        (("--vocals", "no"), "--vocals is true or false, not 'no'"),
        (("--nj", "0"), "expected a number from 1, found '0'"),
        (("--room", "small"), "unknown option --room; did you mean --rooms?"),
        (("musan",), "unexpected argument 'musan'; options are --name value"),
    ],
)
def test_a_mistake_in_the_options_is_told(recipe, corpora, options, message):
    assert message in prepare(recipe, corpora, *options, ok=False).stderr
    assert not list(recipe.glob("data/*"))


@pytest.mark.parametrize(
    ("part", "options", "message"),
    [
        ("rirs", ("--rooms", "small huge"), "--rooms 'small huge': expected some of small medium large, each once"),
        ("rirs", ("--rooms", "small small"), "--rooms 'small small': expected some of small medium large, each once"),
        ("rirs", ("--rooms", ""), "--rooms is empty; expected some of small medium large, or --real_rirs true"),
        ("musan", ("--babble_languages", "kat"), "MUSAN has no speech in kat; it has cmn, deu, eng"),
        ("musan", ("--babble_languages", "xyzzy"), "'xyzzy' is neither a code nor a name of a language"),
    ],
)
def test_a_choice_that_cannot_be_made_is_told(corpora, tmp_path, part, options, message):
    with pytest.raises(GeoLIDError, match=re.escape(message)):
        make_lists(part, corpora, tmp_path / "data", *options)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("music-fma-0000 blues\nmusic-fma-0001 pop N A\n", "music-fma-0000 blues"),
        ("music-fma-0000 Cullah blues Y\n", "music-fma-0000 Cullah blues Y"),
    ],
)
def test_annotations_with_other_columns_are_told_where_they_are_needed(own, tmp_path, table, found):
    (own / FMA / "ANNOTATIONS").write_text(table)
    assert len(make_lists("musan", own, tmp_path / "data")["musan_music"]) == 7
    message = f"ANNOTATIONS: has '{found}'; expected '<file> <genres> <Y or N> <artist>', Y where there are vocals"
    with pytest.raises(GeoLIDError, match=message):
        make_lists("musan", own, tmp_path / "data", "--vocals", "false")


def test_without_annotations_no_music_is_known_to_be_without_vocals(own, tmp_path):
    for table in (own / "musan/music").glob("*/ANNOTATIONS"):
        table.unlink()
    with pytest.raises(
        GeoLIDError, match="--vocals false: no music is noted as without vocals; look at the tables ANN"
    ):
        make_lists("musan", own, tmp_path / "data", "--vocals", "false")


def test_a_list_that_cannot_be_made_anew_stays_as_it_was(own, tmp_path):
    make_lists("rirs", own, tmp_path / "data")
    before = files_below(tmp_path / "data")
    (own / ROOM / "Room001" / "Room001-00001.wav").write_bytes(b"")
    with pytest.raises(GeoLIDError, match=r"rirs.scp: 1 of 4 files cannot be used: zero bytes: .*Room001-00001.wav"):
        make_lists("rirs", own, tmp_path / "data", "--rooms", "small")
    assert files_below(tmp_path / "data") == before


def test_without_space_no_list_is_left_in_half(corpora, recipe):
    options = "--rooms 'small medium large'"
    command = f"{sys.executable} local/prepare_musan_rirs.py rirs {options} {corpora}/RIRS_NOISES data"
    done = run("bash", "-c", f"ulimit -f 1; exec {command}", cwd=recipe, ok=False)  # files of 1 KiB at most
    assert "the limit on file sizes is too low for this" in done.stderr
    assert not list((recipe / "data").iterdir())


@pytest.fixture
def mirror(corpora, tmp_path, monkeypatch):
    """Both archives, on a server that counts what it sends; their published sums are not looked at."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serve(pack(corpora, tmp_path / "served")) as server:
        for corpus, published in list(remote.ARCHIVES.items()):
            url = f"{server.address}/{published.name}"
            monkeypatch.setitem(remote.ARCHIVES, corpus, replace(published, url=url, md5=None))
        yield server


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("[!.]*") if file.is_file()}


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(("corpus", "folder"), [("musan", "musan"), ("rirs", "RIRS_NOISES")])
def test_what_is_fetched_is_what_was_published_and_is_not_fetched_again(
    mirror, corpora, tmp_path, corpus, folder, keep
):
    root = tmp_path / "downloads" / folder
    mirror.break_after += [3000, 2000]
    archives.get_all(remote.find(corpus, root), keep)
    assert files_below(root) == files_below(corpora / folder)
    assert (root.parent / remote.ARCHIVES[corpus].name).exists() == keep
    sent = mirror.sent
    archives.get_all(remote.find(corpus, root), keep)
    assert mirror.sent == sent
    found = musan.find(root)["noise"] if corpus == "musan" else rirs.find(root, rirs.ROOMS, True)
    assert len(found) == (5 if corpus == "musan" else 15)


def test_files_that_went_away_are_noticed_and_unpacked_again(mirror, tmp_path):
    root = tmp_path / "downloads" / "musan"
    archives.get_all(remote.find("musan", root), True)
    (root / "noise/free-sound/noise-free-sound-0001.wav").unlink()
    with pytest.raises(GeoLIDError, match=r"half-unpacked: it has \d+ files, and musan.tar.gz \d+; --download true m"):
        musan.find(root)
    archives.get_all(remote.find("musan", root), True)
    assert len(musan.find(root)["noise"]) == 5


def test_disk_and_time_are_told_first_and_too_little_space_stops_it(mirror, tmp_path, monkeypatch):
    (found,) = remote.find("musan", tmp_path / "musan")
    found = replace(found, bytes=int(11e9))
    monkeypatch.setattr(archives, "free_bytes", lambda folder: 20e9)
    lines = archives.estimate([found], tmp_path, True, "choose another place with --musan_root")
    assert lines[0] == "1 archives, 0 unpacked already; 11.0 GB to fetch"
    assert lines[2].startswith("disk: 11.0 GB for archives and about 12.6 GB unpacked; 20.0 GB are free at ")
    assert lines[3].startswith("this may be too little space")
    monkeypatch.setattr(archives, "free_bytes", lambda folder: 1e9)
    with pytest.raises(GeoLIDError, match="1.0 GB are free, and the archives take 11.0 GB; .* --musan_root, or --k"):
        archives.estimate([found], tmp_path, True, "choose another place with --musan_root")


def test_a_dry_run_fetches_nothing_and_then_the_script_does(recipe, mirror, tmp_path):
    urls = [word for part in remote.ARCHIVES for word in (f"--{part}_url", remote.ARCHIVES[part].url)]
    done = prepare(recipe, tmp_path / "to come", *urls, "--download", "true", "--dry_run", "true")
    assert done.stdout.count("1 archives, 0 unpacked already; 0.0 GB to fetch") == 2
    assert not mirror.paths() and not (tmp_path / "to come").exists() and not (recipe / "data").exists()
    done = prepare(recipe, tmp_path / "to come", *urls, "--download", "true", ok=False)  # the sum of the real one
    assert "0c472d4fc0c5141eca47ad1ffeb2a7df is published; what came is kept as " in done.stderr
    assert (tmp_path / "to come" / "musan.tar.gz.wrong").exists()
    done = prepare(recipe, tmp_path / "to come", *urls, "--download", "true", "--parts", "rirs", ok=False)
    assert "e6f48e257286e05de56413b4779d8ffb is published" in done.stderr


def test_a_folder_of_another_name_is_none_to_fetch_into(recipe, tmp_path):
    done = run(
        "local/prepare_musan_rirs.sh", "--musan_root", tmp_path / "noises", "--dry_run", "true", cwd=recipe, ok=False
    )
    assert f"musan.tar.gz unpacks to a folder musan; to fetch it, name one that is called so, such as {tmp_path}" in (
        done.stderr
    )


def test_the_miniatures_are_made_by_their_command(tmp_path, corpora):
    packed = tmp_path / "packed"
    run(sys.executable, ROOT / "tests/corpora/make_musan_rirs.py", tmp_path, "--archives", packed, cwd=ROOT)
    for folder in ("musan", "RIRS_NOISES"):
        assert files_below(tmp_path / folder) == files_below(corpora / folder)
    assert sorted(file.name for file in packed.iterdir()) == ["musan.tar.gz", "rirs_noises.zip"]
