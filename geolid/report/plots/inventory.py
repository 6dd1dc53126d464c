"""The languages of a picture: names, places, families, and the order and the colours that follow from these."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from geolid.data import languages
from geolid.geo.atlas import lineages, places_of
from geolid.geo.places import Place


@dataclass(frozen=True)
class Group:
    """Families that share a colour; the first group that a language belongs to is its own."""

    name: str
    colour: str
    families: frozenset[str]  # as lang2vec names them


# From west to east, as far as that goes. Colours stay the same in all pictures of all sets; those of groups that meet
# on the map differ most.
GROUPS = [
    Group(name, colour, frozenset(families))
    for name, colour, families in [
        ("Germanic", "#3a6fb7", ["Germanic"]),
        ("Romance", "#d1453b", ["Italic"]),
        ("Balto-Slavic", "#1f9e89", ["Balto-Slavic"]),
        ("other Indo-European", "#7e57c2", ["Celtic", "Graeco-Phrygian", "Armenian"]),
        ("Uralic", "#4fb3d9", ["Uralic"]),
        ("Caucasian", "#5f7a1f", ["Kartvelian", "Abkhaz-Adyge", "Nakh-Daghestanian"]),
        ("Turkic", "#8a5a35", ["Turkic"]),
        ("Afro-Asiatic", "#c09a00", ["Afro-Asiatic"]),
        ("Niger-Congo", "#4c9a2a", ["Atlantic-Congo", "Mande"]),
        ("Indo-Iranian", "#ef7f1a", ["Indo-Iranian"]),
        ("Dravidian", "#b5307e", ["Dravidian"]),
        ("Sino-Tibetan", "#8c1c13", ["Sino-Tibetan"]),
        ("Tai-Kadai", "#4b3fa0", ["Tai-Kadai"]),
        ("Austroasiatic", "#ee7fae", ["Austroasiatic"]),
        ("Austronesian", "#0f6478", ["Austronesian"]),
    ]
]
_INDO_EUROPEAN = GROUPS[3]
OTHERS = Group("other families", "#6d7276", frozenset())
NO_LANGUAGES = Group("labels", "#3a6fb7", frozenset())  # such as speakers


@dataclass(frozen=True)
class DrawnLanguage:
    code: str
    name: str  # short; the code of a language that the registry does not know
    group: Group
    place: Place | None

    @property
    def full_name(self) -> str:
        return self.code if self.name == self.code else f"{self.name} ({self.code})"


Inventory = dict[str, DrawnLanguage]  # by code, in the order of pictures


def inventory(codes: Iterable[str], vector_file: Path | None = None) -> Inventory:
    """Return languages in the order of pictures: kin beside kin, groups and their branches from west to east."""
    lines = lineages(set(codes))
    places = places_of(lines, vector_file)
    drawn = {code: DrawnLanguage(code, short_name(code), _group(line), places[code]) for code, line in lines.items()}
    longitudes = _longitudes_of_branches(lines, drawn)

    def order(code: str) -> tuple:
        branches = [(longitudes[lines[code][: depth + 1]], branch) for depth, branch in enumerate(lines[code])]
        own = (_longitude(drawn[code]), code)
        return ([*GROUPS, OTHERS].index(drawn[code].group), [*branches, own])

    return {code: drawn[code] for code in sorted(drawn, key=order)}


def free_inventory(labels: Iterable[str]) -> Inventory:
    """Return labels that are no languages, in order: they have neither names, families nor places."""
    return {label: DrawnLanguage(label, label, NO_LANGUAGES, None) for label in sorted(labels)}


def groups_of(drawn: Mapping[str, DrawnLanguage]) -> list[Group]:
    """Return the groups that occur, each once, in their order."""
    present = {language.group for language in drawn.values()}
    return [group for group in [*GROUPS, OTHERS, NO_LANGUAGES] if group in present]


def noun(drawn: Inventory) -> str:
    """Return what the captions of a picture call one of these."""
    return "label" if NO_LANGUAGES in groups_of(drawn) else "language"


def short_name(code: str) -> str:
    """Return a language's name without what the registry says in brackets."""
    if code not in languages.registry():
        return code
    return languages.registry()[code].name.partition(" (")[0]


def _group(line: tuple[str, ...]) -> Group:
    for group in GROUPS:
        if group.families & set(line):
            return group
    return _INDO_EUROPEAN if "Indo-European" in line else OTHERS


def _longitudes_of_branches(
    lines: Mapping[str, tuple[str, ...]], drawn: Mapping[str, DrawnLanguage]
) -> dict[tuple[str, ...], float]:
    """Return the mean longitude of the languages below each branch of the families' tree."""
    below = defaultdict(list)
    for code, line in lines.items():
        for depth in range(len(line)):
            below[line[: depth + 1]].append(_longitude(drawn[code]))
    return {branch: sum(values) / len(values) for branch, values in below.items()}


def _longitude(language: DrawnLanguage) -> float:
    return language.place.longitude if language.place else 0.0
