"""The options of commands that open a model, whatever it came from."""

import argparse
import os

from geolid.errors import GeoLIDError

VARIABLE = "GEOLID_MODEL"
KINDS = "a packed model (folder or zip), an experiment's folder, an archive of ESPnet's, or <owner>/<name> on the Hub"


def add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--inference_model", default="valid.accuracy.best.pth", help="which .pth of an experiment's folder"
    )
    parser.add_argument("--labels", help="the languages of a model that does not tell them: voxlingua107, or a file")
    parser.add_argument("--revision", help="the branch, tag or commit of a model on the Hub")
    parser.add_argument(
        "--allow_pickle", action="store_true", help="take a packed model whose weights are no safetensors"
    )


def model_of(named: str | None) -> str:
    """Return the model that was named, or else the one that the environment names."""
    model = named or os.environ.get(VARIABLE)
    if not model:
        raise GeoLIDError(f"no model is named; name {KINDS}, or let it stand in the variable {VARIABLE}")
    return model
