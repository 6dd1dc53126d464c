"""Configs: YAML files whose keys are the options of training.

A config may name another, beside it, that it changes: `based_on: <file>`. What it says itself wins, key by key, also
within `..._conf`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from geolid.errors import GeoLIDError

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")


def read_config(path: Path, _above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Return a config with what it is based on."""
    path = Path(path)
    if path.resolve() in _above:
        raise GeoLIDError(f"{path}: is based on itself; remove a 'based_on'")
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GeoLIDError(f"{path}: there is no such config; conf/ holds those that come with the project") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise GeoLIDError(f"{path}: no YAML: {error}") from None
    if not isinstance(config, dict):
        raise GeoLIDError(f"{path}: expected 'key: value' lines, as in conf/mini/geolid.yaml")
    config = _numbers(config)
    base = config.pop("based_on", None)
    return merge(read_config(path.parent / base, (*_above, path.resolve())), config) if base else config


def merge(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `change` over it, dictionary by dictionary."""
    both = dict(base)
    for key, value in change.items():
        inner = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = merge(both[key], value) if inner else value
    return both


def _numbers(value: Any) -> Any:
    """Read 1e-5 as the number it is meant to be; YAML 1.1 takes it for a word unless it is written 1.0e-5."""
    if isinstance(value, dict):
        return {key: _numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value
