"""Two experiments on the same utterances."""

import numpy as np
import pytest
from scipy.stats import binomtest

from geolid.bin import compare as command
from geolid.errors import GeoLIDError
from geolid.report import results
from geolid.report.compare import compare
from geolid.report.predictions import read_predictions
from toy_predictions import KNOWN, write_predictions, write_reference

UTTS = [f"u{n:03}" for n in range(120)]
TRUTH = {utt: KNOWN[n % 3] for n, utt in enumerate(UTTS)}


def experiment(tmp_path, name, wrong, truth=TRUTH, set_name="test", known=KNOWN, **tables):
    """Write and score an experiment that is wrong about some of the utterances."""
    data_dir = write_reference(tmp_path / name / set_name, truth, **tables)
    logits = {}
    for utt, code in truth.items():
        column = known.index(code) if code in known else 0
        logits[utt] = np.roll(np.eye(len(known))[column], 1 if utt in wrong else 0)
    folder = write_predictions(tmp_path / name, set_name, logits, languages=known)
    p = read_predictions(folder, data_dir)
    results.write_outcomes(folder / "outcomes", p)
    unknown = sorted({*truth.values()} - {*known})
    results.write_results(folder, {"unknown_languages": unknown})
    return folder


def test_differences_and_mcnemar(tmp_path):
    """a is wrong 20 times, b 5 times, 2 of them both."""
    a = experiment(tmp_path, "a", UTTS[:20])
    b = experiment(tmp_path, "b", UTTS[18:23])
    found = compare(a, b)
    assert (found.utterances, found.languages, found.left_out) == (120, 3, [])
    assert (found.accuracy.a, found.accuracy.b) == (100 / 120, 115 / 120)
    assert (found.only_a, found.only_b) == (3, 18)
    assert found.mcnemar == pytest.approx(binomtest(3, 21).pvalue)
    low, high = found.accuracy.interval
    assert 0 < low < 15 / 120 < high < 0.3
    mirrored = compare(b, a).accuracy.interval
    np.testing.assert_allclose(mirrored, (-high, -low), atol=0.01)


def test_macro_accuracies_are_those_of_each(tmp_path):
    """a is wrong about all of deu, b about half of fra."""
    a = experiment(tmp_path, "a", [utt for utt in UTTS if TRUTH[utt] == "deu"])
    b = experiment(tmp_path, "b", [utt for utt in UTTS if TRUTH[utt] == "fra"][:20])
    macro = compare(a, b).macro_accuracy
    assert (macro.a, macro.b) == (pytest.approx(2 / 3), pytest.approx(2.5 / 3))


def test_the_same_utterances_are_drawn_for_both(tmp_path):
    """b has right what a has, and two more; alone, each would lie within ten points."""
    a = experiment(tmp_path, "a", UTTS[:60])
    b = experiment(tmp_path, "b", UTTS[2:60])
    assert np.diff(compare(a, b).accuracy.interval) < 0.07


def test_equal_experiments_do_not_differ(tmp_path):
    a, b = experiment(tmp_path, "a", UTTS[:9]), experiment(tmp_path, "b", UTTS[:9])
    found = compare(a, b)
    assert found.mcnemar == 1
    assert found.accuracy.interval[0] < 0 < found.accuracy.interval[1]


def test_speakers_make_it_less_sure(tmp_path):
    speakers = {utt: f"s{n // 20}" for n, utt in enumerate(UTTS)}
    found = {}
    for name, tables in (("utterances", {}), ("speakers", {"utt2spk": speakers})):
        a = experiment(tmp_path / name, "a", UTTS[:20], **tables)
        b = experiment(tmp_path / name, "b", [], **tables)
        found[name] = np.diff(compare(a, b).accuracy.interval)
    assert found["speakers"] > 2 * found["utterances"]


def test_languages_that_one_of_them_does_not_know_are_left_out(tmp_path):
    a = experiment(tmp_path, "a", [], known=["deu", "fra"])
    b = experiment(tmp_path, "b", [])
    found = compare(a, b)
    assert (found.utterances, found.left_out, found.accuracy.a) == (80, ["ita"], 1)


def test_sets_that_are_not_the_same_are_told(tmp_path):
    a = experiment(tmp_path, "a", [])
    b = experiment(tmp_path, "b", [], truth={**TRUTH, "u000": "fra", "v": "ita"})
    with pytest.raises(
        GeoLIDError, match=r"2 utterances stand in one only, or have another language there \(u000, v\)"
    ):
        compare(a, b)


def test_the_command_prints_a_row_a_set_and_their_mean(tmp_path, capsys):
    for name, wrong in (("a", UTTS[:12]), ("b", UTTS[:6])):
        experiment(tmp_path, name, wrong)
        experiment(tmp_path, name, [], set_name="easy")
    experiment(tmp_path, "b", [], set_name="more")
    command.main([tmp_path / "a", tmp_path / "b", "--inference_model", "valid.accuracy.best.pth"])
    out, err = capsys.readouterr()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in out.splitlines() if line.startswith("|")]
    assert [row[0] for row in rows] == ["set", "---", "easy", "test", "macro avg."]
    assert rows[3][3:5] == ["90.00", "95.00"]
    assert rows[3][5].startswith("+5.00 [")
    assert rows[3][9:] == ["0", "6", "0.0312"]
    assert rows[4][3:6] == ["95.00", "97.50", "+2.50"]
    assert len({len(row) for row in rows}) == 1
    assert err == f"more: left out, only {tmp_path / 'b'} has it\n"


def test_experiments_without_a_set_in_both_are_told(tmp_path):
    experiment(tmp_path, "a", [])
    with pytest.raises(
        GeoLIDError, match=r"no set has results in both: .*a/inference/.* test; .*b/.* none; run stage 7"
    ):
        command.main([tmp_path / "a", tmp_path / "b"])


def test_results_that_are_not_of_these_predictions_are_told(tmp_path):
    a, b = experiment(tmp_path, "a", []), experiment(tmp_path, "b", [])
    (b / "inference.json").write_text('{"temperature": 3}')
    with pytest.raises(GeoLIDError, match="holds no results of its predictions; run stage 7"):
        compare(a, b)
