"""Packed models on their way to a stand-in of the Hugging Face Hub."""

import errno
from pathlib import Path

import pytest

from geolid.errors import GeoLIDError
from geolid.share.upload import make_parcel, upload
from hub_stand_in import READER, STRANGER, WRITER, RefusalError, reach
from toy_packed import contents, make_packed

REPO = "jane/lid_toy"


@pytest.fixture
def packed(tmp_path) -> Path:
    return make_packed(tmp_path / "lid_toy")


def on_hub(hub, repo: str = REPO) -> dict[str, bytes]:
    return {name: content for name, content in hub.repositories[repo].files.items() if name != ".gitattributes"}


def test_all_files_arrive_in_one_commit_of_a_new_private_repository(hub, packed):
    delivery = upload(make_parcel(packed, REPO))
    assert delivery.changed and delivery.removed == []
    assert on_hub(hub) == contents(packed)
    assert hub.repositories[REPO].private
    first, commit = hub.repositories[REPO].commits
    assert (commit.oid, commit.summary) == (delivery.commit, "Upload lid_toy")


def test_a_public_repository_is_made_when_asked_for(hub, packed):
    upload(make_parcel(packed, REPO, private=False))
    assert not hub.repositories[REPO].private


def test_what_is_there_is_not_sent_again(hub, packed):
    first = upload(make_parcel(packed, REPO))
    hub.requests.clear()
    again = upload(make_parcel(packed, REPO))
    assert (again.commit, again.changed) == (first.commit, False)
    assert not hub.sent("PUT", "") and not hub.sent("POST", "/commit/")


def test_a_later_model_takes_the_place_of_the_earlier_one_and_leaves_the_rest(hub, packed, tmp_path):
    upload(make_parcel(packed, REPO))
    hub.repositories[REPO].files["notes.txt"] = b"the owner's own"
    later = make_packed(tmp_path / "later", without=("images/map.png",), model_safetensors="other weights")
    delivery = upload(make_parcel(later, REPO))
    assert delivery.removed == ["images/map.png"]
    assert on_hub(hub) == {**contents(later), "notes.txt": b"the owner's own"}
    assert len(hub.repositories[REPO].commits) == 3


def test_files_that_are_not_the_packages_stay_at_home(hub, packed):
    wanted = contents(packed)
    (packed / ".DS_Store").write_text("")
    (packed / "my_token.txt").write_text(WRITER)
    upload(make_parcel(packed, REPO))
    assert on_hub(hub) == wanted


@pytest.mark.parametrize("where", ["/large/", "/info/lfs/verify", "/commit/"])
def test_an_upload_that_is_cut_off_leaves_the_old_model_and_can_be_repeated(hub, packed, tmp_path, where):
    """The connection breaks for good while weights are sent, while they are looked at, or at the commit."""
    upload(make_parcel(packed, REPO))
    before = on_hub(hub)
    later = make_packed(tmp_path / "later", model_safetensors="other weights", images_map_png="another picture")

    def cut(request):
        if where in request.path and request.method in ("PUT", "POST"):
            raise ConnectionResetError

    hub.obstacle = cut
    with pytest.raises(GeoLIDError, match=r"jane/lid_toy: .*cannot be reached, or does not answer.*run again: what "):
        upload(make_parcel(later, REPO))
    assert on_hub(hub) == before
    hub.obstacle = None
    hub.requests.clear()
    upload(make_parcel(later, REPO))
    assert on_hub(hub) == contents(later)
    assert len(hub.sent("PUT", "/large/")) == (2 if where == "/large/" else 0)


def test_a_short_break_is_bridged(hub, packed):
    breaks = iter([True, True, False])

    def cut(request):
        if request.method == "PUT" and next(breaks, False):
            raise ConnectionResetError

    hub.obstacle = cut
    upload(make_parcel(packed, REPO))
    assert on_hub(hub) == contents(packed)


def test_troubles_of_the_hub_are_told_as_such(hub, packed):
    def fail(request):
        raise RefusalError(503, "down for repair")

    hub.obstacle = fail
    with pytest.raises(GeoLIDError, match=r"the Hub has troubles of its own \(status 503: down for repair\)"):
        upload(make_parcel(packed, REPO))


def test_somebody_elses_commit_is_not_run_over(hub, packed):
    upload(make_parcel(packed, REPO))
    (packed / "README.md").write_text((packed / "README.md").read_text() + "more\n")
    resum(packed)

    def meanwhile(request):
        if "/preupload/" in request.path:
            hub.repositories[REPO].add("by hand", {**hub.repositories[REPO].files, "README.md": b"by hand"})

    hub.obstacle = meanwhile
    with pytest.raises(GeoLIDError, match="was changed by somebody else meanwhile .* run again"):
        upload(make_parcel(packed, REPO))
    assert on_hub(hub)["README.md"] == b"by hand"


def resum(packed: Path) -> None:
    make_packed(packed, README_md=(packed / "README.md").read_text())


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", "there is no token for the Hugging Face Hub, neither in HF_TOKEN nor by a login"),
        ("hf_made_up", r"the Hub refuses the token \(Invalid credentials.*\): it is wrong, or no longer valid"),
        (READER, r"the token does not give the right to do this \(.*under the namespace jane.*\); take"),
        (STRANGER, "the token does not give the right to do this"),
        ("hf_with blank", "has blanks or other characters in it that no token has; copy it again"),
        ("hf_with\x07bell", "has blanks or other characters in it that no token has; copy it again"),
    ],
    ids=["none", "made up", "may only read", "somebody else's", "blank", "control character"],
)
def test_a_token_that_does_not_do_is_told_and_not_shown(hub, packed, monkeypatch, token, message):
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(GeoLIDError, match=message) as told:
        upload(make_parcel(packed, REPO))
    assert not token or token not in str(told.value)
    assert not hub.repositories


def test_a_server_that_repeats_the_token_does_not_make_it_known(hub, packed):
    def repeat(request):
        raise RefusalError(418, f"I do not like {request.token}")

    hub.obstacle = repeat
    with pytest.raises(GeoLIDError, match=r"the Hub does not do this \(status 418\): I do not like <token>$"):
        upload(make_parcel(packed, REPO))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError("Authentication error"), "it did not come to an end: Authentication error; run again"),
        (
            ConnectionError("Network error: no route"),
            r"cannot be reached, or does not answer \(Network error: no route",
        ),
        (
            RuntimeError("shard refused"),
            "it did not come to an end: shard refused; run again: what has arrived is kept",
        ),
    ],
    ids=["refused", "network", "other"],
)
def test_what_xets_client_raises_is_told(hub, packed, monkeypatch, error, message):
    """It is not there in tests; these are the kinds of its errors."""

    def fail(**kwargs):
        raise error

    monkeypatch.setattr("huggingface_hub._commit_api._upload_files", fail)
    with pytest.raises(GeoLIDError, match=f"jane/lid_toy: .*{message}"):
        upload(make_parcel(packed, REPO))


def test_a_disk_that_fails_is_not_taken_for_the_hub(hub, packed, monkeypatch):
    def fail(**kwargs):
        raise OSError(errno.EIO, "Input/output error", "model.safetensors")

    monkeypatch.setattr("huggingface_hub._commit_api._upload_files", fail)
    with pytest.raises(OSError, match="Input/output error: 'model.safetensors'"):
        upload(make_parcel(packed, REPO))


def test_the_token_of_a_login_does(hub, packed, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "")
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home/token").write_text(WRITER)
    upload(make_parcel(packed, REPO))
    assert on_hub(hub) == contents(packed)


def test_the_token_goes_to_the_hub_only(hub, packed):
    upload(make_parcel(packed, REPO))
    stores = {request.token for request in hub.requests if not hub.url.endswith(request.host)}
    assert stores == {None}
    assert {request.token for request in hub.requests if hub.url.endswith(request.host)} == {WRITER}


def test_without_a_network_it_is_told(hub, packed, tmp_path, monkeypatch):
    reach("http://127.0.0.1:9", tmp_path / "home", monkeypatch)  # nobody listens there
    with pytest.raises(GeoLIDError, match=r"http://127.0.0.1:9 cannot be reached, or does not answer \(.*refused.*\)"):
        upload(make_parcel(packed, REPO))


@pytest.mark.parametrize(
    "repo", ["lid_toy", "jane/", "/toy", "jane/lid/toy", "jane/lid toy", "jane/lid--toy", "jane/.toy", "jane/t.git", ""]
)
def test_a_name_that_no_repository_can_have_is_told_before_anything_is_sent(hub, packed, repo):
    with pytest.raises(GeoLIDError, match="cannot be a repository of the Hugging Face Hub: .*Expected <owner>/<name>"):
        make_parcel(packed, repo)
    assert not hub.requests


@pytest.mark.parametrize(("there", "asked"), [(False, True), (True, False)])
def test_a_repository_is_not_as_visible_as_was_asked(hub, packed, there, asked):
    hub.make(REPO, {}, private=there)
    words = r"private, and is to be public" if there else r"public, and is to be private"
    with pytest.raises(GeoLIDError, match=rf"is there already and {words}; .*--private {str(there).lower()}"):
        upload(make_parcel(packed, REPO, private=asked))
    assert on_hub(hub) == {}
    upload(make_parcel(packed, REPO, private=there))


def test_a_repository_with_something_else_is_left_alone(hub, packed):
    hub.make(REPO, {"config.json": b"{}", "README.md": b""}, private=True)
    with pytest.raises(GeoLIDError, match="holds no model of this project, but README.md, config.json; name another"):
        upload(make_parcel(packed, REPO))
    assert set(on_hub(hub)) == {"config.json", "README.md"}


def test_a_repository_with_only_a_card_is_filled(hub, packed):
    hub.make(REPO, {"README.md": b"soon"}, private=True)
    upload(make_parcel(packed, REPO))
    assert on_hub(hub) == contents(packed)


def test_what_is_no_packed_model_is_told(hub, packed, tmp_path):
    with pytest.raises(GeoLIDError, match=r"is no packed model: .*; stage 9 writes"):
        make_parcel(tmp_path, REPO)
    archive = tmp_path / "lid_toy.zip"
    archive.write_text("")
    with pytest.raises(GeoLIDError, match="expected the folder that stage 9 made beside this file"):
        make_parcel(archive, REPO)


def test_a_packed_file_that_was_changed_since_is_not_sent(hub, packed):
    (packed / "model.safetensors").write_text("something else")
    with pytest.raises(GeoLIDError, match="model.safetensors"):
        make_parcel(packed, REPO)


def test_a_card_without_licence_is_not_sent(hub, tmp_path):
    packed = make_packed(tmp_path / "bare", README_md="# A toy\n")
    with pytest.raises(GeoLIDError, match="README.md: expected a head between two lines '---' with a key license"):
        make_parcel(packed, REPO)


def test_a_card_that_the_hub_does_not_take_is_told(hub, tmp_path):
    packed = make_packed(tmp_path / "odd", README_md="---\nlicense: [a, b]\n---\n")
    with pytest.raises(GeoLIDError, match='it was not accepted: Invalid metadata in README.md.*"license" must be'):
        upload(make_parcel(packed, REPO))
