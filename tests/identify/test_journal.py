"""Answers so far."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT
from geolid.data.utterances import Utterance
from geolid.errors import GeoLIDError
from geolid.identify.journal import Journal, mark
from geolid.identify.rows import Entry
from geolid.identify.sources import NoAudio

RECIPE = {"model": "a", "top": 3}


@pytest.fixture
def sources(tmp_path):
    found = [NoAudio("empty", "no audio")]
    for name in "abcd":
        (tmp_path / f"{name}.wav").write_text(name)
        found.append(Utterance(name, str(tmp_path / f"{name}.wav")))
    return found


def note(output, sources, recipe=RECIPE) -> None:
    with Journal(output, recipe) as journal:
        todo = list(journal.leave_undone(sources))
        entries = [Entry({"audio": source.name}, np.array([0.25, -1], np.float32)) for source in todo]
        journal.add([mark(source) for source in todo], entries)


def left(output, sources, recipe=RECIPE) -> list[str]:
    with Journal(output, recipe) as journal:
        return [source.name for source in journal.leave_undone(sources)]


def test_what_is_noted_is_not_done_again(tmp_path, sources):
    output = tmp_path / "deep" / "out.jsonl"
    assert left(output, sources) == ["empty", "a", "b", "c", "d"]
    note(output, sources[:3])
    assert left(output, sources) == ["c", "d"]
    with Journal(output, RECIPE) as journal:
        assert [source.name for source in journal.leave_undone(iter(sources[:2]))] == []
        (first, second) = journal.entries()  # there are fewer recordings now
        assert (first.row, second.row) == ({"audio": "empty"}, {"audio": "a"})
        assert second.embedding.tolist() == [0.25, -1]
        journal.remove()
    assert not any((tmp_path / "deep").iterdir())


def test_what_comes_after_a_change_is_done_again(tmp_path, sources):
    output = tmp_path / "out.jsonl"
    note(output, sources)
    later = Path(sources[3].source).stat().st_mtime_ns + 10**9
    os.utime(sources[3].source, ns=(later, later))
    assert left(output, sources) == ["c", "d"]
    note(output, sources)
    assert left(output, [*sources[:2], *sources[3:]]) == ["c", "d"]


def test_an_entry_that_was_not_written_to_its_end_is_dropped(tmp_path, sources):
    output = tmp_path / "out.jsonl"
    note(output, sources)
    journal = tmp_path / ".out.jsonl.part"
    for cut in (1, 5):
        whole = journal.read_bytes()
        journal.write_bytes(whole[:-cut])
        assert left(output, sources) == ["d"]
        note(output, sources)
        assert journal.read_bytes() == whole


def test_another_question_starts_anew(tmp_path, sources):
    output = tmp_path / "out.jsonl"
    note(output, sources)
    assert left(output, sources, {**RECIPE, "model": "b"}) == ["empty", "a", "b", "c", "d"]
    note(output, sources)
    (tmp_path / ".out.jsonl.part").write_bytes(b"\0\xff no journal\n")
    assert left(output, sources) == ["empty", "a", "b", "c", "d"]


def test_an_output_that_is_a_folder_is_told_before_the_work(tmp_path):
    with pytest.raises(GeoLIDError, match="is a folder; expected the name of a file"):
        Journal(tmp_path, RECIPE)


def test_two_do_not_write_one_output(tmp_path, sources):
    output = tmp_path / "out.jsonl"
    script = (
        f"from geolid.identify.journal import Journal; from pathlib import Path; Journal(Path({str(output)!r}), {{}})"
    )
    other = [sys.executable, "-c", script]
    with Journal(output, RECIPE) as journal:
        journal.add([mark(sources[0])], [Entry({"audio": "empty"})])
        assert len(list(journal.entries())) == 1
        done = subprocess.run(other, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1 and "out.jsonl: another 'geolid identify' is writing it" in done.stderr
        forked = os.fork()
        if not forked:
            signal.pause()
    try:
        subprocess.run(other, cwd=ROOT, check=True)
    finally:
        os.kill(forked, signal.SIGKILL)
        os.waitpid(forked, 0)
