"""What a SpeechBrain hyperparameter file says, without running it.

Such a file is a program: its tags import modules, make objects and call functions. Here they are names with plain
values; only references from one value to another are followed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from geolid.errors import GeoLIDError

_DEEPEST = 20  # references that lead to references


@dataclass(frozen=True)
class Made:
    """An object that the file asks for: `!new:package.module.Class`, or a class or function that it names."""

    kind: str  # new, apply or name: the last is the class or function itself
    path: str
    options: Any  # most often a mapping

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    def is_any_of(self, *names: str) -> bool:
        """Say whether the path ends with one of these, as `Linear` or `Xvector.Classifier`."""
        return any(f".{self.path}".endswith(f".{name}") for name in names)

    def option(self, key: str, otherwise: Any) -> Any:
        return self.options.get(key, otherwise) if isinstance(self.options, Mapping) else otherwise


@dataclass(frozen=True)
class _Reference:
    text: str


class _Loader(yaml.SafeLoader):
    """A SafeLoader to which no tag is unknown."""


def _tagged(loader: _Loader, tag: str, node: yaml.Node) -> Any:
    kind, _, path = tag.partition(":")
    if isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_scalar(node)
    return _Reference(value) if kind in ("ref", "copy") and isinstance(value, str) else Made(kind, path, value)


_Loader.add_multi_constructor("!", _tagged)


class Hyperparameters:
    """A file's values by their names, with what they refer to in its place."""

    def __init__(self, file: Path):
        try:
            values = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506  a SafeLoader
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise GeoLIDError(f"{file}: no YAML: {error}") from None
        if not isinstance(values, dict):
            raise GeoLIDError(f"{file}: expected 'key: value' lines, as SpeechBrain's hyperparameters are")
        self.file = file
        self._values = values

    def get(self, key: str, otherwise: Any = None) -> Any:
        return self._followed(self._values.get(key, otherwise))

    def made(self, *names: str) -> list[Made]:
        """Return the objects of some classes, each once, however deep they stand."""
        found: list[Made] = []
        for one in _below(self._values):
            if one.is_any_of(*names) and not any(one is other for other in found):
                found.append(one)
        return [replace(one, options=self._followed(one.options)) for one in found]

    def reached(self, value: Any, depth: int = 0) -> Iterator[Made]:
        """Yield the objects in a value and in what it refers to, however deep; what is only named is none."""
        if depth > _DEEPEST:
            raise GeoLIDError(f"{self.file}: references lead in a circle")
        value = self._followed(value)
        if isinstance(value, Made) and value.kind != "name":
            yield value
        for inner in _inside(value):
            yield from self.reached(inner, depth + 1)

    def _followed(self, value: Any, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            raise GeoLIDError(f"{self.file}: references lead in a circle")
        if isinstance(value, _Reference):
            alone = re.fullmatch(r"\s*<(\w+)>\s*", value.text)
            if alone:
                return self._followed(self._values.get(alone[1]), depth + 1)
            return re.sub(
                r"<(\w+)>", lambda found: str(self._followed(_Reference(found[0]), depth + 1)), value.text
            ).strip()
        if isinstance(value, Mapping):
            return {key: self._followed(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._followed(inner, depth + 1) for inner in value]
        return value


def _below(value: Any) -> Iterator[Made]:
    if isinstance(value, Made):
        yield value
    for inner in _inside(value):
        yield from _below(inner)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, Made):
        value = value.options
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []
