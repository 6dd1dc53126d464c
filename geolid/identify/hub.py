"""Models of the Hugging Face Hub: what of a repository is needed goes into the Hub's cache, once."""

import glob
import logging
from collections.abc import Sequence
from pathlib import Path

import yaml
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

from geolid.errors import GeoLIDError
from geolid.model.experiment import CONFIG
from geolid.model.hub import check_repository, find_token, hub_errors_told
from geolid.model.package import (
    CALIBRATION,
    LANGUAGES,
    LICENCES,
    MANIFEST,
    SCORES,
    SUMS,
    TRAINING,
    VECTORS,
    WEIGHTS,
)

LOG = logging.getLogger(__name__)

_SECONDS_TO_ANSWER = 10.0  # behind a wall that swallows everything, what is in the cache is wanted all the same
_NEEDED = (  # of a package: not the pictures and the card
    MANIFEST,
    WEIGHTS,
    CONFIG,
    LANGUAGES,
    VECTORS,
    CALIBRATION,
    TRAINING,
    f"{SCORES}/*.json",
    LICENCES,
    SUMS,
)
_INSTEAD_OF_WEIGHTS = "*.pth"  # whoever opens it says what is wrong with that
_ESPNET = "meta.yaml"  # names the files of a model that ESPnet packed


def fetch_model(repo: str, revision: str | None = None, local_files_only: bool = False) -> Path:
    """Return the folder in the Hub's cache that holds a model's files, fetched where they are not there yet.

    `repo` is <owner>/<name>, of a model that stage 10 uploaded or of one of ESPnet's; `revision` a branch, tag or
    commit. Private repositories open by the token in HF_TOKEN or of 'hf auth login'. If the Hub cannot be asked, what
    is in the cache is taken.
    """
    check_repository(repo)
    with hub_errors_told(repo):
        find_token()
        if local_files_only:
            return _from_cache(repo, revision)
        try:
            return _from_hub(repo, revision)
        except (HTTPError, OfflineModeIsEnabled) as error:
            try:
                folder = _from_cache(repo, revision)
            except LocalEntryNotFoundError:
                raise error if isinstance(error, HTTPError) else LocalEntryNotFoundError(repo) from None
            LOG.warning("%s: the Hub does not give it (%s); taking what is in the cache", repo, type(error).__name__)
            return folder


def _from_hub(repo: str, revision: str | None) -> Path:
    info = HfApi().model_info(repo, revision=revision, timeout=_SECONDS_TO_ANSWER)
    names = [sibling.rfilename for sibling in info.siblings or ()]
    _refuse_other_kinds(repo, names)
    if MANIFEST in names:
        return _fetch(repo, revision, _NEEDED if WEIGHTS in names else (*_NEEDED, _INSTEAD_OF_WEIGHTS))
    folder = _fetch(repo, revision, (_ESPNET,))
    return _fetch(repo, folder.name, _needed_of_espnet(repo, folder, names))


def _from_cache(repo: str, revision: str | None) -> Path:
    folder = _fetch(repo, revision, (), local_files_only=True)
    if (folder / MANIFEST).exists():
        needed = _NEEDED
    elif (folder / _ESPNET).exists():
        needed = _needed_of_espnet(repo, folder)
    else:
        raise LocalEntryNotFoundError(repo)
    return _fetch(repo, folder.name, needed, local_files_only=True)  # tells if there is less than there should be


def _fetch(repo: str, revision: str | None, needed: Sequence[str], local_files_only: bool = False) -> Path:
    found = snapshot_download(
        repo, revision=revision, allow_patterns=list(needed), local_files_only=local_files_only, library_name="geolid"
    )
    return Path(found)


def _refuse_other_kinds(repo: str, names: Sequence[str]) -> None:
    if MANIFEST in names or _ESPNET in names:
        return
    there = ", ".join(sorted(names)[:5]) + (", ..." if len(names) > 5 else "") if names else "nothing"
    raise GeoLIDError(
        f"{repo}: is on the Hub, but no language identifier of this project: it holds {there}; expected {MANIFEST}, as "
        f"stage 10 uploads it, or {_ESPNET}, as ESPnet does"
    )


def _needed_of_espnet(repo: str, folder: Path, names: Sequence[str] | None = None) -> list[str]:
    """Return the files that a meta.yaml names, and itself; they are among `names`, where these are known."""
    try:
        meta = yaml.safe_load((folder / _ESPNET).read_text(encoding="utf-8"))
        told = [str(name) for key in ("files", "yaml_files") for name in (meta.get(key) or {}).values()]
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError):
        told = []
    missing = [name for name in told if names is not None and name not in names]
    if not told or missing:
        found = f"names {', '.join(missing)}, which is not there" if missing else "names no files"
        raise GeoLIDError(f"{repo}: its {_ESPNET} {found}; expected a model as ESPnet packs it")
    return [_ESPNET, *map(glob.escape, told)]
