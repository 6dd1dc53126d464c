"""The files of a repository of the Hugging Face Hub: where each is, how large, and the sum of those that are large."""

import json
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from geolid.data.download import read_text
from geolid.errors import GeoLIDError


@dataclass(frozen=True)
class HubFile:
    url: str
    bytes: int
    sha256: str | None


def hub_files(repository: str, folder: str = "") -> dict[str, HubFile]:
    """Return the files below a folder by their paths; `repository` is an address like https://host/datasets/a/b."""
    repository = repository.rstrip("/")
    address = urlsplit(repository)
    path = "/".join(part for part in (f"/api{address.path}/tree/main", folder) if part)
    listing = urlunsplit(address._replace(path=path, query="recursive=true"))
    try:
        entries = [entry for entry in json.loads(read_text(listing)) if entry["type"] == "file"]
        return {
            entry["path"]: HubFile(
                f"{repository}/resolve/main/{quote(entry['path'])}",
                int(entry["size"]),
                (entry.get("lfs") or {}).get("oid"),
            )
            for entry in entries
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        raise GeoLIDError(
            f"{listing}: expected the list of a repository's files, as the Hugging Face Hub gives it; is another "
            "address wanted by --url?"
        ) from None
