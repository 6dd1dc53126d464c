"""Files from a server on loopback that breaks off."""

import hashlib

import numpy as np
import pytest

from file_server import serve
from geolid.data import download
from geolid.data.download import DownloadError, bytes_here, fetch, part_of, read_text, size_of

SIZE = 3_000_000
CONTENT = np.random.default_rng(1).bytes(SIZE)
MD5 = hashlib.md5(CONTENT).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "a.zip").write_bytes(CONTENT)
    with serve(tmp_path / "served") as running:
        yield running


@pytest.fixture
def get(server, tmp_path):
    """Fetch a.zip without pauses; return where it is, or will be."""

    def get_it(**options):
        path = tmp_path / "here" / "a.zip"
        fetch(f"{server.address}/a.zip", path, pause_seconds=0, **options)
        return path

    return get_it


def left_beside(path):
    return sorted(file.name for file in path.parent.iterdir())


def test_a_file_comes_whole_and_nothing_stays_beside_it(get, server):
    told = []
    path = get(md5=MD5, told=told.append)
    assert path.read_bytes() == CONTENT
    assert left_beside(path) == ["a.zip"]
    assert sum(told) == SIZE


def test_a_connection_that_breaks_goes_on_where_it_stood(get, server):
    server.break_after += [1_100_000, 700_000]
    told = []
    path = get(md5=MD5, told=told.append)
    assert path.read_bytes() == CONTENT
    assert [part for _, _, part in server.asked] == ["", "bytes=1100000-", "bytes=1800000-"]
    assert server.sent == sum(told) == SIZE


def test_another_run_goes_on_where_the_last_one_was_given_up(get, server, monkeypatch):
    monkeypatch.setattr(download, "TRIES", 1)
    server.break_after += [2_000_000, 0]
    with pytest.raises(DownloadError, match="ended after 2000000 of 3000000 bytes; .* run again: it goes on"):
        get(md5=MD5)
    path = get(md5=MD5)
    assert path.read_bytes() == CONTENT
    assert server.sent == SIZE


@pytest.mark.parametrize(("tells_edition", "more"), [(True, b""), (False, b"more")])
def test_a_file_that_has_changed_meanwhile_is_begun_anew(get, server, monkeypatch, tells_edition, more):
    monkeypatch.setattr(download, "TRIES", 1)
    server.tells_edition = tells_edition
    server.break_after += [2_000_000, 0]
    with pytest.raises(DownloadError):
        get()
    other = CONTENT[::-1] + more
    (server.folder / "a.zip").write_bytes(other)
    monkeypatch.setattr(download, "TRIES", 2)
    assert get().read_bytes() == other


def test_a_file_that_has_become_shorter_is_begun_anew(get, server, monkeypatch):
    monkeypatch.setattr(download, "TRIES", 1)
    server.tells_edition = False
    server.break_after += [2_000_000, 0]
    with pytest.raises(DownloadError):
        get()
    (server.folder / "a.zip").write_bytes(CONTENT[:1000])
    monkeypatch.setattr(download, "TRIES", 2)
    assert get().read_bytes() == CONTENT[:1000]


def test_what_came_from_another_address_is_not_gone_on_with(get, server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TRIES", 1)
    server.tells_edition = False
    server.break_after += [2_000_000, 0]
    with pytest.raises(DownloadError):
        get()
    (server.folder / "b.zip").write_bytes(CONTENT[::-1])
    fetch(f"{server.address}/b.zip", tmp_path / "here" / "a.zip")
    assert (tmp_path / "here" / "a.zip").read_bytes() == CONTENT[::-1]


def test_a_server_that_knows_nothing_of_parts_sends_it_anew(get, server):
    server.knows_parts = False
    server.break_after += [2_000_000]
    told = []
    assert get(md5=MD5, told=told.append).read_bytes() == CONTENT
    assert server.sent == 5_000_000
    assert sum(told) == SIZE


def test_a_server_that_always_breaks_off_is_given_up(get, server):
    server.knows_parts = False
    server.break_after += [2_000_000] * 20
    with pytest.raises(DownloadError, match="ended after"):
        get()
    assert len(server.asked) == 1 + download.TRIES


@pytest.mark.parametrize(("kind", "found"), [("md5", MD5), ("sha256", SHA256)])
def test_a_wrong_checksum_is_refused_and_the_file_kept_aside(get, server, tmp_path, kind, found):
    wrong = "0" * len(found)
    with pytest.raises(DownloadError, match=f"its {kind} is {found}, and {wrong} is published; what came is kept as"):
        get(**{kind: wrong})
    assert left_beside(tmp_path / "here" / "a.zip") == ["a.zip.wrong"]
    assert (tmp_path / "here" / "a.zip.wrong").read_bytes() == CONTENT
    assert get(**{kind: found}).read_bytes() == CONTENT


def test_a_file_that_stands_is_checked_and_not_fetched(get, server):
    path = get(md5=MD5)
    get(md5=MD5)
    assert len(server.asked) == 1
    path.write_bytes(b"something else")
    with pytest.raises(DownloadError, match="kept as"):
        get(md5=MD5)
    assert left_beside(path) == ["a.zip.wrong"]


def test_a_server_that_is_busy_is_asked_again(get, server):
    server.failures += [503, 429]
    assert get().read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (500, download.TRIES)])
def test_a_refusal_is_told(get, server, status, asked):
    server.failures += [status] * 20
    with pytest.raises(DownloadError, match=f"/a.zip: .*{status}"):
        get()
    assert len(server.asked) == asked


def test_a_disk_that_is_full_keeps_what_has_come(get, server, tmp_path, monkeypatch):
    def full(path, told, *_):
        raise OSError(28, "No space left on device")

    server.break_after += [2_000_000]
    with monkeypatch.context() as patch:
        patch.setattr(download.time, "sleep", lambda seconds: full(None, None))
        with pytest.raises(OSError, match="No space left"):
            get()
    assert bytes_here(tmp_path / "here" / "a.zip") == 2_000_000
    assert get(md5=MD5).read_bytes() == CONTENT
    assert server.sent == SIZE


def test_sizes_and_texts(server, tmp_path):
    assert size_of(f"{server.address}/a.zip") == SIZE
    (server.folder / "list.txt").write_text("ä\n", encoding="utf-8")
    assert read_text(f"{server.address}/list.txt") == "ä\n"
    for ask in (size_of, read_text):
        with pytest.raises(DownloadError, match="/b.zip: the server says 404"):
            ask(f"{server.address}/b.zip")
        with pytest.raises(DownloadError, match="expected an address that begins with https://"):
            ask(f"file://{tmp_path}/served/a.zip")


def test_nobody_there_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for ask in (size_of, read_text, lambda url: fetch(url, tmp_path / "a", pause_seconds=0)):
        with pytest.raises(DownloadError, match="Connection refused.*; look at the network, and run again"):
            ask("http://127.0.0.1:9/a.zip")
    assert not part_of(tmp_path / "a").exists()
