"""The preflight: faults of every kind, each planted once in a clean corpus, are found, and nothing else is."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from conftest import RATE, make_data_dir
from geolid.bin.check_corpus import main
from geolid.data.check.corpus import AudioChoice, check
from geolid.data.check.limits import Limits
from geolid.data.data_dir import write_data_dir
from geolid.data.tables import read_table, write_table
from geolid.errors import GeoLIDError

CLEAN, WARNING, ERROR = 0, 3, 4
TEXTS = {"deu": "über sieben Brücken", "rus": "доброе утро", "jpn": "おはようございます 東京", "srp": "dobar dan"}
EASY = ("--min_utts", 1, "--min_minutes", 0.005, "--nj", 1)


def sound(seed: int, seconds: float = 2.0) -> np.ndarray:
    """Some noise that swells and fades, as speech does; another one for each seed."""
    at = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).standard_normal(len(at))
    return (0.1 * noise * np.sin(2 * np.pi * at) ** 2).clip(-0.9, 0.9)


def write_sound(path: Path, samples: np.ndarray, rate: int = RATE, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, **{"subtype": "PCM_16", **options})
    return path


def make_set(folder: Path, name: str, first_seed: int) -> Path:
    """Two utterances, of one speaker, of each language."""
    audio, speakers, texts = {}, {}, {}
    for number, language in enumerate(TEXTS):
        for take in range(2):
            utt = f"{language}_{name}{take}"
            wav = write_sound(folder / "audio" / f"{utt}.wav", sound(first_seed + 2 * number + take))
            audio[utt] = (language, str(wav))
            speakers[utt] = f"{language}_{name}"
            texts[utt] = TEXTS[language]
    return make_data_dir(folder / name, audio, utt2spk=speakers, text=texts)


@pytest.fixture
def corpus(tmp_path: Path) -> tuple[Path, Path]:
    return make_set(tmp_path, "train", 0), make_set(tmp_path, "test", 100)


def rewrite(data_dir: Path, table: str, **changes: str | None) -> None:
    """Change or remove lines of a table, and write its inverse and the others in accord."""
    names = [file.name for file in data_dir.iterdir() if "2utt" not in file.name]
    tables = {name: read_table(data_dir / name) for name in names}
    for utt, value in changes.items():
        if value is None:
            del tables[table][utt]
        else:
            tables[table][utt] = value
    write_data_dir(data_dir, tables)


def wav(data_dir: Path, utt: str) -> Path:
    return Path(read_table(data_dir / "wav.scp")[utt])


class Checked:
    """What a check said, in findings and in its exit status."""

    def __init__(self, capsys, folder: Path, *args: object):
        self.status = main([*map(str, EASY), "--report_dir", str(folder / "report"), *map(str, args)])
        self.text = (folder / "report" / "report.txt").read_text()
        self.page = (folder / "report" / "report.html").read_text()
        self.cases = [line.split("\t") for line in (folder / "report" / "cases.tsv").read_text().splitlines()[1:]]
        self.findings = re.findall(r"^(?:ERROR|WARNING|NOTE) .*$", self.text, re.MULTILINE)
        assert self.text in capsys.readouterr().out

    def only(self) -> str:
        assert len(self.findings) == 1, self.text
        return self.findings[0]

    def utts(self) -> list[str]:
        return [case[3] for case in self.cases]


def check_both(capsys, corpus, *options: object) -> Checked:
    train, test = corpus
    return Checked(capsys, train.parent, *options, "--train", train, test)


@pytest.mark.parametrize("options", [[], ["--audio", "headers"], ["--audio", "none"], ["--audio", 1], ["--nj", 2]])
def test_in_a_clean_corpus_nothing_is_found(corpus, capsys, options):
    found = check_both(capsys, corpus, *options)
    assert (found.status, found.findings) == (CLEAN, [])
    assert "0 errors, 0 warnings, 0 notes: no fault was found" in found.text


def test_the_report_tells_what_a_set_holds(corpus, capsys):
    text = check_both(capsys, corpus).text
    facts = "8 utterances; 4 languages; 4 speakers; 0.00 h; 2.00 to 2.00 s, half of them up to 2.00 s; 16000 Hz: 8"
    assert f"{corpus[0]} (training): {facts}; audio of 8 looked at\n" in text
    assert f"{corpus[1]}: {facts}; audio of 8 looked at\n" in text


# Faults of one utterance's audio: how it is made, what is said, how bad it is.


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def no_audio(path: Path) -> None:
    path.write_bytes(b"<html>404</html>")


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def without_samples(path: Path) -> None:
    write_sound(path, np.zeros(0))


def zeros(path: Path) -> None:
    write_sound(path, np.zeros(2 * RATE))


def not_a_number(path: Path) -> None:
    write_sound(path, np.full(2 * RATE, np.nan), subtype="FLOAT")


def whispered(path: Path) -> None:
    write_sound(path, sound(900) * 0.002)


def constant(path: Path) -> None:
    write_sound(path, np.full(2 * RATE, 0.05))


def a_click(path: Path) -> None:
    write_sound(path, np.where(np.arange(2 * RATE) == 9, 0.001, 0.0))


def mostly_lost(path: Path) -> None:
    write_sound(path, np.concatenate([sound(901, 0.3), np.zeros(round(1.7 * RATE))]))


def clipped(path: Path) -> None:
    write_sound(path, (8 * sound(902)).clip(-1, 1))


def clipped_and_made_quieter(path: Path) -> None:
    write_sound(path, 0.3 * (8 * sound(903)).clip(-1, 1))


def short(path: Path) -> None:
    write_sound(path, sound(904, 0.6))


def long(path: Path) -> None:
    write_sound(path, sound(905, 70))


def of_another_rate(path: Path) -> None:
    write_sound(path, sound(906, 1.0), rate=8000)


@pytest.mark.parametrize(
    ("fault", "said", "status"),
    [
        (Path.unlink, "ERROR audio: {}: 1 utterance cannot be used: no such file", ERROR),
        (emptied, "ERROR audio: {}: 1 utterance cannot be used: zero bytes", ERROR),
        (no_audio, "ERROR audio: {}: 1 utterance cannot be used: cannot be read as audio", ERROR),
        (cut_short, "ERROR audio: {}: 1 utterance cannot be used: cut short", ERROR),
        (without_samples, "ERROR audio: {}: 1 utterance cannot be used: no samples", ERROR),
        (zeros, "ERROR audio: {}: 1 utterance cannot be used: silent", ERROR),
        (not_a_number, "ERROR audio: {}: 1 utterance cannot be used: not numbers", ERROR),
        (whispered, "WARNING silent: {}: 1 utterance: as good as silent", WARNING),
        (constant, "WARNING silent: {}: 1 utterance: as good as silent", WARNING),
        (a_click, "WARNING silent: {}: 1 utterance: as good as silent", WARNING),
        (mostly_lost, "WARNING silent: {}: 1 utterance: mostly no sound", WARNING),
        (clipped, "WARNING clipped: {}: 1 utterance: clipped", WARNING),
        (clipped_and_made_quieter, "WARNING clipped: {}: 1 utterance: clipped", WARNING),
        (short, "WARNING durations: {}: 1 utterance: shorter than 1 s", WARNING),
        (long, "WARNING durations: {}: 1 utterance: longer than 60 s", WARNING),
        (of_another_rate, "WARNING rates: {}: sampling rates differ: 8000 Hz (1), 16000 Hz (7)", WARNING),
    ],
)
def test_a_fault_of_the_audio_is_found(corpus, capsys, fault, said, status):
    fault(wav(corpus[0], "rus_train1"))
    found = check_both(capsys, corpus)
    assert found.only().startswith(said.format(corpus[0]))
    assert (found.status, found.utts()) == (status, ["rus_train1"])


def test_what_needs_no_ear_is_found_from_headers(corpus, capsys):
    emptied(wav(corpus[0], "rus_train0"))
    of_another_rate(wav(corpus[0], "rus_train1"))
    without_samples(wav(corpus[1], "rus_test0"))
    found = check_both(capsys, corpus, "--audio", "headers")
    assert found.status == ERROR
    assert found.utts() == ["rus_train0", "rus_test0", "rus_train1"]
    assert "1 utterance cannot be used: no samples" in found.text


def test_several_channels_are_a_note(corpus, capsys):
    write_sound(wav(corpus[0], "rus_train1"), np.stack([sound(907), sound(908)], axis=1))
    found = check_both(capsys, corpus)
    assert "NOTE rates" in found.only() and "1 utterance with more than one channel" in found.only()
    assert found.status == CLEAN


def test_a_length_that_tables_tell_otherwise_is_found(corpus, capsys):
    write_table(corpus[0] / "utt2num_samples", dict.fromkeys(read_table(corpus[0] / "wav.scp"), str(2 * RATE)))
    assert check_both(capsys, corpus).status == CLEAN
    rewrite(corpus[0], "utt2num_samples", rus_train1=str(3 * RATE))
    found = check_both(capsys, corpus)
    assert "ERROR durations" in found.only() and "1 utterance of another length than the tables say" in found.only()
    assert found.cases[0][4] == "3.00 s told, 2.00 s there"


def test_a_segment_beyond_the_end_is_found(corpus, capsys):
    segments = {utt: f"{utt} 0.0 2.0" for utt in read_table(corpus[0] / "wav.scp")}
    write_table(corpus[0] / "segments", segments)
    assert check_both(capsys, corpus).status == CLEAN
    rewrite(corpus[0], "segments", rus_train1="rus_train1 1.0 9.0")
    for how in ("all", "headers"):
        found = check_both(capsys, corpus, "--audio", how)
        assert "1 utterance cannot be used: segment beyond the end" in found.only()


def test_a_file_that_the_system_does_not_open_is_found(corpus, capsys):
    rewrite(corpus[0], "wav.scp", rus_train1=f"{'x' * 300}.wav")
    for how in ("all", "headers"):
        assert "1 utterance cannot be used: cannot be opened" in check_both(capsys, corpus, "--audio", how).only()


# What stands twice.


@pytest.mark.parametrize("container", ["wav", "flac", "float.wav"])
def test_the_same_sound_twice_in_a_set_is_found_whatever_its_file(corpus, capsys, container):
    copy = wav(corpus[0], "rus_train1").with_name(f"copy.{container}")
    samples, _ = soundfile.read(wav(corpus[0], "rus_train0"))
    write_sound(copy, samples, subtype="FLOAT" if "float" in container else "PCM_16")
    rewrite(corpus[0], "wav.scp", rus_train1=str(copy))
    found = check_both(capsys, corpus)
    assert found.only().startswith(f"WARNING duplicates: {corpus[0]}: the very same sound as another: 1 utt")
    assert found.cases == [["warning", "duplicates", str(corpus[0]), "rus_train1", "same sound as rus_train0"]]
    assert found.status == WARNING


def test_the_same_sound_with_two_labels_is_an_error(corpus, capsys):
    shutil.copy(wav(corpus[0], "rus_train0"), wav(corpus[0], "deu_train0"))
    found = check_both(capsys, corpus)
    assert "ERROR duplicates" in found.only() and found.status == ERROR
    assert found.utts() == ["deu_train0", "rus_train0"]


def test_a_file_that_stands_twice_in_wav_scp_is_found_without_listening(corpus, capsys):
    rewrite(corpus[0], "wav.scp", rus_train1=str(wav(corpus[0], "rus_train0")))
    found = check_both(capsys, corpus, "--audio", "none")
    assert "WARNING duplicates" in found.only() and found.utts() == ["rus_train1"]


def test_a_test_utterance_that_is_trained_on_is_an_error(corpus, capsys):
    train, test = corpus
    shutil.copy(wav(train, "rus_train0"), wav(test, "rus_test1"))
    found = check_both(capsys, corpus)
    assert found.only().startswith(
        f"ERROR leak: {train} and {test}: in the first, too, or cut from its recordings: 1 utt"
    )
    assert found.cases == [["error", "leak", str(test), "rus_test1", "same sound as rus_train0"]]
    assert found.status == ERROR
    untold = Checked(capsys, train.parent, train, test)
    assert untold.only().startswith("WARNING leak") and "--train tells which set is trained on" in untold.text
    neither = Checked(capsys, train.parent, "--train", make_set(train.parent, "third", 200), train, test)
    assert neither.only().startswith("NOTE leak") and neither.status == CLEAN


def test_one_sound_with_two_labels_in_two_sets_is_told_as_well(corpus, capsys):
    shutil.copy(wav(corpus[0], "rus_train0"), wav(corpus[1], "deu_test1"))
    found = check_both(capsys, corpus)
    assert [finding.split(":")[0] for finding in found.findings] == ["ERROR duplicates", "ERROR leak"]
    assert found.cases[0][4] == "deu; same sound as rus_train0, rus"


def test_the_same_file_in_both_sets_is_found_without_listening(corpus, capsys):
    train, test = corpus
    rewrite(test, "wav.scp", rus_test1=str(train / ".." / "audio" / "rus_train0.wav"))  # another spelling of it
    found = check_both(capsys, corpus, "--audio", "none")
    assert found.only().startswith("ERROR leak") and found.utts() == ["rus_test1"]


def test_files_of_one_name_in_two_folders_are_doubtful_until_they_are_heard(corpus, capsys, tmp_path):
    """As the development set of VoxLingua107 has files of its training set, in other folders."""
    for data_dir, seed in zip(corpus, (910, 911), strict=True):
        path = write_sound(tmp_path / f"wavs_{data_dir.name}" / "0001.wav", sound(seed))
        rewrite(data_dir, "wav.scp", **{f"rus_{data_dir.name}1": str(path)})
    unheard = check_both(capsys, corpus, "--audio", "headers")
    assert unheard.only().startswith("WARNING leak") and "from files named as some of the first" in unheard.only()
    assert unheard.utts() == ["rus_test1"]
    assert check_both(capsys, corpus).findings == []


def test_stretches_of_one_recording_in_both_sets_are_found(corpus, capsys, tmp_path):
    train, test = corpus
    recording = write_sound(tmp_path / "call.wav", sound(912, 4.0))
    for data_dir, stretch in ((train, "0.0 2.0"), (test, "2.0 4.0")):
        utts = read_table(data_dir / "wav.scp")
        write_table(data_dir / "segments", {utt: f"{utt} 0 -1" for utt in utts})
        rewrite(data_dir, "segments", **{f"rus_{data_dir.name}1": f"call {stretch}"})
        rewrite(data_dir, "wav.scp", **{f"rus_{data_dir.name}1": None}, call=str(recording))
    for how in ("all", "none"):
        found = check_both(capsys, corpus, "--audio", how)
        assert found.only().startswith("ERROR leak") and found.utts() == ["rus_test1"]
        assert found.cases[0][4] == "from the same recording as rus_train1"


def test_cuts_of_one_recording_are_found_by_a_pattern_of_their_names(corpus, capsys, tmp_path):
    for data_dir, times, seed in ((corpus[0], "0001.000-0003.000", 913), (corpus[1], "0007.000-0009.000", 914)):
        path = write_sound(tmp_path / "ru" / f"-M5TZ7b_9tL__U__S0---{times}.wav", sound(seed))
        rewrite(data_dir, "wav.scp", **{f"rus_{data_dir.name}1": str(path)})
    assert check_both(capsys, corpus).findings == []
    found = check_both(capsys, corpus, "--recording_pattern", "(.{11})__U__S")
    assert found.only().startswith("ERROR leak") and found.utts() == ["rus_test1"]


def test_a_speaker_on_both_sides_is_found(corpus, capsys):
    rewrite(corpus[1], "utt2spk", rus_test0="rus_train", rus_test1="rus_train")
    found = check_both(capsys, corpus)
    assert found.only().startswith("WARNING speakers") and "1 speaker in both: rus_train" in found.only()
    assert found.utts() == ["rus_test0", "rus_test1"]
    assert found.status == WARNING


def test_entries_of_arks_are_not_taken_for_one_another(corpus, capsys, tmp_path):
    """Every formatted set has an audio.ark, and entries at the same places in it."""
    import kaldiio

    for data_dir, seed in zip(corpus, (915, 916), strict=True):
        ark = tmp_path / f"dump_{data_dir.name}" / "audio.ark"
        ark.parent.mkdir()
        kaldiio.save_ark(str(ark), {"x": (RATE, (sound(seed) * 32767).astype(np.int16))})
        rewrite(data_dir, "wav.scp", **{f"rus_{data_dir.name}1": f"{ark}:2"})
    for how in ("all", "none"):
        assert check_both(capsys, corpus, "--audio", how).findings == []


# Labels and texts.


def test_an_unknown_label_is_an_error_with_the_nearest_ones(corpus, capsys):
    rewrite(corpus[0], "utt2lang", rus_train1="ru")
    found = check_both(capsys, corpus, "--min_minutes", 0)
    assert "'ru' is no ISO 639-3 code" in found.findings[0] and "do you mean rus (Russian)" in found.text
    assert found.status == ERROR


def test_a_language_with_too_little_data_is_found(corpus, capsys):
    for options in (("--min_utts", 3), ("--min_minutes", 0.1)):
        found = check_both(capsys, corpus, *options)
        assert len(found.findings) == 2 and "WARNING little" in found.findings[0]
        assert "deu (2 utterances, 0.1 min), jpn (2 utterances, 0.1 min)" in found.findings[0]
        assert found.status == WARNING


def test_what_cannot_be_used_does_not_count_as_data(corpus, capsys):
    emptied(wav(corpus[0], "rus_train1"))
    found = check_both(capsys, corpus, "--min_utts", 2)
    assert len(found.findings) == 2 and "rus (1 utterance, 0.0 min)" in found.findings[1]


def test_what_is_not_heard_counts_with_the_mean_of_the_rest(corpus, capsys):
    found = check_both(capsys, corpus, "--audio", 1, "--min_minutes", 0.06)
    assert found.status == CLEAN


def test_a_label_that_training_calls_otherwise_is_a_warning_and_a_new_language_a_note(corpus, capsys):
    rewrite(corpus[0], "utt2lang", deu_train0="nor", deu_train1="nor", jpn_train0="sqi", jpn_train1="sqi")
    rewrite(corpus[1], "utt2lang", deu_test0="nob", deu_test1="nob", jpn_test0="gle", jpn_test1="gle")
    for data_dir in corpus:
        (data_dir / "text").unlink()
    found = check_both(capsys, corpus)
    warning, note = found.findings
    assert "WARNING labels" in warning and "1 label that the training sets call otherwise" in warning
    assert "nob for nor (2)" in warning
    assert "NOTE labels" in note and "1 language that no training set has: gle (Irish, 2)" in note


def test_two_labels_of_one_language_in_a_set_are_a_note(corpus, capsys):
    for data_dir, name in zip(corpus, ("train", "test"), strict=True):
        rewrite(data_dir, "utt2lang", **{f"deu_{name}{i}": "nor" for i in (0, 1)})
        rewrite(data_dir, "utt2lang", **{f"srp_{name}{i}": "nob" for i in (0, 1)})
    found = check_both(capsys, corpus)
    assert len(found.findings) == 2 and found.status == CLEAN
    assert "several labels for what tolerant scoring counts as one language: (nob, nor)" in found.findings[0]


def test_text_in_a_script_that_is_not_the_languages_is_found(corpus, capsys):
    rewrite(
        corpus[0], "text", rus_train1="добрый good morning everybody", jpn_train0="<cough> (()) 12!", jpn_train1="OK"
    )
    found = check_both(capsys, corpus)
    assert found.only().startswith(f"WARNING scripts: {corpus[0]}: 1 text in a script that the language is not")
    assert "1 of rus in Latin" in found.only()
    assert found.utts() == ["rus_train1"]


@pytest.mark.parametrize(("foreign", "severity"), [(1, "NOTE"), (2, "WARNING")])
def test_a_foreign_text_now_and_then_is_a_note(tmp_path, capsys, foreign, severity):
    texts = {f"rus_{number:03d}": "Ulan Bator" if number < foreign else "доброе утро" for number in range(150)}
    audio = {utt: ("rus", f"{utt}.wav") for utt in texts}
    found = Checked(capsys, tmp_path, "--audio", "none", make_data_dir(tmp_path / "set", audio, text=texts))
    assert found.only().startswith(f"{severity} scripts")


def test_free_labels_are_no_languages(corpus, capsys):
    for data_dir, name in zip(corpus, ("train", "test"), strict=True):
        rewrite(data_dir, "utt2lang", **{f"rus_{name}{i}": f"speaker_{name}" for i in (0, 1)})
        rewrite(data_dir, "text", **{f"deu_{name}0": "доброе утро"})  # here deu is not German
        (data_dir / "label_kind").write_text("free\n")
    found = check_both(capsys, corpus)
    assert found.findings == [] and "8 utterances; 4 labels" in found.text


# Tables, options and the page.


def test_faults_of_tables_are_told_and_the_other_set_is_still_checked(corpus, capsys):
    train, test = corpus
    (train / "wav.scp").write_text("deu_train0\n")
    emptied(wav(test, "rus_test0"))
    found = check_both(capsys, corpus)
    assert found.status == ERROR
    assert f"ERROR tables: {train}/wav.scp:1: expected '<key> <value>', found 'deu_train0'" in found.text
    assert f"ERROR tables: {train}: nothing else of it could be checked" in found.text
    assert f"ERROR audio: {test}: 1 utterance cannot be used: zero bytes" in found.text


def test_a_directory_that_is_not_there_is_told(corpus, capsys):
    found = Checked(capsys, corpus[0].parent, corpus[0].parent / "none")
    assert "there is no such directory" in found.findings[0] and found.status == ERROR


def test_commands_are_run_only_when_they_are_allowed(corpus, capsys):
    path = wav(corpus[0], "rus_train1")
    rewrite(corpus[0], "wav.scp", rus_train1=f"cat {path} |")
    assert "is a command, and commands are not allowed" in check_both(capsys, corpus).text
    assert check_both(capsys, corpus, "--allow_pipes", "true").findings == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--audio", "some"], "expected all, headers, none or a number from 1, found 'some'"),
        (["--audio", "0"], "expected all, headers, none or a number from 1, found '0'"),
        (["--nj", "0"], "expected a number from 1, found '0'"),
        (["--max_clipped", "2"], "expected a share from 0 to 1"),
        (["--trains", "x"], "unknown option --trains; did you mean --train?"),
    ],
)
def test_what_is_no_value_for_an_option_is_told(corpus, capsys, options, message):
    with pytest.raises(SystemExit) as stopped:
        main([str(corpus[0]), *options])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_without_a_directory_it_is_told_what_to_give(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert "expected a data directory" in capsys.readouterr().err


def test_a_pattern_that_is_none_is_told(corpus, capsys):
    for pattern in ("(", "__U__"):
        with pytest.raises(GeoLIDError, match="--recording_pattern .* whose first group is the recording"):
            check_both(capsys, corpus, "--recording_pattern", pattern)


def test_a_sample_is_as_many_utterances_of_each_language(corpus, capsys):
    emptied(wav(corpus[0], "rus_train1"))  # the first one is taken
    found = check_both(capsys, corpus, "--audio", 1)
    assert found.findings == [] and "audio of 4 looked at" in found.text
    assert "Listened to 1 utterance of each language at most" in found.text


def test_the_findings_do_not_depend_on_the_number_of_processes(corpus, capsys):
    for number, fault in enumerate((emptied, zeros, clipped, short)):
        fault(wav(corpus[number % 2], f"{list(TEXTS)[number]}_{corpus[number % 2].name}1"))
    one = check_both(capsys, corpus, "--nj", 1)
    several = check_both(capsys, corpus, "--nj", 3)
    assert len(one.findings) == 4
    assert (one.text, one.page, one.cases) == (several.text, several.page, several.cases)


def test_the_page_stands_by_itself_and_escapes_what_it_shows(corpus, capsys):
    rewrite(corpus[0], "text", rus_train1="hello <script>alert(1)</script> everybody & all")
    page = check_both(capsys, corpus).page
    assert "<script" not in page and "http" not in page
    assert "hello &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count('<section class="finding warning">') == 1
    assert "<td>rus</td><td>Russian</td>" in page


def test_a_table_out_of_order_is_told_and_still_understood(corpus, capsys):
    lines = (corpus[0] / "utt2lang").read_text().splitlines(keepends=True)
    (corpus[0] / "utt2lang").write_text("".join(lines[::-1]))
    found = check_both(capsys, corpus)
    assert "is out of order (LC_ALL=C)" in found.text
    assert {finding.split(":")[0] for finding in found.findings} == {"ERROR tables"}
    assert "(training): 8 utterances; 4 languages; 4 speakers" in found.text


def test_lengths_are_taken_from_tables_where_audio_is_not_looked_at(corpus, capsys):
    train, test = corpus
    write_table(train / "utt2dur", dict.fromkeys(read_table(train / "wav.scp"), "900.0") | {"rus_train1": "0.5"})
    segments = {utt: f"{utt} 0.5 1.75" for utt in read_table(test / "wav.scp")}
    write_table(test / "segments", segments | {"rus_test1": "rus_test1 0.5 -1"})
    found = check_both(capsys, corpus, "--audio", "none")
    assert f"{train} (training): 8 utterances; 4 languages; 4 speakers; 1.75 h; 0.50 to 900.00 s" in found.text
    assert (
        f"{test}: 8 utterances; 4 languages; 4 speakers; 0.00 h (1 of unknown length not counted); 1.25" in found.text
    )
    assert found.utts().count("rus_train1") == 1 and len(found.cases) == 8  # one is short, seven are long


def test_a_directory_that_is_given_twice_is_refused(corpus):
    with pytest.raises(GeoLIDError, match="is given twice, and would be compared with itself"):
        main([str(corpus[0]), str(corpus[0])])


def test_a_training_set_may_be_named_among_the_others(corpus, capsys):
    train, test = corpus
    assert Checked(capsys, train.parent, "--train", train, train, test).status == CLEAN


def test_some_cases_are_shown_and_all_are_listed(corpus, capsys):
    for utt in list(read_table(corpus[0] / "wav.scp"))[:7]:
        emptied(wav(corpus[0], utt))
    found = check_both(capsys, corpus)
    assert len([case for case in found.cases if case[1] == "audio"]) == 7
    assert "  ... and 2 more\n" in found.text


def test_a_duplicate_is_told_of_any_training_set_whatever_the_order(corpus, capsys):
    """The training set is given last, and there are two of them."""
    train, test = corpus
    other = make_set(train.parent, "other", 300)
    shutil.copy(wav(other, "rus_other0"), wav(test, "rus_test1"))
    shutil.copy(wav(other, "deu_other0"), wav(train, "deu_train0"))
    found = Checked(capsys, train.parent, test, "--train", train, "--train", other)
    assert [finding.split(": ")[:2] for finding in found.findings] == [
        ["ERROR leak", f"{other} and {test}"],
        ["NOTE leak", f"{train} and {other}"],
    ]


def test_stretches_of_one_recording_in_a_set_are_no_duplicates(corpus, capsys, tmp_path):
    train = corpus[0]
    write_table(train / "segments", {utt: f"{utt} 0 2" for utt in read_table(train / "wav.scp")})
    recording = write_sound(tmp_path / "call.wav", sound(917, 4.0))
    rewrite(train, "wav.scp", rus_train0=None, rus_train1=None, call=str(recording))
    rewrite(train, "segments", rus_train0="call 0 2", rus_train1="call 2 4")
    for how in ("all", "none"):
        assert check_both(capsys, corpus, "--audio", how).findings == []


def test_stretches_of_one_file_are_a_leak_whatever_the_recordings_ids(corpus, capsys, tmp_path):
    recording = write_sound(tmp_path / "call.wav", sound(918, 4.0))
    for data_dir, stretch in zip(corpus, ("0 2", "2 4"), strict=True):
        name = data_dir.name
        write_table(data_dir / "segments", {utt: f"{utt} 0 -1" for utt in read_table(data_dir / "wav.scp")})
        rewrite(data_dir, "segments", **{f"rus_{name}1": f"call_{name} {stretch}"})
        rewrite(data_dir, "wav.scp", **{f"rus_{name}1": None, f"call_{name}": str(recording)})
    found = check_both(capsys, corpus)
    assert found.only().startswith("ERROR leak") and found.utts() == ["rus_test1"]


def test_the_order_of_the_sets_does_not_matter(corpus):
    train, test = corpus
    shutil.copy(wav(train, "rus_train0"), wav(test, "rus_test1"))
    limits = Limits(min_utts=1, min_minutes=0)
    (finding,) = check([test, train], [train], limits, AudioChoice()).findings
    assert finding.where == f"{train} and {test}" and finding.cases[0].utt == "rus_test1"
