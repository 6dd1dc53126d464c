"""Answers as people and programs read them."""

import csv
import io
import json

import numpy as np
import pytest

from geolid.data.utterances import Utterance
from geolid.identify.identification import Candidate, HeardPlace, Identification, Unidentified
from geolid.identify.rows import as_row, row_writer

PLAIN = Utterance("b.wav", "b.wav")


def answer(**changes) -> Identification:
    given = {
        "languages": ["deu", "fra", "qqq"],
        "probabilities": np.array([0.2, 0.7654321, 0.0345679]),
        "embedding": np.array([0.6, 0.8], np.float32),
        "place": HeardPlace(48.12345, -2.5, 123.4),
        "seconds": 1.25,
    }
    return Identification(**{**given, **changes})


def test_an_answer_tells_its_best_languages():
    found = answer()
    assert (found.language, found.name, found.probability) == ("fra", "French", pytest.approx(0.7654321))
    assert found.top(2) == [Candidate("fra", "French", 0.7654321), Candidate("deu", "German", 0.2)]
    assert [candidate.name for candidate in found.top(9)] == ["French", "German", "qqq"]
    assert repr(found) == "<Identification: fra (French), probability 0.765>"


def test_a_row_holds_what_is_told():
    free = answer()
    found = answer(languages=["deu", "qqq"], probabilities=np.array([0.9, 0.1]), unrestricted=free)
    assert as_row("b.wav", PLAIN, found, 2) == {
        "audio": "b.wav",
        "language": "deu",
        "name": "German",
        "probability": 0.9,
        "top": [
            {"language": "deu", "name": "German", "probability": 0.9},
            {"language": "qqq", "name": "qqq", "probability": 0.1},
        ],
        "place": {"latitude": 48.123, "longitude": -2.5, "km": 123},
        "unrestricted": {"language": "fra", "name": "French", "probability": 0.765432},
        "seconds": 1.25,
    }
    plain = as_row("b.wav", PLAIN, answer(place=None), 1)
    assert plain.keys() == {"audio", "language", "name", "probability", "seconds"}
    assert as_row("b.wav", PLAIN, Unidentified("no\n  luck"), 3) == {"audio": "b.wav", "error": "no luck"}


def test_an_utterance_of_a_table_tells_where_it_is():
    row = as_row("utt", Utterance("utt", "rec.wav", 1.5, 2.5), Unidentified("-"), 1)
    assert row == {"audio": "utt", "file": "rec.wav", "start": 1.5, "end": 2.5, "error": "-"}
    assert as_row("utt", Utterance("utt", "rec.wav"), Unidentified("-"), 1).keys() == {"audio", "file", "error"}


def test_a_name_that_is_not_utf8_can_be_written():
    name = b"caf\xe9.wav".decode("utf-8", "surrogateescape")
    row = as_row(name, Utterance(name, name), Unidentified(f"no such file: {name}"), 1)
    assert row == {"audio": "caf\ufffd.wav", "error": "no such file: caf\ufffd.wav"}


def written(kind: str, *answers, top: int = 2) -> str:
    out = io.StringIO()
    restricted = any(getattr(found, "unrestricted", None) for found in answers)
    row_writer(kind, out, top, restricted).write([as_row("b.wav", PLAIN, found, top) for found in answers])
    return out.getvalue()


def test_json_is_an_object_a_line():
    lines = written("jsonl", answer(), Unidentified("ö")).splitlines()
    assert json.loads(lines[0]) == as_row("b.wav", PLAIN, answer(), 2)
    assert lines[1] == '{"audio": "b.wav", "error": "ö"}'


def test_csv_has_the_same_columns_for_all():
    restricted = answer(languages=["deu", "qqq"], probabilities=np.array([0.9, 0.1]), unrestricted=answer())
    rows = list(csv.DictReader(io.StringIO(written("csv", restricted, Unidentified('a "b", c')))))
    assert {key: value for key, value in rows[0].items() if value} == {
        "audio": "b.wav",
        "language": "deu",
        "name": "German",
        "probability": "0.9",
        "language_2": "qqq",
        "probability_2": "0.1",
        "latitude": "48.123",
        "longitude": "-2.5",
        "km": "123",
        "unrestricted_language": "fra",
        "unrestricted_probability": "0.765432",
        "seconds": "1.25",
    }
    assert {key: value for key, value in rows[1].items() if value} == {"audio": "b.wav", "error": 'a "b", c'}
    assert "unrestricted_language" not in written("csv", answer())


def test_a_table_has_columns_below_each_other():
    restricted = answer(languages=["deu", "qqq"], probabilities=np.array([0.9, 0.1]), unrestricted=answer())
    assert written("table", restricted, answer(place=None), Unidentified("no such file"), top=2).splitlines() == [
        "audio  language                  prob.  then",
        "b.wav  deu German                0.900  qqq 0.100; heard at 48°N 2°W, 123 km from deu; "
        "of all languages fra French 0.765",
        "b.wav  fra French                0.765  deu 0.200",
        "b.wav  -                             -  no such file",
    ]
