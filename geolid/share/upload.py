"""A packed model on the Hugging Face Hub: a repository whose one commit holds all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants
from huggingface_hub.hf_api import ModelInfo

from geolid.errors import GeoLIDError
from geolid.model.hub import check_repository, hub_errors_told, require_token
from geolid.model.package import CARD, MANIFEST, SUMS, check_sums, read_sums

_OF_THE_HUB = (".gitattributes",)  # it makes this one itself


@dataclass(frozen=True)
class Parcel:
    """What goes to the Hub."""

    folder: Path
    repo: str
    private: bool
    files: Mapping[str, int]  # name → bytes, sorted by name
    licence: str

    @property
    def url(self) -> str:
        return f"{constants.ENDPOINT}/{self.repo}"

    @property
    def size(self) -> int:
        return sum(self.files.values())


@dataclass(frozen=True)
class Delivery:
    """What came of it."""

    commit: str
    changed: bool  # False: all of it was there already
    removed: list[str]  # files of the model that was there before


def make_parcel(folder: Path, repo: str, private: bool = True) -> Parcel:
    """Look over a packed folder; the network is not used."""
    check_repository(repo)
    folder = Path(folder)
    if folder.is_file():
        raise GeoLIDError(f"{folder}: expected the folder that stage 9 made beside this file; name that one")
    if not (folder / MANIFEST).is_file() or not (folder / SUMS).is_file():
        raise GeoLIDError(
            f"{folder}: is no packed model: {MANIFEST} or {SUMS} is not there; stage 9 writes <exp-dir>/packed/<name>"
        )
    check_sums(folder)
    names = sorted([*read_sums(folder), SUMS])
    return Parcel(
        folder=folder,
        repo=repo,
        private=private,
        files={name: (folder / name).stat().st_size for name in names},
        licence=_licence(folder),
    )


def upload(parcel: Parcel) -> Delivery:
    """Bring a packed model to the Hub, whole or not at all; the repository is made if it is not there.

    What was sent when it was cut off is not sent again. A model that was there is replaced: its files that the new
    one does not have go, whatever else lies there stays.
    """
    api = HfApi(token=require_token(), library_name="geolid")
    with hub_errors_told(parcel.repo):
        api.create_repo(parcel.repo, private=parcel.private, exist_ok=True)
        before = api.model_info(parcel.repo)
        outdated = _outdated(api, parcel, before)
        commit = api.create_commit(
            parcel.repo,
            [
                *(CommitOperationDelete(name) for name in outdated),
                *(CommitOperationAdd(name, parcel.folder / name) for name in parcel.files),
            ],
            commit_message=f"Upload {parcel.folder.resolve().name}",
            parent_commit=before.sha,  # nobody else's commit is run over
        )
    return Delivery(commit=commit.oid, changed=commit.oid != before.sha, removed=outdated)


def _outdated(api: HfApi, parcel: Parcel, there: ModelInfo) -> list[str]:
    """Return the files of an earlier model that are to go; stop if the repository is meant for other things."""
    if there.private is not None and there.private != parcel.private:
        found, wanted = ("private", "public") if there.private else ("public", "private")
        raise GeoLIDError(
            f"{parcel.repo}: is there already and {found}, and is to be {wanted}; change that at "
            f"{parcel.url}/settings, or take it as it is by --private {str(there.private).lower()}"
        )
    names = {sibling.rfilename for sibling in there.siblings or ()}.difference(_OF_THE_HUB)
    if names - {CARD} and MANIFEST not in names:  # somebody may have begun with the card
        told = ", ".join(sorted(names)[:5]) + (", ..." if len(names) > 5 else "")
        raise GeoLIDError(
            f"{parcel.repo}: is there already, and holds no model of this project, but {told}; name another repository"
        )
    if SUMS not in names:
        return []
    earlier = Path(api.hf_hub_download(parcel.repo, SUMS, revision=there.sha)).parent
    return sorted(names & set(read_sums(earlier)) - set(parcel.files))


def _licence(folder: Path) -> str:
    """Return what the card's head says of the licence, as the Hub will show it."""
    parts = (folder / CARD).read_text(encoding="utf-8").split("---\n", 2)
    head = yaml.safe_load(parts[1]) if len(parts) == 3 and not parts[0] else None
    if not isinstance(head, dict) or not head.get("license"):
        raise GeoLIDError(f"{folder / CARD}: expected a head between two lines '---' with a key license; pack it again")
    return str(head["license"])
