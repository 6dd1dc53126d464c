import re
import subprocess

import numpy as np
import pytest

from conftest import ROOT
from geolid.errors import GeoLIDError
from geolid.geo.places import distances
from geolid.geo.vectors import DIMS, VectorError, language_places, vectors

# lang2vec's own lists leave these out, though it has them
UNLISTED = ["ara", "aze", "fas", "fil", "ful", "grn", "ina", "kea", "mon"]
UNLISTED += ["orm", "pus", "sco", "skr", "sqi", "swa", "uzb", "xty"]


@pytest.mark.parametrize("kind", DIMS)
def test_languages_and_macrolanguages_have_their_own_vectors(kind, caplog):
    codes = ["fra", *UNLISTED, "zho", "nor", "nno", "nob", "fra"]
    found = vectors(codes, kind)
    assert found.shape == (len(codes), DIMS[kind])
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert (found[0] == found[-1]).all()
    assert (found[codes.index("ina")] != found[codes.index("mon")]).any()
    assert not caplog.records  # no stand-in


def test_vectors_are_in_the_order_of_their_codes():
    assert (vectors(["fra", "deu", "ara"]) == vectors(["ara", "fra", "deu"])[[1, 2, 0]]).all()
    assert vectors(["fra"])[0, :3] == pytest.approx([0.7378, 0.7683, 0.7982], abs=1e-6)
    assert vectors([]).shape == (0, 299)


def test_languages_are_where_they_are_spoken():
    france, fiji = language_places(["fra", "fij"])
    assert france == pytest.approx([48, 2], abs=0.02)
    assert fiji[0] == pytest.approx(-17.5, abs=1)
    assert abs(fiji[1]) > 177


def test_a_macrolanguage_stands_in_and_the_log_says_so_once_a_language(caplog):
    found = vectors(["cnr", "hbs", "cnr"])
    assert (found[0] == found[1]).all()
    assert (found[2] == found[1]).all()
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [
        "cnr (Montenegrin) has no geo vector; that of its macrolanguage, hbs (Serbo-Croatian), stands in"
    ]


def test_what_has_no_vector_is_told_with_near_codes_and_the_way_out():
    """A constructed language, one that lang2vec puts 20 015 km from everywhere, and codes that are not ISO 639-3."""
    with pytest.raises(VectorError) as error:
        vectors(["fra", "tok", "zbl", "tok", "zh", "ger", "deu eng"])
    first, *lines, last = str(error.value).split("\n")
    assert first == "there is no geo vector for 5 of the languages:"
    codes = [line.strip().split(";")[0] for line in lines]
    assert codes == ["tok (Toki Pona)", "zbl (Blissymbols)", "'zh'", "'ger'", "'deu eng'"]
    assert "'<code> <latitude> <longitude>'" in last
    assert "'<code> none'" in last
    for line in lines[:4]:
        near = re.findall(r"\b([a-z]{3}) \(", line.split(";")[1])
        assert near
        assert vectors(near).shape == (len(near), 299)  # each of them has one
    assert "zho (Chinese)" in lines[2]


def test_a_near_code_that_has_no_vector_either_is_not_named():
    with pytest.raises(VectorError, match=r"jks \(.*nearest codes that have one: kas \(Kashmiri\), aks") as error:
        vectors(["jks"])
    assert "ajs" not in str(error.value)


def test_an_unknown_kind_is_told():
    with pytest.raises(VectorError, match="'geography' is no kind of language vector; choose one of geo, phon"):
        vectors(["fra"], "geography")


@pytest.fixture
def vector_file(tmp_path):
    def write(*lines):
        (tmp_path / "vectors").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return tmp_path / "vectors"

    return write


def test_a_vector_file_wins_over_lang2vec(vector_file):
    whole = " ".join(["0.25"] * 299)
    file = vector_file("tok none", f"deu {whole}", "x-mine -17.5\t178.25", "unasked 1 2")
    found = vectors(["fra", "deu", "tok", "x-mine"], "geo", file)
    assert (found[0] == vectors(["fra"])[0]).all()
    assert (found[1] == 0.25).all()
    assert np.isnan(found[2]).all()
    assert (found[3] == distances(-17.5, 178.25)).all()
    found = language_places(["x-mine", "tok"], file)
    assert found[0] == pytest.approx([-17.5, 178.25], abs=0.001)
    assert np.isnan(found[1]).all()


def test_a_vector_file_serves_the_other_kinds_and_macrolanguages(vector_file, caplog):
    file = vector_file(f"hbs {' '.join('01' * 14)}", "tok none")
    found = vectors(["cnr", "tok"], "phonology_knn", file)
    assert found[0].tolist() == [0, 1] * 14
    assert np.isnan(found[1]).all()
    assert "stands in" in caplog.text


@pytest.mark.parametrize(
    ("kind", "line", "message"),
    [
        ("geo", "tok 12", "expected a latitude and a longitude, 299 numbers or 'none' behind the code, found '12'"),
        ("geo", "tok 1 2 3", "expected a latitude .*, found 3 fields"),
        ("geo", "tok 90.5 0", "expected a latitude from -90 to 90, found '90.5'"),
        ("geo", "tok 9 180.1", "expected a longitude from -180 to 180, found '180.1'"),
        ("geo", "tok 9E 4", "expected a latitude from -90 to 90, found '9E'"),
        ("geo", "tok nan 4", "expected a latitude from -90 to 90, found 'nan'"),
        ("geo", f"tok{' 0.5' * 298} --", "expected a number 299 from 0 to 1, found '--'"),
        ("phonology_knn", "tok 9 4", "expected 28 numbers or 'none' behind the code, found 2 fields"),
        ("phonology_knn", f"tok 2{' 1' * 27}", "expected a number 1 from 0 to 1, found '2'"),
        ("geo", "fra none", "'fra' stands there twice; remove one of the lines"),
        ("geo", "tok", "expected '<key> <value>', found 'tok'; add the missing column"),
    ],
)
def test_a_fault_of_a_vector_file_is_told_with_its_line(vector_file, kind, line, message):
    file = vector_file("fra none", line)
    with pytest.raises(GeoLIDError, match=re.escape(f"{file}:2: ") + message):
        vectors(["fra"], kind, file)


def test_a_missing_vector_file_is_told(tmp_path):
    with pytest.raises(VectorError, match="vectors: there is no such vector file"):
        vectors(["fra"], "geo", tmp_path / "vectors")


def test_the_geo_part_starts_without_torch_and_without_lang2vec():
    script = "import sys, geolid.geo.vectors, geolid.geo.places as p; p.places(p.distances(1, 2)); print(*sys.modules)"
    modules = subprocess.run(["python", "-c", script], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert not {"torch", "scipy", "lang2vec"} & set(modules.split())


def test_asking_lang2vec_imports_no_torch():
    script = "import sys; from geolid.geo.vectors import vectors; vectors(['fra']); sys.exit('torch' in sys.modules)"
    subprocess.run(["python", "-c", script], cwd=ROOT, check=True)
