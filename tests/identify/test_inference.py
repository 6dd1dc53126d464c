"""Stage 6's steps in one process: what comes of a set, what a restart keeps, and when a set is done again."""

import json
import time
import tracemalloc
from pathlib import Path

import kaldiio
import numpy as np
import pytest
import soundfile
import torch

from geolid.bin import gather_inference, infer, plan_inference
from geolid.data.tables import read_table, write_table
from geolid.errors import GeoLIDError
from geolid.geo.places import distance_km
from geolid.geo.vectors import language_places
from geolid.identify.engine import Engine
from geolid.identify.scores import probabilities
from geolid.identify.speech import read_speech
from toy_identifier import LANGUAGES, MODEL, NO_PLACES, files_of, infer_set, make_experiment, make_set

TEST = "dump/raw/test"


@pytest.fixture
def here(recipe, monkeypatch):
    """The recipe's folder, with exp/lid and dump/raw/test."""
    monkeypatch.chdir(recipe)
    make_experiment(recipe / "exp/lid")
    make_set(recipe, "test")
    return recipe


def table(folder: Path, what: str) -> dict[str, str]:
    return read_table(folder / f"{folder.name}_{what}")


def test_what_is_written_is_what_the_model_says(here):
    (here / "calibration.json").write_text('{"temperature": 2.0}')
    folder = infer_set("exp/lid", TEST, extract_embd="true", calibration="calibration.json", gather=("--top_k", "2"))
    engine = Engine.load(here / "exp/lid/config.yaml", here / "exp/lid" / MODEL)
    sources = read_table(here / TEST / "wav.scp")
    utts = sorted(sources)
    answers = {}
    for utt in utts:
        wave = read_speech(sources[utt], 16000)
        (answers[utt],) = engine.answer_all([len(wave)], lambda _, wave=wave: wave, engine.limits())
    logits = np.concatenate([answers[utt].logits for utt in utts])
    best = logits.argmax(axis=1)

    assert (folder / "languages").read_text().split() == LANGUAGES
    assert list(table(folder, "lids").items()) == [(u, LANGUAGES[b]) for u, b in zip(utts, best, strict=True)]
    saved = np.load(folder / "test_logits.npy")
    assert saved.dtype == np.float32
    assert saved == pytest.approx(logits, abs=1e-4)
    likely = probabilities(logits, 2.0)
    for row, (utt, text) in enumerate(table(folder, "scores").items()):
        first, first_share, second, second_share = text.split()
        assert (utt, first) == (utts[row], LANGUAGES[best[row]])
        assert [float(first_share), float(second_share)] == pytest.approx(sorted(likely[row])[:-3:-1], abs=1e-4)
        assert second == LANGUAGES[np.argsort(likely[row])[-2]]
    of_languages = language_places(LANGUAGES)
    for row, (utt, text) in enumerate(table(folder, "places").items()):
        latitude, longitude, km = map(float, text.split())
        assert utt == utts[row] and -90 <= latitude <= 90 and -180 <= longitude <= 180
        assert km == pytest.approx(distance_km(latitude, longitude, *of_languages[best[row]]), abs=1.0)

    embeddings = np.load(folder / "test_embeddings.npz")
    from_ark = kaldiio.load_scp(str(folder / "test_embeddings.scp"))
    assert embeddings.files == list(from_ark) == utts
    for utt in utts:
        assert embeddings[utt] == pytest.approx(answers[utt].embeddings[0], abs=1e-4)
        assert np.linalg.norm(embeddings[utt]) == pytest.approx(1.0)
        assert (from_ark[utt] == embeddings[utt]).all()
    means = np.load(folder / "test_language_embeddings.npz")
    assert means.files == ["deu", "fra", "ita"]
    of_deu = np.mean([embeddings[utt] for utt in utts if utt.startswith("deu")], axis=0)
    assert means["deu"] == pytest.approx(of_deu / np.linalg.norm(of_deu), abs=1e-6)

    record = json.loads((folder / "inference.json").read_text())
    assert (record["model"], record["set"], record["temperature"], record["top_k"]) == (MODEL, "test", 2.0, 2)
    assert (record["utterances"], record["dropped"]) == (10, 0)
    assert not (folder / "parts").exists() and not (folder / "dropped").exists()


def parts_of(folder: Path) -> dict[str, int]:
    """Return the blocks that are done, and when they were begun."""
    return {part.name: part.stat().st_mtime_ns for part in folder.rglob("parts/*.npz")}


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_the_bytes_are_the_same_for_any_number_of_processes(here, parts):
    one = files_of(infer_set("exp/lid", TEST, extract_embd="true"))
    Path("exp/lid/inference").rename("away")
    assert files_of(infer_set("exp/lid", TEST, extract_embd="true", parts=parts)) == one


def test_a_run_whose_processes_were_killed_goes_on_to_the_same_bytes(here):
    undisturbed = files_of(infer_set("exp/lid", TEST, extract_embd="true"))
    Path("exp/lid/inference").rename("away")
    exp = Path("exp/lid")
    infer_set(exp, TEST, extract_embd="true", parts=3, only_part=2)
    first = parts_of(exp)
    assert list(first) == ["000001.npz"]
    infer_set(exp, TEST, extract_embd="true", parts=2, only_part=2)
    second = parts_of(exp)
    assert first.items() < second.items() and second.keys() == {"000001.npz", "000002.npz"}
    assert files_of(infer_set(exp, TEST, extract_embd="true")) == undisturbed


def test_several_sets_go_together(here):
    make_set(here, "other", count=7)
    infer_set("exp/lid", TEST, "dump/raw/other", parts=2)
    for name, count in (("test", 10), ("other", 7)):
        assert len(table(here / f"exp/lid/inference/valid.accuracy.best/{name}", "lids")) == count


def test_a_second_run_does_nothing(here, capsys):
    folder = infer_set("exp/lid", TEST)
    before = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    capsys.readouterr()
    assert infer_set("exp/lid", TEST) == folder
    said = capsys.readouterr()
    assert said.out.startswith("0\n") and "test: nothing to do" in said.err
    assert {file: file.stat().st_mtime_ns for file in folder.iterdir()} == before


def retrain(here):
    make_experiment(here / "exp/lid", seed=2)


def drop_an_utterance(here):
    for name in ("wav.scp", "utt2lang", "utt2num_samples"):
        rows = read_table(here / TEST / name)
        rows.pop("deu_000")
        write_table(here / TEST / name, rows)


def record_anew(here):
    wav = here / "wav/test/deu_000.wav"
    wave, _ = soundfile.read(wav)
    time.sleep(0.02)  # clocks of file systems are coarse
    soundfile.write(wav, wave[::-1], 16000, subtype="PCM_16")


def lose_a_file(here):
    next(here.rglob("inference/*/test/test_lids")).unlink()


@pytest.mark.parametrize("change", [retrain, drop_an_utterance, record_anew, lose_a_file])
def test_what_has_changed_is_done_again_as_if_it_had_always_been_so(here, change):
    infer_set("exp/lid", TEST)
    change(here)
    folder = infer_set("exp/lid", TEST)
    made = files_of(folder)
    for file in folder.iterdir():
        file.unlink()
    assert files_of(infer_set("exp/lid", TEST)) == made


def test_after_a_change_nothing_stale_can_be_scored(here):
    folder = infer_set("exp/lid", TEST)
    retrain(here)
    infer_set("exp/lid", TEST, parts=3, only_part=1)
    assert sorted(file.name for file in folder.iterdir()) == ["languages", "parts"]


def test_parts_of_another_model_are_not_kept(here):
    infer_set("exp/lid", TEST, parts=3, only_part=1)
    retrain(here)
    folder = infer_set("exp/lid", TEST)
    made = files_of(folder)
    Path("exp/lid/inference").rename("away")
    assert files_of(infer_set("exp/lid", TEST)) == made


def test_only_the_block_whose_audio_changed_is_done_again(here):
    infer_set("exp/lid", TEST, parts=3, only_part=1)
    infer_set("exp/lid", TEST, parts=2, only_part=1)
    parts = here / "exp/lid/inference/valid.accuracy.best/test/parts"
    assert {part.name for part in parts.glob("*.npz")} == {"000000.npz", "000001.npz"}
    before = (parts / "000001.npz").stat().st_mtime_ns
    record_anew(here)  # it is in block 0
    infer_set("exp/lid", TEST, parts=2, only_part=1)
    assert (parts / "000000.npz").stat().st_mtime_ns > before
    assert (parts / "000001.npz").stat().st_mtime_ns == before


def test_embeddings_asked_for_later_are_made_and_stay(here):
    folder = infer_set("exp/lid", TEST)
    assert not (folder / "test_embeddings.npz").exists()
    infer_set("exp/lid", TEST, extract_embd="true")
    before = (folder / "test_embeddings.npz").stat().st_mtime_ns
    infer_set("exp/lid", TEST)
    assert (folder / "test_embeddings.npz").stat().st_mtime_ns == before


def test_another_temperature_changes_scores_without_the_model(here):
    folder = infer_set("exp/lid", TEST)
    (here / "exp/lid" / MODEL).touch()
    before = files_of(folder)
    (here / "calibration.json").write_text('{"temperature": 3.0}')
    gather_inference.main(["--calibration", "calibration.json", str(folder)])
    after = files_of(folder)
    assert {name for name in before if before[name] != after[name]} == {"test_scores", "inference.json"}
    flatter, sharper = (float(files["test_scores"].split()[2]) for files in (after, before))
    assert flatter < sharper


def test_candidates_restrict_every_file(here):
    folder = infer_set("exp/lid", TEST, languages="pol fra")
    assert (folder / "languages").read_text().split() == ["fra", "pol"]
    assert set(table(folder, "lids").values()) <= {"fra", "pol"}
    assert np.load(folder / "test_logits.npy").shape == (10, 2)
    assert all(len(text.split()) == 4 for text in table(folder, "scores").values())
    with pytest.raises(GeoLIDError, match=r"knows 4 languages, and not 'fr' \(do you mean fra\?\)"):
        infer_set("exp/lid", TEST, languages="pol fr")


def test_one_unreadable_file_among_many_is_dropped(here):
    (here / "wav/test/fra_001.wav").write_bytes(b"no audio at all")
    with pytest.raises(GeoLIDError) as told:
        infer_set("exp/lid", TEST)
    assert "the audio of 1 of 10 utterances of dump/raw/test cannot be used (10.0%), more than the allowed 1.0%" in str(
        told.value
    )
    assert "fra_001: cannot be read as audio: wav/test/fra_001.wav" in str(told.value)
    folder = infer_set("exp/lid", TEST, extract_embd="false", gather=("--max_faulty", "0.2"))
    assert list(read_table(folder / "dropped")) == ["fra_001"]
    assert "fra_001" not in table(folder, "lids") and len(table(folder, "lids")) == 9
    assert np.load(folder / "test_logits.npy").shape == (9, 4)
    assert json.loads((folder / "inference.json").read_text())["dropped"] == 1


def test_a_set_of_which_nothing_can_be_read_is_an_error_whatever_is_allowed(here):
    for wav in (here / "wav/test").iterdir():
        wav.write_bytes(b"")
    with pytest.raises(
        GeoLIDError,
        match=r"of 10 of 10 utterances .* \(100.0%\), so there is nothing to identify:\n  deu_000: zero bytes",
    ):
        infer_set("exp/lid", TEST, gather=("--max_faulty", "1"))


def test_a_set_needs_neither_labels_nor_lengths_nor_one_utterance_a_file(here):
    data = here / "dump/raw/bare"
    data.mkdir()
    soundfile.write(here / "long.flac", np.random.default_rng(0).uniform(-0.3, 0.3, (44100, 2)), 44100)
    (data / "wav.scp").write_text("long long.flac\nnone none.flac\n")
    (data / "segments").write_text("a long 0 0.4\nb long 0.4 -1\nc none 0 1\n")
    folder = infer_set("exp/lid", data, extract_embd="true", gather=("--max_faulty", "0.5"))
    assert list(table(folder, "lids")) == ["a", "b"]
    assert read_table(folder / "dropped")["c"] == "no such file: none.flac"
    assert (folder / "bare_embeddings.npz").exists() and not (folder / "bare_language_embeddings.npz").exists()


def test_a_model_without_places_writes_none(here):
    make_experiment(here / "exp/plain", **NO_PLACES)
    assert not (infer_set("exp/plain", TEST) / "test_places").exists()


def test_a_language_without_a_place_has_no_distance(here):
    (here / "vectors").write_text("".join(f"{language} none\n" for language in LANGUAGES[1:]))
    make_experiment(here / "exp/some", preprocessor_conf={"lang2vec_file": "vectors"})
    folder = infer_set("exp/some", TEST)
    lids = table(folder, "lids")
    for utt, text in table(folder, "places").items():
        assert (text.split()[2] == "-") == (lids[utt] != "deu")


@pytest.mark.parametrize(
    ("wav_scp", "message"),
    [
        ("", "dump/raw/test: has no utterance; run the stage that makes it"),
        ("b x.wav\na y.wav\n", "'a' stands after 'b'; expected every utterance once, in the order of LC_ALL=C sort"),
        ("a x.wav\na y.wav\n", "'a' stands after 'a'; expected every utterance once"),
        ("a\n", "expected '<key> <value>', found 'a'"),
    ],
)
def test_a_set_that_is_none_is_told(here, wav_scp, message):
    (here / TEST / "wav.scp").write_text(wav_scp)
    with pytest.raises(GeoLIDError, match=message):
        infer_set("exp/lid", TEST)


def test_lengths_of_another_set_are_told(here):
    (here / TEST / "utt2num_samples").write_text("a 1\n")
    with pytest.raises(GeoLIDError, match="utt2num_samples: found 'a 1' where the number of samples of 'deu_000'"):
        infer_set("exp/lid", TEST)


def test_two_sets_of_one_name_are_refused(here):
    make_set(here, "elsewhere/test")
    with pytest.raises(GeoLIDError, match="are two sets of one name"):
        plan_inference.main(["exp/lid", TEST, "dump/raw/elsewhere/test"])


def test_a_part_that_is_damaged_or_lost_is_told(here):
    infer_set("exp/lid", TEST, parts=1, only_part=1)
    folder = here / "exp/lid/inference/valid.accuracy.best/test"
    whole = (folder / "parts/000001.npz").read_bytes()
    (folder / "parts/000001.npz").write_bytes(whole[:100])
    with pytest.raises(GeoLIDError, match=r"000001.npz: cannot be read .*; remove it and run stage 6 again"):
        gather_inference.main([str(folder)])
    (folder / "parts/000001.npz").unlink()
    with pytest.raises(GeoLIDError, match="000001.npz: there is no such part"):
        gather_inference.main([str(folder)])
    infer_set("exp/lid", TEST)


def test_what_a_killed_process_left_is_cleared_away(here):
    infer_set("exp/lid", TEST, parts=3, only_part=1)
    parts = here / "exp/lid/inference/valid.accuracy.best/test/parts"
    (parts / ".000002.npz.1234.tmp").write_bytes(b"half")
    (parts / "progress.3").write_text("999 999.0\n")
    plan_inference.main(["--save_every", "4", "exp/lid", TEST])
    assert sorted(file.name for file in parts.iterdir()) == ["000000.npz", "plan.json"]


def test_memory_does_not_grow_with_the_set(here):
    """A set that repeats its files: the second run has four times the utterances of the first."""
    sources = list(read_table(here / TEST / "wav.scp").values())
    peaks = []
    for times in (5, 20):
        data = here / f"dump/raw/times{times}"
        data.mkdir()
        rows = [(f"deu_{number:05d}", sources[number % 10]) for number in range(10 * times)]
        (data / "wav.scp").write_text("".join(f"{utt} {source}\n" for utt, source in rows))
        (data / "utt2lang").write_text("".join(f"{utt} deu\n" for utt, _ in rows))
        plan_inference.main(["--save_every", "10", "--extract_embd", "true", "exp/lid", str(data)])
        folder = f"exp/lid/inference/valid.accuracy.best/times{times}"
        tracemalloc.start()
        infer.main([folder])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.reset_peak()
        gather_inference.main([folder])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    infer_few, gather_few, infer_many, gather_many = peaks
    assert infer_many < 1.1 * infer_few
    assert gather_many < 1.1 * gather_few


def test_progress_tells_speed_and_what_is_left(here, capfd, monkeypatch):
    monkeypatch.setattr("geolid.identify.progress._SECONDS_BETWEEN", 0.0)
    infer_set("exp/lid", TEST, batches=("--inference_batch_size", "2"))
    lines = [line.split("| ")[1] for line in capfd.readouterr().err.splitlines() if "| test: " in line]
    assert lines[0].startswith("test: 2 of 10 utterances, ")
    assert " a second, real-time factor " in lines[0] and lines[0].endswith(" left")
    assert lines[-1].startswith("test: 10 of 10 utterances, ") and not lines[-1].endswith(" left")


def test_a_gpu_that_is_not_there_is_told(here):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    plan_inference.main(["exp/lid", TEST])
    with pytest.raises(GeoLIDError, match="ngpu 1: torch sees 0 GPUs"):
        infer.main(["--ngpu", "1", "exp/lid/inference/valid.accuracy.best/test"])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("mixed", ["false", "true"])
def test_a_gpu_finds_what_the_cpu_finds(here, mixed):
    on_cpu = np.load(infer_set("exp/lid", TEST) / "test_logits.npy")
    Path("exp/lid/inference").rename("on_cpu")
    on_gpu = np.load(infer_set("exp/lid", TEST, mixed_precision=mixed, batches=("--ngpu", "1")) / "test_logits.npy")
    assert on_gpu == pytest.approx(on_cpu, abs=0.5 if mixed == "true" else 0.01)
