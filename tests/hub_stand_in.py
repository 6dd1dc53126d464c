"""A stand-in of the Hugging Face Hub on loopback: as much of its HTTP API as huggingface_hub asks for when a model is
uploaded and fetched. Large files go by LFS and, like there, come from another host than the one that knows the token.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from huggingface_hub import close_session, constants, file_download
from huggingface_hub.utils import _http

WRITER = "hf_WriterTokenOfTheTests"
READER = "hf_ReaderTokenOfTheTests"
STRANGER = "hf_StrangersTokenOfTheTests"
_ACCOUNTS = {WRITER: "jane", READER: "jane", STRANGER: "eve"}
_LFS_SUFFIXES = (".safetensors", ".pth", ".npz", ".png")


@dataclass
class Commit:
    oid: str
    summary: str
    files: dict[str, bytes]


@dataclass
class Repository:
    private: bool
    commits: list[Commit] = field(default_factory=list)
    gated: bool = False

    @property
    def files(self) -> dict[str, bytes]:
        return self.commits[-1].files

    def add(self, summary: str, files: dict[str, bytes]) -> Commit:
        oid = hashlib.sha1(f"{len(self.commits)} {summary} {sorted(files)}".encode()).hexdigest()
        self.commits.append(Commit(oid, summary, files))
        return self.commits[-1]

    def at(self, revision: str) -> Commit | None:
        if revision == "main":
            return self.commits[-1]
        return next((commit for commit in self.commits if commit.oid == revision), None)


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    host: str
    token: str | None


class RefusalError(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, message: str, code: str | None = None):
        self.status, self.message, self.code = status, message, code


class StandIn:
    """`obstacle`, if set, is called with each request before it is answered; it may raise a RefusalError, or a
    ConnectionError, which closes the connection without an answer.
    """

    def __init__(self, port: int):
        self.url = f"http://127.0.0.1:{port}"
        self.store = f"http://localhost:{port}"  # to a client another host
        self.repositories: dict[str, Repository] = {}
        self.large: dict[str, bytes] = {}  # by SHA-256
        self.requests: list[Request] = []
        self.obstacle: Callable[[Request], None] | None = None

    def make(self, repo: str, files: dict[str, bytes], private: bool = False) -> Repository:
        repository = self.repositories[repo] = Repository(private)
        repository.add("initial commit", {".gitattributes": b"*.safetensors filter=lfs\n"})
        if files:
            repository.add("first", {**repository.files, **files})
        return repository

    def sent(self, method: str, pattern: str) -> list[Request]:
        return [request for request in self.requests if request.method == method and re.search(pattern, request.path)]


@contextmanager
def hub_stand_in() -> Iterator[StandIn]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.hub = StandIn(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.hub
    finally:
        server.shutdown()
        server.server_close()


def reach(url: str, home: Path, monkeypatch: pytest.MonkeyPatch, token: str | None = WRITER) -> None:
    """Let huggingface_hub take `url` for the Hub and `home` for its folder, here and in processes started from here.

    It reads its environment when it is imported, so what it read is replaced as well. Nothing waits before it tries
    again, and Xet, which has a protocol of its own, is switched off.
    """
    for name, value in {
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_TOKEN": token or "",
        "HUGGING_FACE_HUB_TOKEN": "",
        "HF_HUB_OFFLINE": "0",
        "TRANSFORMERS_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "*",
    }.items():
        monkeypatch.setenv(name, value)
    for name, value in {
        "ENDPOINT": url,
        "HUGGINGFACE_CO_URL_TEMPLATE": url + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HOME": str(home),
        "HF_HUB_CACHE": str(home / "hub"),
        "HF_TOKEN_PATH": str(home / "token"),
        "HF_HUB_OFFLINE": False,
        "HF_HUB_DISABLE_XET": True,
        "HF_HUB_DISABLE_TELEMETRY": True,
    }.items():
        monkeypatch.setattr(constants, name, value)
    for module in (_http, file_download):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=lambda seconds: None))
    close_session()  # it holds connections, and what it knows of proxies


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        path = unquote(urlsplit(self.path).path)
        word = self.headers.get("Authorization", "")
        request = Request(self.command, path, self.headers["Host"], word.removeprefix("Bearer ") or None)
        hub = self.server.hub
        hub.requests.append(request)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if hub.obstacle is not None:
                hub.obstacle(request)
            for (method, pattern), answer in _ROUTES.items():
                match = re.fullmatch(pattern, path)
                if match and method == ("GET" if self.command == "HEAD" else self.command):
                    self._send(*answer(hub, request, body, *match.groups()))
                    return
            raise RefusalError(404, f"the stand-in has no {self.command} {path}")
        except RefusalError as refusal:
            headers = {"X-Error-Message": refusal.message}
            if refusal.code:
                headers["X-Error-Code"] = refusal.code
            self._send(refusal.status, json.dumps({"error": refusal.message}).encode(), headers)
        except ConnectionError:
            self.close_connection = True  # without an answer

    do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _json(value: object) -> tuple[int, bytes, dict[str, str]]:
    return 200, json.dumps(value).encode(), {"Content-Type": "application/json"}


def _account(request: Request) -> str | None:
    """Whose token it is; None without one."""
    if request.token is not None and request.token not in _ACCOUNTS:
        raise RefusalError(401, "Invalid credentials in Authorization header")
    return _ACCOUNTS.get(request.token)


def _repository(hub: StandIn, request: Request, repo: str, write: bool = False) -> Repository:
    """What a token lets see or change; what it does not let see is as if it were not there."""
    account, owner = _account(request), repo.partition("/")[0]
    repository = hub.repositories.get(repo)
    if repository is None or (repository.private and account != owner):
        raise RefusalError(401 if account is None else 404, "Repository not found", "RepoNotFound")
    if write and (account != owner or request.token != WRITER):
        raise RefusalError(403, f"You have no right to write to {repo}")
    return repository


def _commit(hub: StandIn, request: Request, repo: str, revision: str) -> Commit:
    commit = _repository(hub, request, repo).at(revision)
    if commit is None:
        raise RefusalError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return commit


def _create(hub: StandIn, request: Request, body: bytes) -> tuple:
    asked = json.loads(body)
    account = _account(request)
    if account is None:
        raise RefusalError(401, "Invalid username or password.")
    owner = asked.get("organization") or account
    repo = f"{owner}/{asked['name']}"
    if owner == account and repo in hub.repositories:
        status, answer, headers = _json({"error": "You already created this model repo", "url": f"{hub.url}/{repo}"})
        return 409, answer, headers
    if request.token != WRITER or owner != account:
        raise RefusalError(403, f"You don't have the rights to create a model under the namespace {owner}")
    hub.make(repo, {}, private=asked.get("private", asked.get("visibility") == "private"))
    return _json({"url": f"{hub.url}/{repo}", "name": repo})


def _validate_card(hub: StandIn, request: Request, body: bytes) -> tuple:
    parts = json.loads(body)["content"].split("---\n", 2)
    head = yaml.safe_load(parts[1]) if len(parts) == 3 else None
    if not isinstance(head, dict) or not isinstance(head.get("license"), str):
        error = json.dumps({"errors": [{"message": '"license" must be a string'}], "warnings": []}).encode()
        return 400, error, {"Content-Type": "application/json"}
    return _json({"errors": [], "warnings": []})


def _info(hub: StandIn, request: Request, body: bytes, repo: str, revision: str | None) -> tuple:
    repository = _repository(hub, request, repo)
    commit = _commit(hub, request, repo, revision or "main")
    siblings = [{"rfilename": name} for name in sorted(commit.files)]
    return _json({"id": repo, "sha": commit.oid, "private": repository.private, "siblings": siblings, "tags": []})


def _tree(hub: StandIn, request: Request, body: bytes, repo: str, revision: str) -> tuple:
    files = _commit(hub, request, repo, revision).files
    return _json([_entry(name, content) for name, content in sorted(files.items())])


def _entry(name: str, content: bytes) -> dict:
    entry = {"type": "file", "path": name, "size": len(content), "oid": _git_oid(content)}
    if _is_large(name):
        entry["lfs"] = {"oid": _sha256(content), "size": len(content), "pointerSize": 130}
    return entry


def _preupload(hub: StandIn, request: Request, body: bytes, repo: str, revision: str) -> tuple:
    files = _repository(hub, request, repo, write=True).at(revision).files
    answers = []
    for asked in json.loads(body)["files"]:
        name = asked["path"]
        answer = {"path": name, "uploadMode": "lfs" if _is_large(name) else "regular", "shouldIgnore": False}
        if name in files:
            answer["oid"] = _sha256(files[name]) if _is_large(name) else _git_oid(files[name])
        answers.append(answer)
    return _json({"files": answers})


def _lfs_batch(hub: StandIn, request: Request, body: bytes, repo: str) -> tuple:
    _repository(hub, request, repo, write=True)
    objects = []
    for asked in json.loads(body)["objects"]:
        there = asked["oid"] in hub.large
        upload = {"href": f"{hub.store}/large/{asked['oid']}"}
        verify = {"href": f"{hub.url}/{repo}.git/info/lfs/verify"}
        objects.append(asked if there else {**asked, "actions": {"upload": upload, "verify": verify}})
    return _json({"transfer": "basic", "objects": objects})


def _put_large(hub: StandIn, request: Request, body: bytes, oid: str) -> tuple:
    if _sha256(body) != oid:
        raise RefusalError(400, "this is not what was announced")
    hub.large[oid] = body
    return 200, b"", {}


def _lfs_verify(hub: StandIn, request: Request, body: bytes, repo: str) -> tuple:
    _repository(hub, request, repo, write=True)
    asked = json.loads(body)
    if len(hub.large.get(asked["oid"], b"")) != asked["size"]:
        raise RefusalError(404, "it has not arrived")
    return _json({})


def _make_commit(hub: StandIn, request: Request, body: bytes, repo: str, revision: str) -> tuple:
    repository = _repository(hub, request, repo, write=True)
    files = dict(repository.files)
    summary = ""
    for line in body.splitlines():
        part = json.loads(line)
        value = part["value"]
        if part["key"] == "header":
            summary = value["summary"]
            if value.get("parentCommit", repository.commits[-1].oid) != repository.commits[-1].oid:
                raise RefusalError(412, "A commit has happened since. Please refresh and try again.")
        elif part["key"] == "file":
            files[value["path"]] = base64.b64decode(value["content"])
        elif part["key"] == "lfsFile":
            files[value["path"]] = hub.large[value["oid"]]
        elif part["key"] == "deletedFile":
            del files[value["path"]]
        else:
            raise RefusalError(400, f"the stand-in does not know {part['key']}")
    commit = repository.add(summary, files)
    return _json({"success": True, "commitOid": commit.oid, "commitUrl": f"{hub.url}/{repo}/commit/{commit.oid}"})


def _resolve(hub: StandIn, request: Request, body: bytes, repo: str, revision: str, name: str) -> tuple:
    commit = _commit(hub, request, repo, revision)
    if hub.repositories[repo].gated and _account(request) != repo.partition("/")[0]:
        raise RefusalError(403, f"Access to model {repo} is restricted", "GatedRepo")
    if name not in commit.files:
        raise RefusalError(404, "Entry not found", "EntryNotFound")
    content = commit.files[name]
    headers = {"X-Repo-Commit": commit.oid}
    if not _is_large(name):
        return 200, content, {**headers, "ETag": f'"{_git_oid(content)}"'}
    hub.large[_sha256(content)] = content
    linked = {"X-Linked-Etag": f'"{_sha256(content)}"', "X-Linked-Size": str(len(content))}
    return 302, b"", {**headers, **linked, "Location": f"{hub.store}/large/{_sha256(content)}"}


def _get_large(hub: StandIn, request: Request, body: bytes, oid: str) -> tuple:
    return 200, hub.large[oid], {"ETag": f'"{oid}"'}


def _is_large(name: str) -> bool:
    return name.endswith(_LFS_SUFFIXES)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


_REPO = r"([^/]+/[^/]+)"
_ROUTES = {
    ("POST", "/api/repos/create"): _create,
    ("POST", "/api/validate-yaml"): _validate_card,
    ("GET", rf"/api/models/{_REPO}(?:/revision/(.+))?"): _info,
    ("GET", rf"/api/models/{_REPO}/tree/([^/]+)"): _tree,
    ("POST", rf"/api/models/{_REPO}/preupload/([^/]+)"): _preupload,
    ("POST", rf"/{_REPO}\.git/info/lfs/objects/batch"): _lfs_batch,
    ("POST", rf"/{_REPO}\.git/info/lfs/verify"): _lfs_verify,
    ("PUT", "/large/([0-9a-f]+)"): _put_large,
    ("GET", "/large/([0-9a-f]+)"): _get_large,
    ("POST", rf"/api/models/{_REPO}/commit/([^/]+)"): _make_commit,
    ("GET", rf"/{_REPO}/resolve/([^/]+)/(.+)"): _resolve,
}
