"""The command `geolid identify`."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from conftest import ROOT, environment, tone
from geolid.bin import identify
from geolid.errors import GeoLIDError
from geolid.identify.identifier import LanguageIdentifier
from toy_identifier import LANGUAGES, MODEL, make_experiment, make_set


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a model in exp/lid, which the environment names, and speech/{a,b,c}.wav."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GEOLID_MODEL", str(make_experiment(tmp_path / "exp/lid")))
    (tmp_path / "speech").mkdir()
    for number, name in enumerate("abc"):
        write(tmp_path / f"speech/{name}.wav", number)
    return tmp_path


def write(path: Path, number: int) -> None:
    noise = 0.05 * np.random.default_rng(number).standard_normal((8000 + 4000 * (number % 5), 1))
    soundfile.write(path, tone(len(noise) / 16000, pitch=150 + 60 * number) + noise, 16000)


def call(capsys, *words: object, status: int = 0) -> list[dict]:
    """Return the rows that are printed."""
    assert identify.main([*map(str, words), "--device", "cpu"]) == status
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_rows_are_what_the_identifier_says(here, capsys):
    rows = call(capsys, "speech")
    assert [row["audio"] for row in rows] == ["speech/a.wav", "speech/b.wav", "speech/c.wav"]
    identifier = LanguageIdentifier.from_pretrained(here / "exp/lid", device="cpu")
    for row in rows:
        answer = identifier.identify(row["audio"])
        assert (row["language"], row["name"]) == (answer.language, answer.name)
        assert row["probability"] == pytest.approx(answer.probability, abs=1e-4)
        assert [of["language"] for of in row["top"]] == [of.language for of in answer.top(3)]
        assert row["place"]["latitude"] == pytest.approx(answer.place.latitude, abs=0.01)


def test_the_model_may_be_named(here, capsys, monkeypatch):
    rows = call(capsys, "speech")
    monkeypatch.setenv("GEOLID_MODEL", "none")
    assert call(capsys, "--model", "exp/lid", "speech") == rows
    assert call(capsys, "--model", f"exp/lid/{MODEL}", "speech") == rows
    with pytest.raises(GeoLIDError, match="none: there is no such model"):
        identify.main(["speech"])
    monkeypatch.delenv("GEOLID_MODEL")
    with pytest.raises(GeoLIDError, match="no model is named; name .* the variable GEOLID_MODEL"):
        identify.main(["speech"])


def test_what_cannot_be_used_is_a_row_and_the_others_are_answered(here, capsys):
    (here / "empty.wav").touch()
    (here / "text.txt").write_text("no audio\n")
    (here / "nothing").mkdir()
    soundfile.write(here / "short.wav", tone(0.005), 16000)
    rows = call(capsys, "empty.wav", "speech", "text.txt", "nothing", "short.wav", "gone.wav", "*.mp3", status=1)
    errors = {row["audio"]: row["error"].partition(":")[0] for row in rows if "error" in row}
    assert errors == {
        "empty.wav": "zero bytes",
        "text.txt": "cannot be read as audio",
        "nothing": "no audio",
        "short.wav": "too short",
        "gone.wav": "no such file",
        "*.mp3": "no such file",
    }
    assert [row["audio"] for row in rows if "language" in row] == ["speech/a.wav", "speech/b.wav", "speech/c.wav"]
    assert [row["audio"] for row in rows][:2] == ["empty.wav", "speech/a.wav"]


def test_tables_and_lists(here, capsys, monkeypatch):
    data_dir = make_set(here, "test", count=5)
    utts = [line.split()[0] for line in (data_dir / "wav.scp").read_text().splitlines()]
    by_folder = call(capsys, data_dir)
    assert [row["audio"] for row in by_folder] == utts
    assert by_folder == call(capsys, data_dir / "wav.scp")
    monkeypatch.setattr("sys.stdin", io.StringIO("speech/b.wav\nspeech/a.wav\n"))
    assert [row["audio"] for row in call(capsys, "-")] == ["speech/b.wav", "speech/a.wav"]


def test_a_command_of_a_table_runs_only_where_it_is_allowed(here, capsys):
    (here / "my.scp").write_text("utt cat speech/a.wav |\n")
    (row,) = call(capsys, "my.scp", status=1)
    assert "commands are not allowed" in row["error"]
    (row,) = call(capsys, "my.scp", "--allow_pipes")
    assert (row["audio"], row["file"]) == ("utt", "cat speech/a.wav |")
    assert row["language"] == call(capsys, "speech/a.wav")[0]["language"]


def test_candidates_and_how_many_are_told(here, capsys):
    rows = call(capsys, "speech", "--languages", "pol,fra", "--top", "2")
    assert all({of["language"] for of in row["top"]} == {"fra", "pol"} for row in rows)
    assert [row["unrestricted"]["language"] for row in rows] == [row["language"] for row in call(capsys, "speech")]
    assert all("top" not in row for row in call(capsys, "speech", "--top", "1"))
    for unknown in ("xqzy", "spa"):
        with pytest.raises(GeoLIDError, match=f"the model knows 4 languages, and not '{unknown}'"):
            identify.main(["speech", "--languages", f"deu {unknown}"])


def csv_languages(text: str) -> list[str]:
    return [line["language"] for line in csv.DictReader(io.StringIO(text))]


def test_formats(here, capsys):
    identify.main(["speech", "--format", "csv"])
    shown = capsys.readouterr().out
    rows = call(capsys, "speech")
    assert csv_languages(shown) == [row["language"] for row in rows]
    identify.main(["speech", "--output", "out.csv"])
    assert csv_languages(Path("out.csv").read_text()) == [row["language"] for row in rows]
    identify.main(["speech", "--output", "out.jsonl"])
    assert [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()] == rows
    capsys.readouterr()
    identify.main(["speech", "--format", "table"])
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["audio", "language", "prob.", "then"]
    assert [line.split()[:2] for line in shown[1:]] == [[row["audio"], row["language"]] for row in rows]


def test_embeddings(here, capsys):
    (here / "text.txt").write_text("no audio\n")
    call(capsys, "speech", "text.txt", "speech/a.wav", "--embeddings", "deep.npz", status=1)
    found = np.load("deep.npz")
    assert found.files == ["speech/a.wav", "speech/b.wav", "speech/c.wav"]
    identifier = LanguageIdentifier.from_pretrained(here / "exp/lid", device="cpu")
    assert found["speech/b.wav"] == pytest.approx(identifier.identify("speech/b.wav").embedding, abs=1e-4)
    identify.main(["speech", "--output", "out.jsonl", "--embeddings", "other.npz"])
    other = np.load("other.npz")
    assert other.files == found.files
    assert all(other[name] == pytest.approx(found[name], abs=1e-4) for name in found.files)


@pytest.mark.parametrize("batch", ["1", "32"])
def test_processes_and_batches_change_nothing(here, capsys, batch):
    for number in range(3, 40):
        write(here / f"speech/more_{number:02}.wav", number)
    alone = call(capsys, "speech", "--nj", "1")
    shared = call(capsys, "speech", "--nj", "3", "--batch", batch)
    assert [row["audio"] for row in shared] == [row["audio"] for row in alone]
    for row, other in zip(alone, shared, strict=True):
        assert row["language"] == other["language"]
        assert row["probability"] == pytest.approx(other["probability"], abs=1e-4)


def test_what_is_done_is_not_done_again(here, capsys, monkeypatch):
    for number in range(3, 30):
        write(here / f"speech/more_{number:02}.wav", number)
    identify.main(["speech", "--output", "whole.jsonl", "--nj", "1"])
    asked = []
    answer_block = LanguageIdentifier.answer_block

    def counted(self, block, *rest):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(len(block))
        return answer_block(self, block, *rest)

    monkeypatch.setattr(LanguageIdentifier, "answer_block", counted)
    arguments = ["speech", "--output", "out.jsonl", "--nj", "1"]
    with pytest.raises(KeyboardInterrupt):
        identify.main(arguments)
    assert asked == [8, 16] and not Path("out.jsonl").exists()
    with pytest.raises(KeyboardInterrupt):  # another question starts anew
        asked.clear()
        identify.main([*arguments, "--top", "2"])
    asked.clear()
    with pytest.raises(KeyboardInterrupt):
        identify.main(arguments)
    assert asked == [8, 16]
    asked.clear()
    identify.main(arguments)
    assert asked == [6]
    assert sorted(Path("out.jsonl").read_text().split("\n")) == sorted(Path("whole.jsonl").read_text().split("\n"))
    assert not list(here.glob(".out*"))


def test_a_killed_command_goes_on(here):
    """The command itself, killed while two processes work."""
    for number in range(3, 400):
        write(here / f"speech/more_{number:03}.wav", number)
    command = [sys.executable, "-m", "geolid", "identify", "speech", "--nj", "2", "--output"]
    env = {**environment(), "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    journal = here / ".out.jsonl.part"
    running = subprocess.Popen([*command, "out.jsonl"], env=env, start_new_session=True, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not journal.exists() or len(journal.read_bytes().splitlines()) < 30:
        assert time.monotonic() < deadline and running.poll() is None
        time.sleep(0.005)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    done = len(journal.read_bytes().splitlines()) - 1
    assert 30 <= done < 400 and not (here / "out.jsonl").exists()
    again = subprocess.run([*command, "out.jsonl"], env=env, capture_output=True, text=True, check=True)
    assert "400 recordings, " in again.stderr and "in an earlier run" in again.stderr
    rows = [json.loads(line) for line in (here / "out.jsonl").read_text().splitlines()]
    assert [row["audio"] for row in rows] == sorted(str(path.relative_to(here)) for path in here.glob("speech/*"))
    assert all(row["language"] in LANGUAGES for row in rows)
