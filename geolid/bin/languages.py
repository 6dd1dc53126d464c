"""Explain what a code, a label or a name of a language means; without any, list the languages."""

import sys
from collections.abc import Iterable, Iterator, Sequence

from geolid.bin.command import ArgumentParser, run
from geolid.data import labels, languages, matching
from geolid.data.languages import Language, UnknownLanguageError
from geolid.geo.atlas import lineages, place_of
from geolid.geo.places import Place

_NAMED_AT_MOST = 12


def main(argv: Sequence[str] | None = None) -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("label", nargs="*", help="such as eng, en, iw, cmn_hans_cn, 201, or a name")
    parser.add_argument("--corpus", choices=labels.names(), help="what this corpus means; alone: all of its labels")
    parser.add_argument("--corpora", action="store_true", help="list what --corpus takes")
    parser.add_argument("--one_language", action="store_true", help="list what counts as one when scoring is tolerant")
    args = parser.parse_args(argv)

    status = 0
    if args.label:
        for number, label in enumerate(args.label):
            try:
                print("\n".join([""] * bool(number) + list(explain(label, args.corpus))))
            except UnknownLanguageError as error:
                print(error, file=sys.stderr)
                status = 1
        return status
    if args.corpora:
        table = ((name, len(labels.read(name)) or "any", labels.about(name)) for name in labels.names())
    elif args.one_language:
        table = _one_language()
    elif args.corpus:
        entries = labels.read(args.corpus).values()
        table = ((entry.label, *_code_and_name(entry.code), entry.remark) for entry in entries)
    else:
        table = ((of.code, of.part1, of.macrolanguage, of.name) for of in languages.registry().values())
    for row in table:
        print("\t".join(map(str, row)).rstrip())
    return status


def explain(label: str, corpus: str | None = None) -> Iterator[str]:
    """Yield the lines that say what a label means."""
    if corpus in labels.FREE:
        yield f"{languages.resolve(label, corpus)}: a label of {corpus} ({labels.about(corpus)})"
        return
    code = languages.resolve(label, corpus)
    if label != code:
        yield f"{label} stands for {code}{_why(label, corpus)}"
    language = languages.get(code)
    yield f"{code}  {language.name}"
    yield from (f"  {name:<16}{value}" for name, value in _facts(language) if value)
    others = [] if corpus else _meant_elsewhere(label, code)
    if others:
        yield f"  {'elsewhere':<16}{'; '.join(others)}"


def _why(label: str, corpus: str | None) -> str:
    """Say where a label comes from that is no ISO 639-3 code."""
    if corpus:
        entry = labels.find(label, corpus)
        return f" in {corpus}" + (f" ({entry.remark})" if entry and entry.remark else "")
    wanted = label.strip().lower()
    if wanted in languages.retired():
        return f": {languages.retired()[wanted]}"
    if labels.find(wanted, "iso639-1"):
        return ": a code that ISO 639-1 withdrew"
    if labels.find(wanted, "iso639-2b"):
        return ": a bibliographic code of ISO 639-2"
    return ""


def _facts(language: Language) -> Iterator[tuple[str, str]]:
    code = language.code
    yield "kind", language.kind
    yield "ISO 639-1", language.part1
    yield "macrolanguage", _named([language.macrolanguage] if language.macrolanguage else [])
    yield "members", _named([member.code for member in languages.members(code)])
    first = matching.counts_as(code)
    why = matching.reasons().get(first, "")
    same = matching.counted_with(code)
    if same:
        yield "counts with", f"{_named(same)}, as {first}, when scoring is tolerant: {why}"
    elif why:
        yield "counts alone", why
    yield "family", " > ".join(lineages([code])[code])
    yield "place", _position(place_of(code))
    yield "retired codes", ", ".join(old.code for old in languages.retired().values() if code in old.successors)
    yield "called", "; ".join(_calls(code))


def _calls(code: str) -> Iterator[str]:
    """Yield what corpora call a language."""
    for name in labels.names():
        found = [entry.label for entry in labels.read(name).values() if entry.code == code]
        if found:
            yield f"{', '.join(found)} ({name})"


def _meant_elsewhere(label: str, code: str) -> list[str]:
    """Return the corpora in which a label means something else."""
    found = {name: labels.find(label, name) for name in labels.names()}
    return [
        f"{' '.join(_code_and_name(entry.code))} in {name}" + (f" ({entry.remark})" if entry.remark else "")
        for name, entry in found.items()
        if entry is not None and entry.code != code
    ]


def _named(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - _NAMED_AT_MOST} more" if len(codes) > _NAMED_AT_MOST else ""
    return ", ".join(f"{code} ({languages.get(code).name})" for code in codes[:_NAMED_AT_MOST]) + more


def _code_and_name(code: str) -> tuple[str, str]:
    return code, languages.get(code).name


def _position(place: Place | None) -> str:
    if place is None:
        return "none"
    north, east = "N" if place.latitude >= 0 else "S", "E" if place.longitude >= 0 else "W"
    return f"{abs(place.latitude):.1f}° {north}, {abs(place.longitude):.1f}° {east} (lang2vec)"


def _one_language() -> Iterable[tuple[str, str, str]]:
    return ((code, " ".join(matching.counted_with(code)), why) for code, why in matching.reasons().items())


if __name__ == "__main__":
    run(main)
