import pytest

from geolid.data import languages, matching
from geolid.data.matching import counted_with, counts_as, match


@pytest.mark.parametrize(
    "group",
    [
        ("nor", "nob", "nno"),
        ("tgl", "fil"),
        ("grn", "gug"),
        ("mon", "khk"),
        ("ara", "arb", "arz"),
        ("aze", "azj"),
        ("ori", "ory"),
        ("cmn", "zho"),
        ("msa", "zsm", "zlm"),
        ("swa", "swh"),
    ],
    ids="-".join,
)
def test_labels_of_one_language(group):
    for code in group:
        for other in group:
            assert match(code, other, tolerant=True)
            assert match(code, other) == (code == other)
    assert set(group) - {group[0]} <= set(counted_with(group[0]))


@pytest.mark.parametrize(
    "pair",
    [
        ("cmn", "yue"),
        ("ckb", "kmr"),
        ("ind", "msa"),
        ("hrv", "srp"),
        ("mhr", "mrj"),
        ("grn", "gun"),
        ("swe", "nob"),
        ("quy", "quz"),
        ("lav", "ltg"),
        ("urd", "hin"),
    ],
    ids="-".join,
)
def test_languages_that_stay_apart(pair):
    assert not match(*pair, tolerant=True)


def test_every_macrolanguage_is_decided_in_the_table():
    macrolanguages = {language.macrolanguage for language in languages.registry().values()} - {""}
    named = matching.reasons().keys() | {counted for first in matching.reasons() for counted in counted_with(first)}
    assert macrolanguages <= named
    assert all(matching.reasons().values())


def test_each_label_counts_as_one_language_only():
    listed = [code for first, also, _ in matching._rows() for code in (first, *matching._listed(first, also))]
    assert len(listed) == len(set(listed))
    assert set(listed) <= languages.registry().keys()
    assert all(counts_as(counts_as(code)) == counts_as(code) for code in listed)
