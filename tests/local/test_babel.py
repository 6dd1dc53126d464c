"""Stage 1 for Babel, on a miniature of it, as a user runs it."""

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import ROOT, lay_out_recipe, run
from corpora.make_babel import SECONDS, make, script_of, write_audio
from geolid.data.audio import read
from geolid.data.tables import read_table
from geolid.data.utterances import utterances
from geolid.errors import GeoLIDError

_PLACE = importlib.util.spec_from_file_location("prepare_babel", ROOT / "local/prepare_babel.py")
prepare_babel = importlib.util.module_from_spec(_PLACE)
_PLACE.loader.exec_module(prepare_babel)

SETS = ("train_babel_lang", "train_babel_over_10s_lang", "dev_babel_lang", "dev_babel_over_10s_lang")
# Where an utterance begins, as its id says it, and its place in the recording.
STRETCHES = {
    "000125": "1.250 4.500",
    "000800": "8.000 20.500",
    "002100": "21.000 31.000",
    "003100": "31.000 40.999",
    "004099": "40.999 42.000",  # the audio ends before the last mark
}
LONG = ("000800", "002100")
RECORDINGS = {
    "train": {
        "gug_10001_A_20130101_090000": "BABEL_OP3_305_10001_20130101_090000_inLine",
        "kat_10001_A_20140101_090000": "BABEL_OP3_404_10001_20140101_090000_inLine",
        "yue_10001_A_20111101_120000": "BABEL_BP_101_10001_20111101_120000_inLine",
        "yue_10001_B_20111101_120000": "BABEL_BP_101_10001_20111101_120000_outLine",
        "yue_10002_A_20111102_130000": "BABEL_BP_101_10002_20111102_130000_inLine",
    },
    "dev": {
        "gug_20001_B_20130102_100000": "BABEL_OP3_305_20001_20130102_100000_outLine",
        "kat_20001_A_20140102_100000": "BABEL_OP3_404_20001_20140102_100000_inLine",
        "yue_20001_A_20111103_140000": "BABEL_BP_101_20001_20111103_140000_inLine",
    },
}
CALL = "BABEL_BP_101_10001_20111101_120000"
CONVERSATIONS = "BABEL_101/conversational"
TRANSCRIPT = f"{CONVERSATIONS}/training/transcription/{CALL}_inLine.txt"
AUDIO = f"{CONVERSATIONS}/training/audio/{CALL}_inLine.sph"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """The miniature; not to be changed."""
    folder = tmp_path_factory.mktemp("corpus") / "babel"
    make(folder)
    return folder


@pytest.fixture(scope="module")
def made(corpus, tmp_path_factory) -> Path:
    """A recipe in which the data directories were made; not to be changed."""
    recipe = lay_out_recipe(tmp_path_factory.mktemp("recipe"))
    prepare(recipe, corpus, "--nj", 2)
    return recipe


@pytest.fixture
def own(corpus, recipe) -> Path:
    """A copy of the miniature, where db.sh looks for it."""
    return shutil.copytree(corpus, recipe / "downloads/babel", copy_function=_copy_or_link)


def _copy_or_link(source: str, dest: str) -> None:
    """Nothing is done to wavs, which are large."""
    shutil.copy(source, dest) if not source.endswith(".wav") else Path(dest).symlink_to(source)


def prepare(recipe: Path, root: Path, *options: object, ok: bool = True) -> subprocess.CompletedProcess:
    return run("local/prepare_babel.sh", "--root", root, *options, cwd=recipe, ok=ok)


def table(recipe: Path, set_name: str, name: str) -> dict[str, str]:
    return read_table(recipe / "data" / set_name / name)


def tables_of(recipe: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of every table."""
    files = [file for file in (recipe / "data").rglob("*") if file.is_file() and file.name != ".lock"]
    return {str(file.relative_to(recipe)): (file.read_bytes(), file.stat().st_mtime_ns) for file in files}


@pytest.mark.parametrize("set_name", SETS)
def test_the_tables_are_those_of_the_transcripts(made, corpus, set_name):
    begins = LONG if "over_10s" in set_name else tuple(STRETCHES)
    recordings = RECORDINGS[set_name.partition("_")[0]]
    assert table(made, set_name, "segments") == {
        f"{call}_{begin}": f"{recording} {STRETCHES[begin]}"
        for call, recording in recordings.items()
        for begin in begins
    }
    utts = sorted(f"{call}_{begin}" for call in recordings for begin in begins)
    assert table(made, set_name, "utt2lang") == {utt: utt[:3] for utt in utts}
    assert table(made, set_name, "utt2spk") == {utt: utt[: len("yue_10001_A")] for utt in utts}
    assert table(made, set_name, "utt2dataset") == dict.fromkeys(utts, "babel")
    assert list(table(made, set_name, "lang2utt")) == ["gug", "kat", "yue"]
    wavs = table(made, set_name, "wav.scp")
    assert wavs == {name: str(next(corpus.rglob(f"{name}.[sw]*"))) for name in recordings.values()}
    run("utils/validate_data_dir.sh", f"data/{set_name}", cwd=made)


def test_what_is_no_speech_is_named_with_what_it_is(made):
    dropped = table(made, "dev_babel_lang", "dropped")
    name = "BABEL_OP3_305_20001_20130102_100000_outLine"
    assert {key: value for key, value in dropped.items() if key.startswith(name)} == {
        f"{name}:0.000-1.250": "among stretches without a word: <no-speech>",
        f"{name}:4.500-6.000": "among stretches without a word: <breath> <hes>",
        f"{name}:6.000-7.000": "among stretches without a word: (()) ~ <foreign>",
        f"{name}:7.000-8.000": "among stretches without a word: qqqq mba'éichapaqq-",
    }
    assert len(dropped) == 12
    assert not (made / "data/dev_babel_over_10s_lang/dropped").exists()


def test_the_audio_is_that_of_the_stretch(made):
    """Of mu-law, A-law and linear SPHERE, and of a wav at 48 kHz."""
    rates = set()
    for utterance in utterances(made / "data/train_babel_lang"):
        audio = read(utterance.source, utterance.start, utterance.end)
        rates.add((audio.header.rate, audio.header.container, audio.header.subtype))
        assert len(audio.samples) == round((utterance.end - utterance.start) * audio.header.rate)
    assert rates == {(8000, "NIST", "ULAW"), (8000, "NIST", "ALAW"), (8000, "NIST", "PCM_16"), (48000, "WAV", "PCM_24")}


def test_stages_3_and_4_take_the_sets(made):
    sets = ("data/train_babel_over_10s_lang", "data/dev_babel_over_10s_lang")
    run("steps/03_format_audio.sh", "--nj", 2, "dump/raw", *sets, cwd=made)
    run("steps/04_collect_stats.sh", *(f"dump/raw/{Path(it).name}" for it in sets), "exp/stats", cwd=made)
    for side, split in (("train", "train"), ("valid", "dev")):
        assert read_table(made / f"exp/stats/{side}/speech_shape") == {
            f"{call}_{begin}": samples
            for call in RECORDINGS[split]
            for begin, samples in zip(LONG, ("200000", "160000"), strict=True)
        }


@pytest.mark.parametrize("nj", [1, 5])
def test_the_tables_are_the_same_for_any_number_of_jobs(made, corpus, recipe, nj):
    prepare(recipe, corpus, "--nj", nj)
    assert {name: it[0] for name, it in tables_of(recipe).items()} == {
        name: it[0] for name, it in tables_of(made).items()
    }


def test_asked_for_again_it_changes_nothing(made, corpus):
    before = tables_of(made)
    prepare(made, corpus)
    assert tables_of(made) == before


@pytest.mark.parametrize("wanted", ["yue,gug", "305 101", "BABEL_101, gug"])
def test_languages_are_chosen_by_code_or_by_pack(corpus, recipe, wanted):
    prepare(recipe, corpus, "--languages", wanted)
    for set_name in SETS:
        assert list(table(recipe, set_name, "lang2utt")) == ["gug", "yue"]


def test_hours_bound_each_language_of_training_and_the_seed_decides_which(corpus, recipe):
    def chosen(*options: object) -> dict[str, str]:
        prepare(recipe, corpus, "--max_hours", 30 / 3600, *options)
        return table(recipe, "train_babel_lang", "segments")

    first = chosen()
    for lang in ("gug", "kat", "yue"):
        times = [segment.split()[1:] for utt, segment in first.items() if utt.startswith(lang)]
        assert 15 < sum(float(end) - float(start) for start, end in times) <= 30
    assert len(table(recipe, "dev_babel_lang", "segments")) == 15
    assert chosen() == first
    assert chosen("--languages", "yue").items() <= first.items()
    assert chosen("--seed", 2) != first


def test_a_set_without_utterances_is_not_left_from_before(own, recipe):
    run("local/prepare_babel.sh", cwd=recipe)
    assert (recipe / "data/dev_babel_over_10s_lang/wav.scp").exists()
    for transcript in own.glob("*/conversational/dev/transcription/*"):
        lines = transcript.read_text().splitlines()
        transcript.write_text("\n".join([*lines[:5], "[4.500]"]))
    done = run("local/prepare_babel.sh", cwd=recipe)
    assert "dev_babel_over_10s_lang      not made" in done.stdout
    assert not (recipe / "data/dev_babel_over_10s_lang").exists()
    assert list(table(recipe, "dev_babel_lang", "segments")) == [f"{call}_000125" for call in RECORDINGS["dev"]]


def test_a_recording_in_two_types_is_taken_once_from_the_first_type(own, recipe):
    wav = (own / AUDIO).with_suffix(".wav")
    write_audio(wav, "PCM_16", 16000)
    for types, taken, left in (("sph wav", AUDIO, wav.name), ("WAV, SPH", str(wav.relative_to(own)), Path(AUDIO).name)):
        prepare(recipe, "downloads/babel", "--audio_types", types)
        source = f"downloads/babel/{taken}"
        assert table(recipe, "train_babel_lang", "wav.scp")[f"{CALL}_inLine"] == source
        assert table(recipe, "train_babel_lang", "dropped")[left] == f"{source} is taken"


def test_recordings_of_types_that_are_not_wanted_are_left_out_and_named(corpus, recipe):
    prepare(recipe, corpus, "--audio_types", "sph")
    name = "BABEL_BP_101_10002_20111102_130000_inLine"
    assert set(table(recipe, "train_babel_lang", "wav.scp")) == set(RECORDINGS["train"].values()) - {name}
    assert table(recipe, "train_babel_lang", "dropped")[name].startswith("not in --audio_types: ")


def test_without_a_lexicon_whatever_has_letters_is_a_word(own, recipe):
    for lexicon in own.rglob("lexicon.txt"):
        lexicon.unlink()
    prepare(recipe, own, "--use_lexicon", "false")
    segments = table(recipe, "train_babel_lang", "segments")
    assert (
        segments["kat_10001_A_20140101_090000_000700"]
        == f"{RECORDINGS['train']['kat_10001_A_20140101_090000']} 7.000 8.000"
    )
    assert "kat_10001_A_20140101_090000_002100" not in segments  # its only word is broken off
    assert len(segments) == 25


def test_words_are_compared_without_regard_to_case_and_composition(own, recipe):
    lexicon = own / "BABEL_305/conversational/reference_materials/lexicon.txt"
    lexicon.write_text("MBA'E\N{COMBINING ACUTE ACCENT}ICHAPA x\nPora\N{COMBINING TILDE}\tx\n")
    prepare(recipe, own)
    assert sum(utt.startswith("gug") for utt in table(recipe, "train_babel_lang", "segments")) == len(STRETCHES)


def test_two_stretches_with_one_id_are_one_and_the_other_is_named(own, recipe):
    (own / TRANSCRIPT).write_text("[1.000]\n你\n[1.004]\n好\n[2.000]\n你\n\n[2.000]\n你\n[3.000]\n")
    prepare(recipe, own)
    dropped = table(recipe, "train_babel_lang", "dropped")
    call = "yue_10001_A_20111101_120000"
    segments = {utt: it for utt, it in table(recipe, "train_babel_lang", "segments").items() if utt.startswith(call)}
    name = f"{CALL}_inLine"
    assert segments == {f"{call}_000100": f"{name} 1.000 1.004", f"{call}_000200": f"{name} 2.000 3.000"}
    assert dropped[f"{name}:1.004-2.000"] == f"its id, {call}_000100, is that of {name}:1.000-1.004"
    assert dropped[f"{name}:2.000-2.000"] == "among stretches of no length: 你"


def write(path: str, text: str | bytes) -> Callable[[Path], None]:
    return lambda root: (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())


def remove(path: str) -> Callable[[Path], None]:
    return lambda root: shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()


def rename(path: str, name: str) -> Callable[[Path], None]:
    return lambda root: (root / path).rename((root / path).with_name(name)) and None


def empty(path: str) -> Callable[[Path], None]:
    return lambda root: [file.unlink() for file in (root / path).iterdir()] and None


def edit(path: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    return lambda root: (root / path).write_bytes((root / path).read_bytes().replace(old, new, 1)) and None


def cut(path: str, size: int) -> Callable[[Path], None]:
    return lambda root: (root / path).write_bytes((root / path).read_bytes()[:size]) and None


WRONG_CORPORA = {
    "no folder": (remove("."), "there is no such folder. Babel cannot be fetched from here: order its language packs"),
    "no packs": (lambda root: [remove(it.name)(root) for it in root.iterdir()], "holds no language pack (BABEL_101, "),
    "unknown pack": (rename("BABEL_305", "BABEL_999"), "BABEL_999: '999' is no label of babel"),
    "unknown folder": (rename("BABEL_305", "guarani"), "guarani: 'guarani' is no label of babel"),
    "pack twice": (
        lambda root: shutil.copytree(root / "BABEL_101", root / "BABEL_BP_101"),
        "BABEL_BP_101: is pack 101, and so is BABEL_101; take one of them away",
    ),
    "link to nothing": (
        lambda root: (root / "BABEL_102").symlink_to("elsewhere"),
        "BABEL_102: is a link to nothing, elsewhere; mend it, or take it away",
    ),
    "no conversations": (
        remove(CONVERSATIONS),
        "BABEL_101: has no folder conversational; unpack pack 101 anew, or leave",
    ),
    "half unpacked": (
        remove(f"{CONVERSATIONS}/dev"),
        f"{CONVERSATIONS}: lacks dev/audio, dev/transcription, as if half unpacked; unpack pack 101 anew",
    ),
    "no lexicon": (
        remove(f"{CONVERSATIONS}/reference_materials"),
        "lexicon.txt: there is no such file, which tells words from noises; unpack pack 101 anew, or",
    ),
    "no transcripts": (
        empty(f"{CONVERSATIONS}/dev/transcription"),
        f"{CONVERSATIONS}/dev/transcription: holds no txt file; unpack pack 101 anew, or leave yue out",
    ),
    "no audio": (empty(f"{CONVERSATIONS}/dev/audio"), f"{CONVERSATIONS}/dev/audio: holds no sph or wav file; unpack"),
    "lexicon of another pack": (
        write(f"{CONVERSATIONS}/reference_materials/lexicon.txt", "qqq\n"),
        "pack 101: in 3 recordings there is no word of ",
    ),
    "lexicon in another encoding": (
        write(f"{CONVERSATIONS}/reference_materials/lexicon.txt", b"\xa7A\n"),
        "lexicon.txt: not UTF-8; unpack its pack anew, or convert it",
    ),
}


@pytest.mark.parametrize("case", WRONG_CORPORA)
def test_a_corpus_that_is_not_as_expected_is_refused(own, recipe, case):
    break_it, message = WRONG_CORPORA[case]
    break_it(own)
    with pytest.raises(GeoLIDError, match=re.escape(message)):
        prepare_babel.main([own, recipe / "data"])
    assert not (recipe / "data").exists()


FAULTY_RECORDINGS = {
    "no transcript": (remove(TRANSCRIPT), "no transcript for its audio: "),
    "no audio": (remove(AUDIO), "no audio for its transcript: "),
    "time runs backwards": (edit(TRANSCRIPT, b"[20.500]", b"[7.500]"), "time runs backwards, from 8 to 7.5 s: "),
    "transcript cut short": (cut(TRANSCRIPT, 60), "it ends without a closing time mark"),
    "no time": (edit(TRANSCRIPT, b"[8.000]", b"[8,000]"), "expected a time such as [3.275], found '[8,000]': "),
    "no time marks": (write(TRANSCRIPT, "\n"), "no time marks: "),
    "text first": (edit(TRANSCRIPT, b"[0.000]\n", b""), "text before the first time mark: "),
    "another encoding": (edit(TRANSCRIPT, b"<no-speech>", b"\xa7A"), "not UTF-8: "),
    "transcript of another": (
        edit(TRANSCRIPT, b"[42.010]", b"[42.510]"),
        "goes on to 42.51 s, its audio ends at 42.00 s: ",
    ),
    "audio cut short": (cut(AUDIO, 9024), "its header says 42.00 s, 1.00 s are there"),
    "shortened": (
        edit(AUDIO, b"sample_coding -s4 ulaw", b"sample_coding -s26 ulaw,embedded-shorten-v2.0"),
        "shortened (ulaw,embedded-shorten-v2.0), which cannot be read here; put what 'sph2pipe -p -f wav' makes",
    ),
    "zero bytes": (write(AUDIO, ""), "zero bytes: "),
    "no samples": (cut(AUDIO, 1024), "cut short: "),
    "not audio": (write(AUDIO, "hello"), "cannot be read as audio: "),
    "recording of another pack": (
        lambda root: [
            (root / file).rename((root / file).with_name(Path(file).name.replace("_101_", "_102_")))
            for file in (AUDIO, TRANSCRIPT)
        ],
        "belongs to pack 102, in a folder of pack 101: ",
    ),
    "name of another grammar": (
        lambda root: [(root / it).rename((root / it).with_stem("call_1")) for it in (AUDIO, TRANSCRIPT)],
        "its name is not BABEL_<phase>_<pack>_<speaker>_<yyyymmdd>_<hhmmss>_<inLine or outLine>: ",
    ),
}


@pytest.mark.parametrize("case", FAULTY_RECORDINGS)
def test_a_recording_that_cannot_be_used_is_named_and_so_is_its_share(own, recipe, case):
    break_it, message = FAULTY_RECORDINGS[case]
    break_it(own)
    with pytest.raises(GeoLIDError) as told:
        prepare_babel.main([own, recipe / "data"])
    assert "pack 101: 1 of 3 recordings cannot be used (33.3%), more than the allowed 1.0%:" in str(told.value)
    assert message in str(told.value)
    assert "allow more with --max_faulty" in str(told.value)
    assert not (recipe / "data").exists()
    prepare_babel.main(["--max_faulty", 0.34, own, recipe / "data"])
    faults = [why for what, why in table(recipe, "train_babel_lang", "dropped").items() if ":" not in what]
    assert len(faults) == 1
    assert message in faults[0]
    assert not any("10001_A" in utt for utt in table(recipe, "train_babel_lang", "segments") if utt.startswith("yue"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--languages", "eng"), "--languages: babel has no eng (English); what it has is told by"),
        (("--languages", "kaz"), "has no kaz (pack 302); the packs there are 101 yue, 305 gug, 404 kat"),
        (("--max_hours", "0"), "--max_hours 0: expected hours above 0, such as 5, or leave it out"),
        (("--max_hours", "0.0001"), "--max_hours 0.0001: every utterance of gug is longer"),
        (("--audio_types", ""), "--audio_types is empty; expected the types of files to read, such as 'sph wav'"),
        (("--audio_types", "flac"), "/audio: holds no flac file; unpack pack 101 anew"),
        (("--nj", "0"), "expected a number from 1, found '0'"),
        (("--language", "yue"), "unknown option --language; did you mean --languages?"),
        (("yue",), "unexpected argument 'yue'; options are --name value"),
    ],
)
def test_a_mistake_is_told_and_leaves_no_data(corpus, recipe, options, message):
    done = prepare(recipe, corpus, *options, ok=False)
    assert message in done.stderr
    assert not list((recipe / "data").glob("[!.]*"))


def test_without_space_no_set_is_left_in_half(corpus, recipe):
    limited = f"ulimit -f 2; exec {sys.executable} local/prepare_babel.py {corpus} data"  # files of 2 KiB at most
    done = run("bash", "-c", limited, cwd=recipe, ok=False)
    assert "the limit on file sizes is too low for this" in done.stderr
    assert not list(recipe.rglob("wav.scp"))


def test_the_folder_of_one_pack_is_not_that_of_all(corpus, recipe):
    done = prepare(recipe, corpus / "BABEL_101", ok=False)
    assert f"is a language pack itself; expected the folder that holds the packs, {corpus}?" in done.stderr


def test_folders_that_are_no_packs_are_passed_over(own, made, recipe):
    (own / "docs").mkdir()
    (own / "babel_readme").mkdir()
    prepare(recipe, "downloads/babel")
    assert table(recipe, "dev_babel_lang", "segments") == table(made, "dev_babel_lang", "segments")


def test_a_pack_may_have_a_folder_of_its_name_in_it_as_archives_do(own, made, recipe):
    pack = own / "IARPA_BABEL_OP3_404"
    pack.rename(own / "inner")
    outer = own / "IARPA_BABEL_OP3_404_LDC2016S12"
    outer.mkdir()
    (own / "inner").rename(outer / "IARPA_BABEL_OP3_404")
    prepare(recipe, "downloads/babel")
    assert table(recipe, "train_babel_lang", "segments") == table(made, "train_babel_lang", "segments")


def test_the_miniature_is_made_by_its_command(tmp_path, corpus):
    run(sys.executable, ROOT / "tests/corpora/make_babel.py", tmp_path, cwd=tmp_path)
    names = {str(file.relative_to(corpus)) for file in corpus.rglob("*")}
    assert {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*")} == names
    assert script_of(("a", "b")).endswith("[42.010]\n")
    assert SECONDS == 42
