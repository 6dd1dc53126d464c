"""Which of a model's languages it is to choose from."""

from collections.abc import Sequence

from geolid.data import languages as registry
from geolid.errors import GeoLIDError


def choose_candidates(languages: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return the languages to choose from, sorted: the wanted ones, or all without any."""
    unknown = [language for language in dict.fromkeys(wanted) if language not in languages]
    if unknown:
        raise GeoLIDError(
            f"the model knows {len(languages)} languages, and not "
            + "; ".join(f"'{language}' ({_told(language, languages)})" for language in unknown)
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
