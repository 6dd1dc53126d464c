"""Under which licence a model may be given away: that of the weights which it builds on binds it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geolid.errors import GeoLIDError
from geolid.model.ssl.architectures import ARCHITECTURES

OWN = "apache-2.0"  # of a model that builds on no other's weights, unless told otherwise
OTHER = "other"  # the Hub's word for what its list does not have
_NON_COMMERCIAL = "cc-by-nc-4.0"
_LINKS = {
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "cc-by-nc-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "mit": "https://opensource.org/license/mit",
}
# By the name on the Hub, from its beginning; a folder is known by the last part.
_OF_WEIGHTS = {
    "facebook/mms-": _NON_COMMERCIAL,
    "facebook/wav2vec2-": "apache-2.0",
    "facebook/hubert-": "apache-2.0",
    "facebook/w2v-bert-2.0": "mit",
}
_OF_CORPORA = {
    "babel": "licences of the LDC, one for each language pack",
    "fleurs": "CC BY 4.0",
    "mini": "synthesised by espeak-ng (GPL-3.0) from words of CLDR (Unicode licence)",
    "ml_superb2": "that of each of its 15 corpora",
    "voxlingua107": "CC BY-NC 4.0 as its maintainers say on the Hub; the recordings are their makers'",
    "voxpopuli": "CC0, and the European Parliament's legal notice",
}


@dataclass(frozen=True)
class Base:
    """Weights that a model was trained from."""

    name: str  # an id on the Hub, or what else it is known by
    licence: str | None  # None: not known here
    is_on_hub: bool


@dataclass(frozen=True)
class Licence:
    """A licence as the Hub writes it, and the reason."""

    name: str
    bases: Sequence[Base]

    @property
    def is_non_commercial(self) -> bool:
        return "-nc" in self.name

    @property
    def warning(self) -> str | None:
        """What nobody may overlook; None where there is nothing of that kind."""
        if self.is_non_commercial:
            bound = [base.name for base in self.bases if base.licence and "-nc" in base.licence]
            why = f", as it builds on {', '.join(bound)}" if bound else ""
            return f"NOT FOR COMMERCIAL USE: this model is under {self.name.upper()}{why}"
        unknown = [base.name for base in self.bases if base.licence is None]
        if unknown:
            return f"LICENCE TO BE LOOKED UP: this model builds on {', '.join(unknown)}, whose terms bind it"
        return None


def builds_on(config: Mapping[str, Any]) -> list[Base]:
    """Return the weights that a config's training began with."""
    frontend_conf = config.get("frontend_conf") or {}
    inner = frontend_conf.get("frontend_conf") or {}
    source = inner.get("path_or_url") or frontend_conf.get("path_or_url") or inner.get("upstream")
    bases = [_base(str(source))] if source else []
    for source in config.get("initial_weights") or ():  # <file>:<from>:..., of which nobody has written down the terms
        bases.append(Base(str(source).partition(":")[0].rpartition("/")[2], None, is_on_hub=False))
    return bases


def _base(source: str) -> Base:
    last = source.rstrip("/").rpartition("/")[2]
    if f"facebook/{last}" in ARCHITECTURES:  # also as a folder
        source = f"facebook/{last}"
    on_hub = re.fullmatch(r"[\w-]+/[\w.-]+", source) is not None
    for name, licence in _OF_WEIGHTS.items():
        if source.startswith(name) if on_hub else last.startswith(name.partition("/")[2]):
            return Base(source if on_hub else last, licence, on_hub)
    return Base(source if on_hub else last, None, on_hub)


def choose_licence(config: Mapping[str, Any], wanted: str | None = None) -> Licence:
    """Return the licence of a model: the one that is wanted, if what it builds on allows that."""
    bases = builds_on(config)
    if wanted is not None and not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", wanted):
        raise GeoLIDError(f"licence: found '{wanted}', expected a word as the Hub has it, such as apache-2.0 or mit")
    bound = [base for base in bases if base.licence == _NON_COMMERCIAL]
    if wanted is not None and bound and "-nc" not in wanted:
        raise GeoLIDError(
            f"licence: '{wanted}' lets people use the model commercially, and {bound[0].name}, which it builds on, is "
            f"under {_NON_COMMERCIAL.upper()}; take {_NON_COMMERCIAL}, or train from other weights"
        )
    if wanted is not None:
        return Licence(wanted, bases)
    if bound:
        return Licence(_NON_COMMERCIAL, bases)
    return Licence(OTHER if any(base.licence is None for base in bases) else OWN, bases)


def licences_text(name: str, licence: Licence, corpora: Sequence[str]) -> str:
    """Return LICENSES.md."""
    lines = ["# Licences", ""]
    if licence.warning:
        lines += [f"**{licence.warning}.**", ""]
    lines += [f"The weights of `{name}`: {_linked(licence.name)}.", ""]
    if licence.bases:
        lines += ["They were trained from these weights, whose licences go with them:", ""]
        lines += ["| weights | licence |", "|---|---|"]
        lines += [f"| {_hub_link(base)} | {_linked(base.licence)} |" for base in licence.bases]
    else:
        lines.append("They were trained from random numbers; no others' weights are in them.")
    lines += ["", "The speech that they learnt from is not in them. It is under terms of its own:", ""]
    lines += ["| corpus | terms |", "|---|---|"]
    lines += [f"| {corpus} | {_terms(corpus)} |" for corpus in corpora] or ["| not recorded | ask who trained it |"]
    lines += ["", "What is said here is no legal advice: look at the sources before you build on it."]
    return "\n".join(lines) + "\n"


def _terms(corpus: str) -> str:
    known = [terms for name, terms in _OF_CORPORA.items() if corpus == name or corpus.startswith(f"{name}_")]
    return known[0] if known else "see where it came from"


def _linked(licence: str | None) -> str:
    if licence is None:
        return "not known here; look it up"
    if licence == OTHER:
        return "not settled; the table below tells what binds them"
    return f"[{licence.upper()}]({_LINKS[licence]})" if licence in _LINKS else licence.upper()


def _hub_link(base: Base) -> str:
    return f"[{base.name}](https://huggingface.co/{base.name})" if base.is_on_hub else base.name
