"""Stage 10 as a user runs it, against a stand-in of the Hugging Face Hub."""

import os
import signal
import subprocess
import threading

import pytest

from conftest import environment, run
from geolid.bin import upload
from hub_stand_in import WRITER, reach
from toy_packed import contents, make_packed

STAGE = "steps/10_upload.sh"
REPO = "jane/lid_toy"


@pytest.fixture
def packed(recipe):
    return make_packed(recipe / "exp/lid_toy/packed/lid_toy")


def test_a_packed_model_is_published_and_the_token_nowhere_shown_or_written(hub, packed, recipe, tmp_path):
    hub.repositories.clear()
    done = run(STAGE, "--hf_repo", REPO, packed, cwd=recipe)
    assert f"9 files, 8.79 KB, licence cc-by-nc-4.0: go to {hub.url}/{REPO} (private)" in done.stdout
    commit = hub.repositories[REPO].commits[-1]
    assert f"{hub.url}/{REPO} is there: commit {commit.oid[:12]}, " in done.stdout
    assert {name: commit.files[name] for name in contents(packed)} == contents(packed)
    assert any(request.token == WRITER for request in hub.requests)
    assert WRITER not in done.stdout + done.stderr
    assert not [name for name, content in contents(tmp_path).items() if WRITER.encode() in content]
    again = run(STAGE, "--hf-repo", REPO, packed, cwd=recipe)
    assert f"was there already, nothing has changed: commit {commit.oid[:12]}" in again.stdout


def test_a_dry_run_shows_what_would_be_sent_and_needs_neither_network_nor_token(
    hub, packed, recipe, tmp_path, monkeypatch
):
    reach(hub.url, tmp_path / "home", monkeypatch, token=None)
    told = run(STAGE, "--dry_run", "true", "--private", "false", "--hf_repo", REPO, packed, cwd=recipe).stdout
    assert [line.split()[-1] for line in told.splitlines()[:-1]] == sorted(contents(packed))
    assert f"licence cc-by-nc-4.0: would go to {hub.url}/{REPO} (public, for everybody to see)" in told.splitlines()[-1]
    assert not hub.requests


def test_nothing_is_public_that_was_not_to_be(hub, packed, capsys):
    upload.main(["--dry_run", "true", str(packed), REPO])
    assert f"would go to {hub.url}/{REPO} (private)" in capsys.readouterr().out


def test_one_that_is_killed_while_it_sends_can_be_run_again(hub, packed, recipe):
    arrived, dead = threading.Event(), threading.Event()

    def hold(request):
        if request.method == "PUT":
            arrived.set()
            dead.wait(20)
            raise ConnectionResetError

    hub.obstacle = hold
    command = [STAGE, "--hf_repo", REPO, str(packed)]
    with subprocess.Popen(
        command, cwd=recipe, env=environment(), start_new_session=True, stdout=subprocess.DEVNULL
    ) as stage:
        assert arrived.wait(60)
        os.killpg(stage.pid, signal.SIGKILL)
    dead.set()
    assert list(hub.repositories[REPO].files) == [".gitattributes"]
    hub.obstacle = None
    run(*command, cwd=recipe)
    there = hub.repositories[REPO].files
    assert {name: there[name] for name in there if name != ".gitattributes"} == contents(packed)


def test_messages_come_without_a_traceback(hub, packed, recipe, tmp_path, monkeypatch):
    told = run(STAGE, "--hf_repo", "lid_toy", packed, cwd=recipe, ok=False).stderr
    assert told.startswith("upload: 'lid_toy' cannot be a repository of the Hugging Face Hub: it has no owner.")
    assert "usage: steps/10_upload.sh --hf_repo <owner>/<name>" in run(STAGE, packed, cwd=recipe, ok=False).stderr
    reach(hub.url, tmp_path / "home", monkeypatch, token=None)
    told = run(STAGE, "--hf_repo", REPO, packed, cwd=recipe, ok=False).stderr
    assert told.startswith("upload: there is no token for the Hugging Face Hub, neither in HF_TOKEN nor by a login")
    reach("http://127.0.0.1:9", tmp_path / "home", monkeypatch)
    told = run(STAGE, "--hf_repo", REPO, packed, cwd=recipe, ok=False).stderr
    assert told.startswith("upload: jane/lid_toy: http://127.0.0.1:9 cannot be reached, or does not answer")
