"""Files from the web, that may be large: a broken connection, or a run that was killed, goes on where it stood.

A file that is on its way is called `<name>.part`, with what the server said of it in `<name>.part.json`; it takes its
name when all of it is there and has the right checksum. One with a wrong checksum is kept as `<name>.wrong`.
"""

import hashlib
import json
import shutil
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from geolid.errors import GeoLIDError

TIMEOUT_SECONDS = 60.0
# Tries without a single new byte before a file is given up.
TRIES = 6
_CHUNK_BYTES = 1 << 20
_BROKEN = (URLError, HTTPException, ConnectionError, TimeoutError, ssl.SSLError)
# What a server says that may be over soon: too slow, too many at once, or something of its own.
_PASSING = {408, 425, 429, 500, 502, 503, 504}


class DownloadError(GeoLIDError):
    """A file that cannot be fetched, or is not the one that was published."""


class _EndedEarlyError(Exception):
    """A connection that ended before the file did, or cannot go on from what we have of it."""


def part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def put_aside(file: Path) -> Path:
    """Rename a file that is not what it should be, and its older namesake goes; return its new place."""
    return file.replace(file.with_name(f"{file.name.removesuffix('.part')}.wrong"))


def bytes_here(path: Path) -> int:
    """Return how much of a file has come."""
    return _size(path) or _size(part_of(path))


def size_of(url: str) -> int | None:
    """Return the bytes of a file on a server; None if the server does not tell."""
    try:
        with _open(Request(url, method="HEAD")) as response:
            return _length(response)
    except HTTPError as error:
        if error.code in (405, 501):  # it knows no HEAD
            return None
        raise _refused(url, error) from None
    except _BROKEN as error:
        raise _unreachable(url, error) from None


def read_text(url: str) -> str:
    """Return a small text of the web."""
    try:
        with _open(Request(url)) as response:
            return response.read().decode("utf-8", "replace")
    except HTTPError as error:
        raise _refused(url, error) from None
    except _BROKEN as error:
        raise _unreachable(url, error) from None


def fetch(
    url: str,
    path: Path,
    md5: str | None = None,
    told: Callable[[int], None] = lambda count: None,
    pause_seconds: float = 2.0,
    sha256: str | None = None,
) -> None:
    """Fetch a file, unless it stands; `told` hears how many bytes of it have come, in all pieces that come now.

    The pause between tries doubles from one to the next, until some bytes come.
    """
    path = Path(path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        tries = 0
        while True:
            before = _size(part_of(path))
            try:
                _go_on(url, path, told)
                break
            except (_EndedEarlyError, *_BROKEN) as error:
                if isinstance(error, HTTPError) and error.code not in _PASSING:
                    raise _refused(url, error) from None
                tries = 0 if _size(part_of(path)) > before else tries + 1
                if tries >= TRIES or isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
                    tell = _refused if isinstance(error, HTTPError) else _unreachable
                    raise tell(url, error) from None
                time.sleep(pause_seconds * 2 ** max(0, tries - 1))
    came = path if path.exists() else part_of(path)
    for kind, published in (("md5", md5), ("sha256", sha256)):
        if published is not None and (found := _digest(came, kind)) != published:
            wrong = put_aside(came)
            _notes(path).unlink(missing_ok=True)
            raise DownloadError(
                f"{url}: its {kind} is {found}, and {published} is published; what came is kept as {wrong}. Run again, "
                "and if it stays so, ask those who publish it"
            )
    came.replace(path)
    _notes(path).unlink(missing_ok=True)


def _go_on(url: str, path: Path, told: Callable[[int], None]) -> None:
    """Fetch what is still missing, in one connection."""
    part = part_of(path)
    known = _read_notes(path, url)
    have = _size(part) if known else 0
    if have and have == known.get("bytes"):
        return
    request = Request(url)
    if have:
        request.add_header("Range", f"bytes={have}-")
        if known.get("edition"):
            request.add_header("If-Range", known["edition"])  # another edition is sent whole
    try:
        response = _open(request)
    except HTTPError as error:
        if error.code != 416:
            raise
        _begin_anew(path, told)
        raise _EndedEarlyError(f"the server has no byte {have}: the file there is another one now") from None
    with response:
        goes_on = response.status == 206
        total = _total_if_it_fits(response, have, known.get("bytes")) if goes_on else _length(response)
        if goes_on and total is None:
            _begin_anew(path, told)
            raise _EndedEarlyError(f"the server does not go on from byte {have} of the same file")
        if not goes_on:
            _begin_anew(path, told)
            notes = {"url": url, "bytes": total, "edition": _edition(response)}
            _notes(path).write_text(json.dumps(notes) + "\n", encoding="utf-8")
        with part.open("ab") as out:
            while chunk := response.read(_CHUNK_BYTES):
                out.write(chunk)
                told(len(chunk))
    if total is not None and _size(part) != total:
        raise _EndedEarlyError(f"the connection ended after {_size(part)} of {total} bytes")


def _begin_anew(path: Path, told: Callable[[int], None]) -> None:
    told(-_size(part_of(path)))
    part_of(path).unlink(missing_ok=True)
    _notes(path).unlink(missing_ok=True)


def _length(response: HTTPResponse) -> int | None:
    length = response.headers.get("Content-Length")
    return int(length) if length else None


def _total_if_it_fits(response: HTTPResponse, have: int, expected: int | None) -> int | None:
    """Return the bytes of the whole file, of which a part comes; None if that part is not what is missing."""
    span, _, whole = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    fits = span.partition("-")[0] == str(have) and whole.isdecimal() and expected in (None, int(whole))
    return int(whole) if fits else None


def _edition(response: HTTPResponse) -> str | None:
    """Return what tells one edition of a file from the next; a weak tag says too little to go on by."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified")


def _digest(file: Path, kind: str) -> str:
    digest = hashlib.new(kind, usedforsecurity=False)
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _open(request: Request) -> HTTPResponse:
    if urlsplit(request.full_url).scheme not in ("http", "https"):
        raise DownloadError(f"{request.full_url}: expected an address that begins with https:// or http://")
    request.add_header("User-Agent", "geolid")
    return urlopen(request, timeout=TIMEOUT_SECONDS)


def _refused(url: str, error: HTTPError) -> DownloadError:
    remedy = (
        "run again later: it goes on where it stood"
        if error.code in _PASSING
        else "has it moved? Look at the corpus's home page"
    )
    return DownloadError(f"{url}: the server says {error.code} {error.reason}; {remedy}")


def _unreachable(url: str, error: Exception) -> DownloadError:
    reason = getattr(error, "reason", None) or error
    return DownloadError(f"{url}: {reason}; look at the network, and run again: it goes on where it stood")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _notes(path: Path) -> Path:
    return path.with_name(f"{path.name}.part.json")


def _read_notes(path: Path, url: str) -> dict:
    """Return what the server said of the file when it was begun; nothing if it was begun from another address."""
    notes = {}
    with suppress(FileNotFoundError, ValueError):
        notes = json.loads(_notes(path).read_text(encoding="utf-8"))
    return notes if isinstance(notes, dict) and notes.get("url") == url else {}


def free_bytes(folder: Path) -> int:
    """Return the space that is free where a folder is, or will be."""
    place = Path(folder).absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
