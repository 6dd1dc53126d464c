"""What the value of an option has to be, whether it comes as text from the command line or as YAML from a config."""

import argparse
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import yaml

from geolid.train.config import read_yaml

_NONE = ("none", "null", "nil", "")  # ESPnet's words for no value


class Kind:
    """A kind of value: what is expected, said for people, and a function that returns a value as it counts.

    The function raises ValueError at a value of another kind. `optional`: null is a value, too.
    """

    def __init__(self, expected: str, take: Callable[[Any], Any], optional: bool = False, verbatim: bool = False):
        self.expected = f"{expected}, or null" if optional else expected
        self._take = take
        self._optional = optional
        self._verbatim = verbatim  # text is not read as YAML

    def __call__(self, text: str) -> Any:
        """Read a word of the command line, as argparse wants it."""
        if self._optional and text.lower() in _NONE:
            return None
        if self._verbatim:
            return self.check(text)
        try:
            value = read_yaml(text)
        except yaml.YAMLError:
            value = text
        return self.check(value)

    def check(self, value: Any) -> Any:
        if value is None and self._optional:
            return None
        try:
            return self._take(value)
        except (TypeError, ValueError, AttributeError):
            raise argparse.ArgumentTypeError(f"found {value!r}, expected {self.expected}") from None


def flag() -> Kind:
    def take(value: Any) -> bool:
        if not isinstance(value, bool) and not (type(value) is int and value in (0, 1)):
            raise ValueError
        return bool(value)

    return Kind("true or false", take)


def whole(least: int, optional: bool = False) -> Kind:
    def take(value: Any) -> int:
        return int(_bounded(value, value == int(value) and value >= least))

    return Kind(f"a whole number from {least}", take, optional)


def number(low: float = -math.inf, high: float = math.inf, above: bool = False, optional: bool = False) -> Kind:
    """A number from `low` to `high`; with `above` not `low` itself."""

    def take(value: Any) -> float:
        return _bounded(value, low <= value <= high and not (above and value == low))

    bounds = f" above {low:g}" if above else f" from {low:g}" if low > -math.inf else ""
    return Kind(f"a number{bounds}{f' to {high:g}' if high < math.inf else ''}", take, optional)


def _bounded(value: Any, fits: bool) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not fits:
        raise ValueError
    return value


def text(what: str = "a word", optional: bool = False) -> Kind:
    def take(value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise ValueError
        return value

    return Kind(what, take, optional, verbatim=True)


def one_of(words: Iterable[str], optional: bool = False) -> Kind:
    """One of some words in small letters; capitals are read as such."""
    words = tuple(words)

    def take(value: Any) -> str:
        if value.lower() not in words:
            raise ValueError
        return value.lower()

    return Kind(f"one of {', '.join(words)}", take, optional, verbatim=True)


def words(names: Sequence[str], separator: str = ",") -> Kind:
    """Several words in one value: `<path>,<name>,<type>`, or a list of as many in a config."""

    def take(value: Any) -> list[str]:
        parts = value.rsplit(separator, len(names) - 1) if isinstance(value, str) else list(value)
        if len(parts) != len(names) or not all(isinstance(part, str) and part.strip() for part in parts):
            raise ValueError
        return [part.strip() for part in parts]

    return Kind(separator.join(f"<{name}>" for name in names), take, verbatim=True)


class Nested(argparse.Action):
    """Options of a part: `--optim_conf lr=0.1`, `--frontend_conf a.b=3` or `--model_conf '{a: 1, b: 2}'`, often."""

    def __call__(self, parser, namespace, values, option_string=None):
        conf = dict(getattr(namespace, self.dest, None) or {})
        key, equals, value = values.partition("=")
        if equals and not values.lstrip().startswith("{"):
            inner = conf
            *above, last = key.split(".")
            for name in above:
                inner[name] = dict(inner[name]) if isinstance(inner.get(name), dict) else {}
                inner = inner[name]
            inner[last] = self._read(value)
        else:
            conf.update(self.check(self._read(values)))
        setattr(namespace, self.dest, conf)

    def check(self, value: Any) -> dict[str, Any]:
        """Return what a config says; nothing at all is no options."""
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise argparse.ArgumentError(self, f"found {value!r}, expected 'key: value' pairs")
        return value

    def _read(self, value: str) -> Any:
        try:
            return read_yaml(value)
        except yaml.YAMLError as error:
            raise argparse.ArgumentError(self, f"found {value!r}, which is no YAML: {error}") from None


class Once(argparse.Action):
    """An option that is given once at most."""

    def __call__(self, parser, namespace, values, option_string=None):
        if hasattr(namespace, self.dest):
            raise argparse.ArgumentError(self, "is given twice; leave one out")
        setattr(namespace, self.dest, values)
