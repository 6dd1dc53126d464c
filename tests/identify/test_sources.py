"""What the words of a command line stand for."""

import os
from pathlib import Path

import soundfile

from conftest import make_data_dir, tone
from geolid.data.utterances import Utterance
from geolid.identify.sources import NoAudio, expand


def names(*words: object, stdin: tuple = ()) -> list[str]:
    return [source.name for source in expand(map(str, words), stdin)]


def touch(folder, *files: str) -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()


def test_a_file_stands_for_itself_whatever_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "b.wav", "a.txt")
    assert names("b.wav", "a.txt", "none.wav") == ["b.wav", "a.txt", "none.wav"]
    assert list(expand(["b.wav"])) == [Utterance("b.wav", "b.wav")]


def test_a_folder_stands_for_the_audio_below_it_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "in/b.WAV", "in/a/z.mp3", "in/a/c.opus", "in/notes.txt", "in/.hidden.wav", "in/d.m4a")
    (tmp_path / "in/a/back").symlink_to(tmp_path / "in")
    assert names("in") == ["in/a/c.opus", "in/a/z.mp3", "in/b.WAV", "in/d.m4a"]


def test_a_folder_without_audio_and_an_empty_list_are_told(tmp_path):
    touch(tmp_path, "notes.txt")
    assert list(expand([str(tmp_path), "-"])) == [
        NoAudio(str(tmp_path), "no audio: a folder without a wav.scp or a file of a kind such as .wav, .flac or .mp3"),
        NoAudio("-", "no list: expected paths of audio files on the standard input, one a line"),
    ]


def test_what_holds_no_utterance_or_cannot_be_read_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "set/wav.scp", "in/a/x.wav", "in/b.wav")
    scandir = os.scandir

    def refuse(folder):
        if Path(folder).name == "a":
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr("os.scandir", refuse)
    assert list(expand(["set", "set/wav.scp", "in", ""])) == [
        NoAudio("set", "no audio: the data directory has no utterance"),
        NoAudio("set/wav.scp", "no audio: the table is empty"),
        NoAudio("in/a", "cannot be read: Permission denied"),
        Utterance("in/b.wav", "in/b.wav"),
        Utterance("", ""),
    ]


def test_a_pattern_stands_for_what_it_fits_and_else_for_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "in/b.wav", "in/a.wav", "in/deep/c.wav", "odd[1].wav")
    assert names("in/*.wav") == ["in/a.wav", "in/b.wav"]
    assert names("in/**/*.wav") == ["in/a.wav", "in/b.wav", "in/deep/c.wav"]
    assert names("in/d*") == ["in/deep/c.wav"]
    assert names("*.flac") == ["*.flac"]
    assert names("odd[1].wav") == ["odd[1].wav"]


def test_a_data_directory_and_a_table_stand_for_their_utterances(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1.0), 16000)
    source = str(tmp_path / "a.wav")
    data_dir = make_data_dir(tmp_path / "set", {"rec": ("deu", source)}, segments={"rec_1": "rec 0.25 0.5"})
    (data_dir / "utt2lang").write_text("rec_1 deu\n")
    assert list(expand([str(data_dir)])) == [Utterance("rec_1", source, 0.25, 0.5)]
    assert list(expand([str(data_dir / "wav.scp")])) == [Utterance("rec", source)]


def test_a_list_has_a_path_a_line(tmp_path):
    assert names("-", "x.wav", stdin=("a b.wav\r\n", "\n", "c.wav")) == ["a b.wav", "c.wav", "x.wav"]


def test_nothing_is_looked_at_before_it_is_its_turn():
    lines = iter(["a.wav\n"])
    found = expand(["-"], lines)
    assert next(found).name == "a.wav"
