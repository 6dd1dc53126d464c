"""Where a model is: on this machine under a path, or on the Hub under an id."""

import os
import re
from pathlib import Path

from geolid.errors import GeoLIDError

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_OF_A_MODEL = {".json", ".npz", ".pth", ".safetensors", ".tsv", ".yaml"}


def locate(source: str | os.PathLike, revision: str | None = None) -> Path:
    """Return the folder or file that holds a model; what is not here is fetched from the Hub if it may be there."""
    path = Path(source)
    if path.exists():
        if revision is not None:
            raise GeoLIDError(f"{source}: is here, and has no revision '{revision}'; those are of models on the Hub")
        return path
    if isinstance(source, str) and _HUB_ID.fullmatch(source):
        from geolid.identify.hub import fetch_model  # takes half a second

        try:
            return fetch_model(source, revision)
        except GeoLIDError as error:
            raise GeoLIDError(f"{source}: is no path here, so it was looked for on the Hub. {error}") from None
    raise GeoLIDError(
        f"{source}: there is no such model; expected a packed model (a folder or a zip), an experiment's folder, an "
        "archive of ESPnet's, or <owner>/<name> of a model on the Hub"
    )


def fingerprint(path: Path, inference_model: str) -> list[list]:
    """Return what tells a model from others, and from itself after it has changed, without reading all of it."""
    if path.suffix == ".pth":  # of an experiment
        path, inference_model = path.parent, path.name
    if path.is_dir():
        files = [file for file in path.iterdir() if file.suffix in _OF_A_MODEL]
        chosen = Path(inference_model).name
        if any(file.name == chosen for file in files):  # an experiment holds others, and training writes more
            files = [file for file in files if file.suffix != ".pth" or file.name == chosen]
    else:
        files = [path]
    states = [(file.resolve(), file.stat()) for file in sorted(files) if file.is_file()]
    return [[str(file), state.st_size, state.st_mtime_ns] for file, state in states]
