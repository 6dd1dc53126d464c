"""Models fetched from a stand-in of the Hugging Face Hub."""

import pytest

from geolid.errors import GeoLIDError
from geolid.identify.hub import fetch_model
from geolid.model.package import open_model
from geolid.share.pack import pack
from geolid.share.upload import make_parcel, upload
from hub_stand_in import STRANGER, WRITER, reach
from toy_identifier import make_experiment
from toy_packed import contents, make_packed

REPO = "jane/lid_toy"
NOWHERE = "http://127.0.0.1:9"  # nobody listens there
ESPNET = {
    "meta.yaml": b"files:\n  lid_model_file: exp/[a]/best.pth\nyaml_files:\n  lid_train_config: exp/[a]/config.yaml\n",
    "exp/[a]/best.pth": b"weights",
    "exp/[a]/config.yaml": b"lang_num: 2\n",
    "exp/[a]/checkpoint.pth": b"not these",
    "README.md": b"a card",
}


@pytest.fixture
def packed(tmp_path) -> dict[str, bytes]:
    return contents(make_packed(tmp_path / "lid_toy"))


def without_pictures(packed: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in packed.items() if name not in ("README.md", "images/map.png")}


def test_what_the_model_needs_comes_and_comes_once(hub, packed):
    hub.make(REPO, packed)
    folder = fetch_model(REPO)
    assert contents(folder) == without_pictures(packed)
    hub.requests.clear()
    assert fetch_model(REPO) == folder
    assert not hub.sent("GET", "/resolve/|/large/")


def test_a_model_that_was_packed_and_uploaded_opens_from_there(hub, tmp_path):
    with open_model(make_experiment(tmp_path / "exp/lid")) as files:
        packed = pack(files, tmp_path / "packed")
    upload(make_parcel(packed.folder, REPO))
    with open_model(fetch_model(REPO)) as fetched, open_model(packed.folder) as at_home:
        assert fetched.weights.read_bytes() == at_home.weights.read_bytes()
        assert (fetched.config, fetched.languages) == (at_home.config, at_home.languages)


def test_a_pickle_in_place_of_the_weights_comes_for_whoever_refuses_it(hub, packed):
    del packed["model.safetensors"]
    hub.make(REPO, {**packed, "model.pth": b"\x80\x02."})
    with (
        pytest.raises(GeoLIDError, match="has a pickle, model.pth, in place of model.safetensors"),
        open_model(fetch_model(REPO)),
    ):
        pass


def test_the_token_goes_to_the_hub_and_not_to_where_large_files_lie(hub, packed, tmp_path):
    hub.make(REPO, packed, private=True)
    folder = fetch_model(REPO)
    assert contents(folder) == without_pictures(packed)
    assert {request.token for request in hub.sent("GET", "/large/")} == {None}
    assert {request.token for request in hub.sent("GET", "/api/")} == {WRITER}
    assert not [name for name, content in contents(tmp_path / "home").items() if WRITER.encode() in content]


def test_a_revision_is_a_commit_that_stays_while_the_branch_moves_on(hub, packed):
    repository = hub.make(REPO, packed)
    first = repository.commits[-1].oid
    fetch_model(REPO)
    later = {**packed, "model.safetensors": b"other weights"}
    repository.add("later", {**repository.files, **later})
    assert (fetch_model(REPO) / "model.safetensors").read_bytes() == b"other weights"
    assert contents(fetch_model(REPO, revision=first)) == without_pictures(packed)
    with pytest.raises(GeoLIDError, match="jane/lid_toy: .*the revision asked for is not; name one of its branches"):
        fetch_model(REPO, revision="v9")


@pytest.mark.parametrize("how", ["asked for", "by the environment", "nobody answers"])
def test_without_a_network_what_is_in_the_cache_does(hub, packed, tmp_path, monkeypatch, how):
    hub.make(REPO, packed)
    folder = fetch_model(REPO)
    hub.requests.clear()
    cut_off(how, tmp_path, monkeypatch)
    assert fetch_model(REPO, local_files_only=how == "asked for") == folder
    assert not hub.requests


def cut_off(how: str, tmp_path, monkeypatch) -> None:
    if how == "by the environment":
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    elif how == "nobody answers":
        reach(NOWHERE, tmp_path / "home", monkeypatch)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("asked for", "is not in this machine's cache, or not all of it, .*fetch it where there is a network"),
        ("by the environment", "is not in this machine's cache, or not all of it"),
        ("nobody answers", r"http://127.0.0.1:9 cannot be reached, or does not answer \(.*refused.*\); check the netw"),
    ],
)
@pytest.mark.parametrize("there", ["nothing", "a part"])
def test_without_a_network_what_is_not_in_the_cache_is_told(hub, packed, tmp_path, monkeypatch, how, message, there):
    hub.make(REPO, packed)
    if there == "a part":
        (fetch_model(REPO) / "model.safetensors").unlink()
    cut_off(how, tmp_path, monkeypatch)
    with pytest.raises(GeoLIDError, match=f"jane/lid_toy: .*{message}"):
        fetch_model(REPO, local_files_only=how == "asked for")


def test_a_model_that_espnet_packed_comes_with_the_files_it_names(hub):
    hub.make("espnet/lid", ESPNET)
    folder = fetch_model("espnet/lid")
    wanted = {name: ESPNET[name] for name in ("meta.yaml", "exp/[a]/best.pth", "exp/[a]/config.yaml")}
    assert contents(folder) == wanted
    assert contents(fetch_model("espnet/lid", local_files_only=True)) == wanted


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        (b"files: {a: b.pth}\n", "its meta.yaml names b.pth, which is not there"),
        (b"- a list\n", "its meta.yaml names no files"),
        (b"\xff", "its meta.yaml names no files"),
    ],
)
def test_an_espnet_model_that_is_not_whole_is_told(hub, meta, message):
    hub.make("espnet/lid", {"meta.yaml": meta})
    with pytest.raises(GeoLIDError, match=f"espnet/lid: {message}; expected a model as ESPnet packs it"):
        fetch_model("espnet/lid")


@pytest.mark.parametrize(
    ("repo", "token", "message"),
    [
        ("jane/other", "", "has no such repository, or it is private (no token is set; if it is private, make one at"),
        ("jane/other", WRITER, "has no such repository, or it is private (a token is set, but does not show it)"),
        ("jane/secret", STRANGER, "has no such repository, or it is private (a token is set, but does not show it)"),
        ("jane/secret", "hf_made_up", "the Hub refuses the token (Invalid credentials in Authorization header)"),
        ("jane/gated", STRANGER, "its owner lets in only whom they agreed with; ask for it at"),
        ("jane/bert", "", "no language identifier of this project: it holds .gitattributes, config.json; expected geo"),
        ("jane/secret", "hf_with\x07bell", "has blanks or other characters in it that no token has"),
    ],
)
def test_what_the_hub_does_not_give_is_told(hub, packed, monkeypatch, repo, token, message):
    hub.make("jane/secret", packed, private=True)
    hub.make("jane/gated", packed).gated = True
    hub.make("jane/bert", {"config.json": b"{}"})
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(GeoLIDError) as told:
        fetch_model(repo)
    assert message in str(told.value)
    assert not token or token not in str(told.value)


def test_a_download_that_breaks_off_goes_on_the_next_time(hub, packed):
    hub.make(REPO, packed)

    def cut(request):
        if request.path.startswith("/large/"):
            raise ConnectionResetError

    hub.obstacle = cut
    with pytest.raises(GeoLIDError, match="cannot be reached, or does not answer .*what has arrived is kept"):
        fetch_model(REPO)
    hub.obstacle = None
    hub.requests.clear()
    assert contents(fetch_model(REPO)) == without_pictures(packed)
    assert not hub.sent("GET", "/resolve/.*/config.yaml")


@pytest.mark.parametrize("repo", ["lid_toy", "jane/lid/toy", "../lid", "jane/lid toy"])
def test_a_name_that_no_repository_can_have_is_told(hub, repo):
    with pytest.raises(GeoLIDError, match="cannot be a repository of the Hugging Face Hub: .*Expected <owner>/<name>"):
        fetch_model(repo)
