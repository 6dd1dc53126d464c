"""The Kaldi users' commands: fix, combine, copy, subset, split, utt2lang_to_lang2utt."""

from pathlib import Path

import pytest
import soundfile

from conftest import make_data_dir, run, tone
from geolid.data.data_dir import utterance_ids
from geolid.data.tables import read_table
from geolid.data.validate import faults


@pytest.fixture
def segmented(recipe):
    """data/calls: two recordings, three segments of them."""
    audio = {"deu_b": ("deu", "b.wav"), "fra_a": ("fra", "a.wav")}
    folder = make_data_dir(recipe / "data" / "calls", audio)
    (folder / "segments").write_text("deu_b1 deu_b 0 1\nfra_a1 fra_a 0 1.5\nfra_a2 fra_a 1.5 3\n")
    (folder / "utt2lang").write_text("deu_b1 deu\nfra_a1 fra\nfra_a2 fra\n")
    (folder / "lang2utt").write_text("deu deu_b1\nfra fra_a1 fra_a2\n")
    assert list(faults(folder)) == []
    return folder


@pytest.mark.parametrize("table", ["lang2utt", "utt2lang"])
def test_a_directory_that_was_not_written_to_the_end_has_no_wav_scp(toy, monkeypatch, table):
    """Neither the old one nor the new, so that nobody takes a mixture of both for whole."""
    replace = Path.replace

    def broken(self: Path, target: Path) -> Path:
        if self.name == table and target.parent == toy:
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="No space left"):
        make_data_dir(toy, {"ita_1": ("ita", "x.wav"), "ita_2": ("ita", "y.wav")})
    assert not (toy / "wav.scp").exists()


def test_fix_mends_order_doubles_line_ends_and_missing_lines(toy, recipe):
    (toy / "wav.scp").write_bytes(b"\xef\xbb\xbffra_1 b.wav\r\ndeu_1 a.wav\r\nfra_1 b.wav\r\nita_1 i.wav\r\n\r\n")
    made = run("utils/fix_data_dir.sh", "data/toy", cwd=recipe)
    assert made.stdout == "data/toy: kept 2 utterances; left out 2, listed in data/toy/dropped\n"
    assert (toy / "wav.scp").read_text() == "deu_1 a.wav\nfra_1 b.wav\n"
    assert (toy / "dropped").read_text() == "fra_2 in utt2lang, but not in wav.scp\nita_1 not in utt2lang\n"
    assert (toy / "lang2utt").read_text() == "deu deu_1\nfra fra_1\n"
    assert list(faults(toy)) == []


def test_fix_names_an_utterance_without_a_value(toy, recipe):
    with (toy / "wav.scp").open("a") as scp:
        scp.write("ita_1\n")
    run("utils/fix_data_dir.sh", "data/toy", cwd=recipe)
    assert (toy / "dropped").read_text() == "ita_1 no value in wav.scp\n"


def test_fix_of_an_empty_table_drops_everything_by_name(toy, recipe):
    (toy / "wav.scp").write_text("")
    run("utils/fix_data_dir.sh", "data/toy", cwd=recipe)
    assert list(read_table(toy / "dropped")) == ["deu_1", "fra_1", "fra_2"]


def test_fix_changes_nothing_where_nothing_is_wrong(toy, recipe):
    before = {file: file.stat().st_mtime_ns for file in toy.iterdir()}
    run("utils/fix_data_dir.sh", "data/toy", cwd=recipe)
    assert {file: file.stat().st_mtime_ns for file in toy.iterdir()} == before


def test_fix_does_not_choose_between_two_values_of_one_id(toy, recipe):
    (toy / "utt2lang").write_text("deu_1 deu\ndeu_1 fra\nfra_1 fra\nfra_2 fra\n")
    failed = run("utils/fix_data_dir.sh", "data/toy", cwd=recipe, ok=False)
    assert "data/toy/utt2lang: 'deu_1' stands there twice, with different values; remove" in failed.stderr


def test_fix_drops_segments_without_recording_and_recordings_without_segment(segmented, recipe):
    (segmented / "wav.scp").write_text("fra_a a.wav\nspare s.wav\n")
    run("utils/fix_data_dir.sh", "data/calls", cwd=recipe)
    assert (segmented / "wav.scp").read_text() == "fra_a a.wav\n"
    assert utterance_ids(segmented) == ["fra_a1", "fra_a2"]
    assert (segmented / "dropped").read_text() == "deu_b1 its recording is not in wav.scp\n"
    assert list(faults(segmented)) == []


def test_combine_gives_whole_recordings_a_segment_beside_segmented_ones(toy, segmented, recipe):
    run("utils/combine_data.sh", "data/both", "data/toy", "data/calls", cwd=recipe)
    assert list(faults(recipe / "data/both")) == []
    assert read_table(recipe / "data/both/segments") == {
        "deu_1": "deu_1 0 -1",
        "deu_b1": "deu_b 0 1",
        "fra_1": "fra_1 0 -1",
        "fra_2": "fra_2 0 -1",
        "fra_a1": "fra_a 0 1.5",
        "fra_a2": "fra_a 1.5 3",
    }


def test_combine_says_which_tables_it_leaves_out(toy, segmented, recipe):
    (toy / "utt2spk").write_text("deu_1 a\nfra_1 b\nfra_2 b\n")
    made = run("utils/combine_data.sh", "data/both", "data/toy", "data/calls", cwd=recipe)
    assert "left out utt2spk, which not all of the directories have alike" in made.stderr


def test_combine_keeps_what_formatted_directories_say_alike(toy, recipe):
    (toy / "audio_format").write_text("wav\n")
    (toy / "feats_type").write_text("raw\n")
    run("utils/copy_data_dir.sh", "--utt-prefix", "x-", "data/toy", "data/x", cwd=recipe)
    run("utils/combine_data.sh", "data/both", "data/toy", "data/x", cwd=recipe)
    both = recipe / "data/both"
    assert (both / "audio_format").read_text() == "wav\n"
    assert (both / "category2utt").read_text() == (both / "lang2utt").read_text()
    (recipe / "data/x/audio_format").write_text("flac.ark\n")
    made = run("utils/combine_data.sh", "data/both", "data/toy", "data/x", cwd=recipe)
    assert "left out audio_format, which not all of the directories have alike" in made.stderr


def test_combine_refuses_one_id_for_two_things(toy, recipe):
    make_data_dir(recipe / "data" / "other", {"deu_1": ("deu", "elsewhere.wav")})
    failed = run("utils/combine_data.sh", "data/both", "data/toy", "data/other", cwd=recipe, ok=False)
    assert "data/other/wav.scp: 'deu_1' stands in another of these directories too" in failed.stderr
    assert not (recipe / "data/both").exists()


def test_copy_renames_utterances_and_speakers_but_not_recordings(segmented, recipe):
    (segmented / "utt2spk").write_text("deu_b1 b\nfra_a1 a\nfra_a2 a\n")
    run("utils/copy_data_dir.sh", "--utt-prefix", "x-", "--spk_prefix", "y-", "data/calls", "data/copy", cwd=recipe)
    copy = recipe / "data/copy"
    assert (copy / "segments").read_text() == "x-deu_b1 deu_b 0 1\nx-fra_a1 fra_a 0 1.5\nx-fra_a2 fra_a 1.5 3\n"
    assert (copy / "spk2utt").read_text() == "y-a x-fra_a1 x-fra_a2\ny-b x-deu_b1\n"
    assert (copy / "wav.scp").read_text() == (segmented / "wav.scp").read_text()
    assert list(faults(copy)) == []


@pytest.mark.parametrize(
    ("options", "utterances"),
    [
        (["--languages", "fra"], ["fra_a1", "fra_a2"]),
        (["--hours", 2.6 / 3600, "--languages", "deu fra"], 2),
        (["--hours-per-language", 1.5 / 3600], 2),
        ([2], 2),
    ],
)
def test_subset_by_language_hours_and_number(segmented, recipe, options, utterances):
    number = [options.pop()] if isinstance(options[-1], int) else []
    run("utils/subset_data_dir.sh", *options, "data/calls", *number, "data/part", cwd=recipe)
    part = recipe / "data/part"
    assert list(faults(part)) == []
    found = utterance_ids(part)
    assert found == utterances if isinstance(utterances, list) else len(found) == utterances


def test_subset_by_list_keeps_only_the_recordings_it_needs(segmented, recipe):
    (recipe / "list").write_text("fra_a2\n")
    run("utils/subset_data_dir.sh", "--utt-list", "list", "data/calls", "data/part", cwd=recipe)
    assert (recipe / "data/part/wav.scp").read_text() == "fra_a a.wav\n"
    (recipe / "list").write_text("nobody\n")
    failed = run("utils/subset_data_dir.sh", "--utt-list", "list", "data/calls", "data/p2", cwd=recipe, ok=False)
    assert "1 ids are not in data/calls: nobody" in failed.stderr


def test_subset_counts_hours_at_the_rate_of_the_audio(recipe):
    audio = {}
    for utt in ("deu_1", "deu_2"):
        soundfile.write(recipe / f"{utt}.wav", tone(1.0, 8000), 8000)
        audio[utt] = ("deu", f"{utt}.wav")
    folder = make_data_dir(recipe / "data" / "slow", audio, utt2num_samples=dict.fromkeys(audio, "8000"))
    run("utils/subset_data_dir.sh", "--hours", 1.2 / 3600, "data/slow", "data/part", cwd=recipe)
    assert len(utterance_ids(folder.with_name("part"))) == 1


def test_subset_of_a_language_that_is_not_there_names_those_that_are(segmented, recipe):
    failed = run("utils/subset_data_dir.sh", "data/calls", "0", "data/part", cwd=recipe, ok=False)
    assert "0 utterances are asked for; expected a number from 1" in failed.stderr
    failed = run("utils/subset_data_dir.sh", "--languages", "ita", "data/calls", "data/part", cwd=recipe, ok=False)
    assert "has no ita; its languages are: deu fra" in failed.stderr


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_split_scp_gives_every_line_once_in_order(toy, recipe, parts):
    names = [f"part{n}" for n in range(parts)]
    run("utils/split_scp.sh", "data/toy/wav.scp", *names, cwd=recipe)
    texts = [(recipe / name).read_text() for name in names]
    assert "".join(texts) == (toy / "wav.scp").read_text()
    assert max(map(len, texts)) - min(map(len, texts)) <= len("deu_1 deu_1.wav\n")


def test_split_scp_refuses_more_parts_than_lines(toy, recipe):
    failed = run("utils/split_scp.sh", "data/toy/wav.scp", *"abcd", cwd=recipe, ok=False)
    assert "has 3 lines, too few for 4 parts; ask for fewer" in failed.stderr


def test_utt2lang_to_lang2utt_writes_to_standard_output_as_kaldi_does(toy, recipe):
    made = run("utils/utt2lang_to_lang2utt.sh", "data/toy/utt2lang", cwd=recipe)
    assert made.stdout == "deu deu_1\nfra fra_1 fra_2\n"
