"""Which of a model's languages it is to choose from."""

import difflib
from collections.abc import Sequence

from geolid.data import languages as registry
from geolid.errors import GeoLIDError


def choose_candidates(languages: Sequence[str], wanted: Sequence[str], free_labels: bool = False) -> list[str]:
    """Return the languages to choose from, sorted: the wanted ones, or all without any.

    With `free_labels` the languages are others, such as speakers.
    """
    unknown = [language for language in dict.fromkeys(wanted) if language not in languages]
    if unknown:
        kind, told = ("labels", _told_of_label) if free_labels else ("languages", _told)
        raise GeoLIDError(
            f"the model knows {len(languages)} {kind}, and not "
            + "; ".join(f"'{language}' ({told(language, languages)})" for language in unknown)
        )
    if len(set(wanted)) == 1:
        raise GeoLIDError(f"'{wanted[0]}' is the only candidate; name two or more, or none to choose from all")
    return sorted(set(wanted) or languages)


def _told(code: str, languages: Sequence[str]) -> str:
    """Say what a code is that a model does not know, or which of its languages may be meant."""
    if code in registry.registry():
        return registry.registry()[code].name
    near = [language.code for language in registry.nearest(code, 30) if language.code in languages][:3]
    return f"do you mean {' or '.join(near)}?" if near else "no ISO 639-3 code"


def _told_of_label(label: str, labels: Sequence[str]) -> str:
    near = difflib.get_close_matches(label, labels, 3)
    return f"do you mean {' or '.join(near)}?" if near else f"it has {', '.join(labels[:3])}, ..."
