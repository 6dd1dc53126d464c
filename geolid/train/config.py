"""Configs: YAML files whose keys are the options of training.

A config may name another, beside it, that it changes: `based_on: <file>`. What it says itself wins, key by key, also
within `..._conf`; but where it names another part, what the other config says of the old one is gone.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from geolid.errors import GeoLIDError
from geolid.model.parts import PARTS

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")

# Which of the ways to draw batches an option belongs to; `language_upsampling_factor` serves both.
BATCH_TYPE_OF = {
    "upsampling_factor": "catpow",
    "category_upsampling_factor": "catpow_balance_dataset",
    "dataset_upsampling_factor": "catpow_balance_dataset",
}


def read_config(
    path: Path, check: Callable[[Path, dict], dict] = lambda _path, config: config, _above: tuple[Path, ...] = ()
) -> dict[str, Any]:
    """Return a config with what it is based on; `check` gets each file's own keys, and returns them as they count."""
    path = Path(path)
    if path.resolve() in _above:
        raise GeoLIDError(f"{path}: is based on itself; remove a 'based_on'")
    try:
        config = read_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GeoLIDError(f"{path}: there is no such config; conf/ holds those that come with the project") from None
    except IsADirectoryError:
        raise GeoLIDError(f"{path}: a folder; expected a config, such as conf/mini/geolid.yaml") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise GeoLIDError(f"{path}: no YAML: {error}") from None
    if not isinstance(config, dict):
        raise GeoLIDError(f"{path}: expected 'key: value' lines, as in conf/mini/geolid.yaml")
    base = config.pop("based_on", None)
    if base is not None and not isinstance(base, str):
        raise GeoLIDError(f"{path}: based_on: found {base!r}, expected the name of a config beside this one")
    config = check(path, config)
    return override(read_config(path.parent / base, check, (*_above, path.resolve())), config) if base else config


def read_yaml(text: str) -> Any:
    """Read plain YAML, in which no key comes twice; 1e-5, for YAML 1.1 a word, is the number it is meant to be."""
    return _numbers(yaml.load(text, _Loader))  # noqa: S506  a SafeLoader


def override(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of `base` with those of `change` over them."""
    kept = {key: value for key, value in base.items() if not _is_over(key, base, change)}
    return _merge(kept, change)


def _is_over(key: str, base: Mapping[str, Any], change: Mapping[str, Any]) -> bool:
    """Say whether an option of `base` is about something in whose place `change` puts another."""
    if key in BATCH_TYPE_OF:
        return change.get("batch_type", BATCH_TYPE_OF[key]) != BATCH_TYPE_OF[key]
    part = key.removesuffix("_conf")
    if part == key or part not in change:
        return False
    choices, default = (PARTS[part].choices, PARTS[part].default) if part in PARTS else ({}, None)
    old, new = base.get(part, default), change[part]
    return choices.get(old, old) != choices.get(new, new)


def _merge(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in change.items():
        inner = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = _merge(both[key], value) if inner else value
    return both


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key.value, str):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} stands there twice; remove one", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value
