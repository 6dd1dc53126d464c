import re
from pathlib import Path

import pytest

from geolid.data import labels, languages
from geolid.data.languages import UnknownLanguageError


def test_the_registry_is_iso_639_3():
    assert len(languages.registry()) > 7900
    assert languages.get("nob").name == "Norwegian Bokmål"
    assert languages.get("nob").macrolanguage == "nor"
    assert [member.code for member in languages.members("nor")] == ["nno", "nob"]
    assert languages.members("eng") == []
    assert (languages.get("lat").kind, languages.get("epo").kind, languages.get("eng").kind) == (
        "historical",
        "constructed",
        "",
    )
    assert languages.from_part1("sw") == "swa"
    assert "und" not in languages.registry()


@pytest.mark.parametrize(
    ("code", "nearest"),
    [
        ("en", "eng"),
        ("english", "eng"),
        ("pt-BR", "por"),
        ("Norwgian", "nor"),
        ("DEU", "deu"),
        ("iw", "heb"),
        ("jw", "jav"),
        ("201", "hat"),
        ("org_jpn", "jpn"),
    ],
)
def test_an_unknown_code_is_answered_with_the_nearest(code, nearest):
    assert languages.nearest(code)[0].code == nearest
    with pytest.raises(UnknownLanguageError, match=f"'{code}' is no ISO 639-3 code; do you mean {nearest} "):
        languages.get(code)


def test_a_code_like_no_other_is_not_guessed_at():
    with pytest.raises(UnknownLanguageError, match="look it up"):
        languages.get("0123456789")


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("nob", "nob"),
        ("no", "nor"),
        ("nb", "nob"),
        ("zh", "zho"),
        ("EN", "eng"),
        (" fr ", "fra"),
        ("ger", "deu"),  # ISO 639-2/B
        ("iw", "heb"),  # withdrawn from ISO 639-1
        ("jw", "jav"),
        ("in", "ind"),
        ("ji", "yid"),
        ("mo", "ron"),
        ("sh", "hbs"),
        ("mol", "ron"),  # retired from ISO 639-3
        ("cun", "quc"),
        ("fil", "fil"),
        ("pt-BR", "por"),
        ("es_419", "spa"),
        ("cmn_hans_cn", "cmn"),
        ("yue-Hant-HK", "yue"),
        ("eng_Latn", "eng"),
        ("zh-Hans", "zho"),
        ("zh-yue", "yue"),
        ("azj-script_latin", "azj"),
        ("201", "hat"),
        ("BABEL_201", "hat"),
        ("IARPA_BABEL_OP3_404", "kat"),
        ("org_jpn", "jpn"),
        ("<|th|>", "tha"),
        ("th: Thai", "tha"),
        ("Korean North", "kor"),
        ("Norwegian", "nor"),
        ("malay", "msa"),
        ("haitian creole", "hat"),
        ("Mandarin Chinese", "cmn"),
        ("Modern Greek", "ell"),
        ("lga", "lga"),
    ],
)
def test_a_label_of_no_corpus_in_particular(label, code):
    assert languages.resolve(label) == code


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("ccy", "retired from ISO 639-3 on 2007-07-18 (Southern Zhuang: split); do you mean zhn (Nong Zhuang) or zyg"),
        ("amd", "retired from ISO 639-3 on 2007-07-18 (Amapá Creole: there is no such language); look it up"),
        ("Norwgian", "'Norwgian' is neither a code nor a name of a language; do you mean nor (Norwegian)"),
        ("en-", "'en-' is neither"),
        ("", "'' is neither a code nor a name of a language; look it up"),
    ],
)
def test_what_stands_for_none_or_several_is_not_resolved(label, told):
    with pytest.raises(UnknownLanguageError, match=re.escape(told)):
        languages.resolve(label)


def test_every_retired_code_with_one_successor_resolves_and_others_name_theirs():
    assert len(languages.retired()) > 350
    for code, old in languages.retired().items():
        assert set(old.successors) <= languages.registry().keys()
        if len(old.successors) == 1:
            assert languages.resolve(code) == old.successors[0]
        else:
            with pytest.raises(UnknownLanguageError, match="retired"):
                languages.resolve(code)


@pytest.mark.parametrize("name", sorted(set(labels.names()) - labels.FREE.keys()))
def test_every_list_of_labels_resolves_both_ways(name):
    entries = labels.read(name)
    assert labels.about(name)
    for entry in entries.values():
        assert entry.code in languages.registry(), entry
        assert languages.resolve(entry.label, name) == entry.code
        assert entry.label in languages.labels_of(entry.code, name)
    for code in {entry.code for entry in entries.values()}:
        assert {languages.resolve(label, name) for label in languages.labels_of(code, name)} == {code}
    assert languages.labels_of("tlh", name) == (["tlh"] if name in labels.ISO_OTHERWISE else [])


@pytest.mark.parametrize(
    ("corpus", "count", "codes"),
    [
        ("voxlingua107", 107, 107),
        ("babel", 25, 25),
        ("fleurs", 102, 102),
        ("voxpopuli", 23, 23),
        ("topcoder176", 176, 175),  # North and South Korean are one
        ("iso639-2b", 20, 20),
    ],
)
def test_lists_are_whole(corpus, count, codes):
    entries = labels.read(corpus).values()
    assert (len(entries), len({entry.code for entry in entries})) == (count, codes)


def test_whisper_is_whole():
    own = [entry for entry in labels.read("whisper").values() if not entry.remark]
    assert len(own) == 100
    assert languages.labels_of("tha", "whisper") == ["th", "thai"]
    assert languages.labels_of("spa", "whisper") == ["es", "spanish", "castilian"]


@pytest.mark.parametrize(
    ("corpus", "label", "code"),
    [
        ("voxlingua107", "iw", "heb"),
        ("voxlingua107", "jw", "jav"),
        ("voxlingua107", "no", "nor"),
        ("voxlingua107", "nn", "nno"),
        ("voxlingua107", "zh", "cmn"),
        ("voxlingua107", "th: Thai", "tha"),
        ("whisper", "zh", "cmn"),
        ("whisper", "<|jw|>", "jav"),
        ("babel", "404", "kat"),
        ("babel", "BABEL_305", "gug"),
        ("babel", "IARPA_BABEL_OP1_204", "tam"),
        ("fleurs", "nb_no", "nob"),
        ("fleurs", "fil_ph", "fil"),
        ("fleurs", "cmn-Hans-CN", "cmn"),
        ("fleurs", "ff_sn", "ful"),
        ("fleurs", "or_in", "ori"),
        ("ml_superb2", "lga", "lug"),
        ("ml_superb2", "ory", "ori"),
        ("ml_superb2", " azj ", "aze"),
        ("ml_superb2", "tok", "tok"),
        ("mms", "cmn-script_simplified", "cmn"),
        ("mms", "quz", "quz"),
        ("topcoder176", "Korean-North", "kor"),
        ("topcoder176", "Marba_Azumeina", "mpg"),
        ("voxceleb1", "id10003", "id10003"),
    ],
)
def test_a_label_as_a_corpus_means_it(corpus, label, code):
    assert languages.resolve(label, corpus) == code


@pytest.mark.parametrize(
    ("corpus", "label", "told"),
    [
        (
            "voxlingua107",
            "he",
            r"no label of voxlingua107 \(folders of VoxLingua107.*did you mean iw, as it calls Hebrew",
        ),
        ("voxlingua107", "xh", "no label of voxlingua107 .*it has 107 others, see .*--corpus voxlingua107"),
        ("babel", "999", "'999' is no label of babel"),
        ("fleurs", "en", "did you mean en_us"),
        ("ml_superb2", "en", "'en' is no ISO 639-3 code; do you mean eng"),
        ("voxceleb1", "two words", "has a blank"),
    ],
)
def test_a_label_that_a_corpus_does_not_have_is_told(corpus, label, told):
    with pytest.raises(UnknownLanguageError, match=told):
        languages.resolve(label, corpus)


def test_an_unknown_corpus_is_told_its_neighbour():
    with pytest.raises(languages.GeoLIDError, match="unknown key 'voxlingua'; did you mean voxlingua107"):
        languages.resolve("en", "voxlingua")


def test_mms_knows_every_language_of_iso_by_its_code():
    assert languages.labels_of("azj", "mms") == ["azj", "azj-script_cyrillic", "azj-script_latin"]
    assert languages.labels_of("lug", "ml_superb2") == ["lug", "lga"]
    assert languages.labels_of("lga", "ml_superb2") == []  # the benchmark means another language by it


def test_the_languages_of_mms_resolve():
    """Those that MMS recognises speech of, by all_langs.tsv of its demo; others have a script behind them."""
    codes = Path(__file__).with_name("mms_languages.txt").read_text(encoding="utf-8").split()
    assert len(codes) == 1125
    assert [languages.resolve(code, "mms") for code in codes] == codes


def test_all_parts_of_a_code_that_was_split_are_named():
    assert [language.code for language in languages.nearest("ccy")] == ["zhn", "zyg", "zyn", "zzj", "zhd"]
