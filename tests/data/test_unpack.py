"""Archives of corpora."""

import zipfile

import pytest

from geolid.data.unpack import files_unpacked, unpack_zip
from geolid.errors import GeoLIDError


@pytest.fixture
def zipped(tmp_path):
    """Write ab.zip from {name: content}; return it and the folder it belongs to."""

    def write(files):
        (tmp_path / "root").mkdir(exist_ok=True)
        with zipfile.ZipFile(tmp_path / "ab.zip", "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return tmp_path / "ab.zip", tmp_path / "root" / "ab"

    return write


def below(folder):
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("top", ["ab/", ""])
def test_the_folder_may_stand_in_the_archive_or_not(zipped, top):
    archive, folder = zipped({f"{top}-1.wav": "one", f"{top}deep/2.wav": "two"})
    assert files_unpacked(folder.parent, "ab.zip") is None
    assert unpack_zip(archive, folder) == 2
    assert below(folder) == {"-1.wav": "one", "deep/2.wav": "two"}
    assert files_unpacked(folder.parent, "ab.zip") == 2


def test_what_systems_leave_everywhere_is_not_unpacked(zipped):
    archive, folder = zipped({"ab/": "", "ab/1.wav": "one", "ab/._1.wav": "x", "__MACOSX/ab/1.wav": "x", "ab/.DS": "x"})
    assert unpack_zip(archive, folder) == 1
    assert below(folder) == {"1.wav": "one"}


def test_what_was_cut_short_is_unpacked_again_and_the_rest_stays(zipped):
    archive, folder = zipped({"ab/1.wav": "one", "ab/2.wav": "two", "ab/3.wav": "three"})
    folder.mkdir()
    (folder / "1.wav").write_text("two")  # is as long as it should be
    (folder / "2.wav").write_text("t")
    unpack_zip(archive, folder)
    assert below(folder) == {"1.wav": "two", "2.wav": "two", "3.wav": "three"}


@pytest.mark.parametrize("name", ["../outside.wav", "/outside.wav", "ab/../../outside.wav", "ab\\..\\outside.wav"])
def test_nothing_is_written_outside_the_folder(zipped, name):
    archive, folder = zipped({"ab/1.wav": "one", name: "x"})
    with pytest.raises(GeoLIDError, match="ab.zip: wants to write .*outside.wav, outside its folder"):
        unpack_zip(archive, folder)
    assert not list(folder.parent.parent.rglob("outside*"))
    assert archive.exists()


@pytest.mark.parametrize("spoil", [lambda content: content[:-20], lambda content: content.replace(b"one", b"two", 1)])
def test_a_damaged_archive_is_put_aside_and_leaves_no_half_file(zipped, spoil):
    archive, folder = zipped({"ab/1.wav": "one"})
    archive.write_bytes(spoil(archive.read_bytes()))
    with pytest.raises(GeoLIDError, match=r"ab.zip: is damaged \(.*\) and now called ab.zip.wrong; run again"):
        unpack_zip(archive, folder)
    assert not list(folder.parent.rglob("*.wav*"))
    assert files_unpacked(folder.parent, "ab.zip") is None
