"""A server of files on loopback that breaks off, changes its files, or knows nothing of parts, as a test asks for."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class FileServer:
    folder: Path
    address: str = ""
    break_after: list[int] = field(default_factory=list)  # bytes after which the next answers end, one each
    knows_parts: bool = True
    tells_edition: bool = True
    failures: list[int] = field(default_factory=list)  # status of the next answers
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, Range
    sent: int = 0  # bytes of files

    def paths(self, method: str = "GET") -> list[str]:
        return [path for asked, path, _ in self.asked if asked == method]


@contextmanager
def serve(folder: Path) -> Iterator[FileServer]:
    server = FileServer(folder)
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"files": server}))
    server.address = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    files: FileServer

    def do_HEAD(self) -> None:  # noqa: N802 - as http.server calls it
        self._answer(with_body=False)

    def do_GET(self) -> None:  # noqa: N802
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        wanted = self.headers.get("Range", "")
        self.files.asked.append((self.command, self.path, wanted))
        file = self.files.folder / self.path.lstrip("/")
        if with_body and self.files.failures:
            self.send_error(self.files.failures.pop(0))
            return
        if not file.is_file():
            self.send_error(404)
            return
        content = file.read_bytes()
        edition = f'"{hashlib.md5(content).hexdigest()}"'
        first = 0
        if wanted and self.files.knows_parts and self.headers.get("If-Range", edition) == edition:
            first = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if first >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - first))
        if self.files.tells_edition:
            self.send_header("ETag", edition)
        self.end_headers()
        if with_body:
            body = content[first:]
            if self.files.break_after:
                body = body[: self.files.break_after.pop(0)]
                self.close_connection = True
            self.files.sent += len(body)
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
