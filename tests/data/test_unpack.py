"""Archives of corpora."""

import io
import tarfile
import zipfile

import pytest

from geolid.data.unpack import files_unpacked, unpack_tar, unpack_zip
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


@pytest.fixture
def tarred(tmp_path):
    """Write train.tar.gz from {name: content}; a content of None is a link. Return it and the folder it belongs to."""

    def write(files):
        (tmp_path / "root").mkdir(exist_ok=True)
        with tarfile.open(tmp_path / "train.tar.gz", "w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.type, member.linkname = (tarfile.SYMTYPE, "/etc") if content is None else (tarfile.REGTYPE, "")
                member.size = len(content or "")
                archive.addfile(member, io.BytesIO((content or "").encode()))
        return tmp_path / "train.tar.gz", tmp_path / "root" / "train"

    return write


@pytest.mark.parametrize("top", ["train/", "./train/", "./", ""])
def test_a_tar_is_unpacked_like_a_zip(tarred, top):
    archive, folder = tarred(
        {f"{top}1.wav": "one", f"{top}._1.wav": "x", f"{top}link": None, f"{top}deep/2.wav": "two"}
    )
    assert unpack_tar(archive, folder) == 2
    assert below(folder) == {"1.wav": "one", "deep/2.wav": "two"}
    assert files_unpacked(folder.parent, "train.tar.gz") == 2


def test_of_a_tar_what_was_cut_short_is_unpacked_again_and_the_rest_stays(tarred):
    archive, folder = tarred({"train/1.wav": "one", "train/2.wav": "two"})
    folder.mkdir()
    (folder / "1.wav").write_text("two")  # is as long as it should be
    (folder / "2.wav").write_text("t")
    unpack_tar(archive, folder)
    assert below(folder) == {"1.wav": "two", "2.wav": "two"}


def test_a_tar_writes_nothing_outside_its_folder(tarred):
    archive, folder = tarred({"train/../../outside.wav": "x"})
    with pytest.raises(GeoLIDError, match="train.tar.gz: wants to write .*outside.wav, outside its folder"):
        unpack_tar(archive, folder)
    assert not list(folder.parent.parent.rglob("outside*"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-9],  # ends early
        lambda content: content[:-8] + bytes(8),  # has another sum than its content
        lambda content: content[:40] + bytes(30) + content[70:],
        lambda content: b"version https://git-lfs.github.com/spec/v1",
    ],
    ids=["early", "sum", "middle", "pointer"],
)
def test_a_damaged_tar_is_put_aside_with_what_came_of_it(tarred, spoil):
    archive, folder = tarred({"train/1.wav": "one" * 1000, "train/2.wav": "two" * 1000})
    archive.write_bytes(spoil(archive.read_bytes()))
    with pytest.raises(
        GeoLIDError, match=r"train.tar.gz: is damaged \(.*\) and now called train.tar.gz.wrong; run again"
    ):
        unpack_tar(archive, folder)
    assert not list(folder.parent.rglob("*.wav*"))
    assert files_unpacked(folder.parent, "train.tar.gz") is None
