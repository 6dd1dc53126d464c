"""Which .pth of an experiment is meant."""

from pathlib import Path

from geolid.errors import GeoLIDError

_NOT_MODELS = ("checkpoint.pth",)  # to go on training from


def find_model_file(exp_dir: Path, model: str) -> Path:
    """Return the file that a name in an experiment's folder, or a path, stands for."""
    exp_dir = Path(exp_dir)
    for file in (exp_dir / model, Path(model)):
        if file.is_file() and file.suffix == ".pth" and file.name not in _NOT_MODELS:
            return file
    there = sorted(file.name for file in exp_dir.glob("*.pth") if file.name not in _NOT_MODELS)
    if not exp_dir.is_dir():
        remedy = "there is no such experiment; train it (stage 5), or name another (--lid_exp, --lid_tag)"
    elif there:
        remedy = f"there are {', '.join(there)}; name one of them, or the path of a .pth, by --inference_model"
    else:
        remedy = "it has no model yet; let training (stage 5) finish its first epoch"
    raise GeoLIDError(f"{exp_dir}: has no model file '{model}'; {remedy}")
