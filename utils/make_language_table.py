#!/usr/bin/env python3
"""Make the tables of geolid/data/ that follow from standards and from other packages.

Needed only when a standard changes. Sources:

  languages.tsv                 ISO 639-3's code tables, by its registration authority, SIL International
  retired.tsv                   the codes that it has retired, and what it put in their place
  label_tables/iso639-2b.tsv    the 20 bibliographic codes of ISO 639-2, from the same tables
  label_tables/iso639-1.tsv     two-letter codes that were withdrawn, from the aliases of CLDR, as Babel brings them
  label_tables/whisper.tsv      Whisper's codes and names, from transformers

The code tables (iso-639-3.tab and its fellows) come with the package python-iso639:
pip download --no-deps python-iso639 && unzip -d iso python_iso639-*.whl

The other label tables are kept by hand; each says where it comes from.
"""

import argparse
import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.core import get_global
from transformers.models.whisper.tokenization_whisper import LANGUAGES, TO_LANGUAGE_CODE

SPECIAL_SCOPE = "S"  # mis, mul, und, zxx: no languages
KINDS = {"L": "", "E": "extinct", "H": "historical", "C": "constructed"}
REASONS = {
    "C": "changed",
    "D": "the same as another",
    "M": "merged into another",
    "N": "there is no such language",
    "S": "split",
}
# Whisper's Chinese is Mandarin: `mandarin` is another name for it, and Cantonese has a code of its own.
WHISPER = {"zh": "cmn"}


def read_tab(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_labels(path: Path, about: str, rows: Iterable[tuple[str, ...]]) -> None:
    """Write a table of labels; of those with the same code the first is what the list itself says."""
    write(path, [f"# {about}", "label\tcode\tremark", *("\t".join([*row, ""][:3]) for row in rows)])


def languages(codes: list[dict[str, str]], macrolanguages: list[dict[str, str]]) -> list[str]:
    macrolanguage = {row["I_Id"]: row["M_Id"] for row in macrolanguages if row["I_Status"] == "A"}
    return sorted(
        "\t".join(
            (row["Id"], row["Part1"], macrolanguage.get(row["Id"], ""), row["Ref_Name"], KINDS[row["Language_Type"]])
        )
        for row in codes
        if row["Scope"] != SPECIAL_SCOPE
    )


def retired(retirements: list[dict[str, str]], active: set[str]) -> Iterator[str]:
    """Yield code, codes in its place, reason, date, name; a code in its place that was retired too is followed."""
    named = {}
    for row in retirements:
        change_to = row["Change_To"].split() or re.findall(r"\[([a-z]{3})\]", row["Ret_Remedy"])
        named[row["Id"]] = list(dict.fromkeys(change_to))

    def in_place_of(code: str, seen: tuple[str, ...] = ()) -> list[str]:
        if code in active:
            return [code]
        return [last for new in named.get(code, ()) if new not in seen for last in in_place_of(new, (*seen, code))]

    for row in sorted(retirements, key=lambda row: row["Id"]):
        code = row["Id"]
        if code in active:  # one code was retired and taken up again
            continue
        successors = " ".join(dict.fromkeys(in_place_of(code)))
        yield "\t".join((code, successors, REASONS[row["Ret_Reason"]], row["Effective"], row["Ref_Name"]))


def bibliographic(codes: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    return ((row["Part2b"], row["Id"]) for row in codes if row["Part2b"] not in ("", row["Id"]))


def withdrawn(by_part1: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the two-letter codes that CLDR replaces by another and that ISO 639-1 no longer has."""
    for old, new in sorted(get_global("language_aliases").items()):
        if len(old) == 2 and old not in by_part1 and new in by_part1:
            yield old, by_part1[new]


def whisper(by_part1: dict[str, str], active: set[str]) -> Iterator[tuple[str, str, str]]:
    old = dict(withdrawn(by_part1))
    iso = {code: WHISPER.get(code) or by_part1.get(code) or old.get(code) or code for code in LANGUAGES}
    assert set(iso.values()) <= active, set(iso.values()) - active
    yield from ((code, iso[code], "") for code in LANGUAGES)
    yield from ((name, iso[code], "name") for name, code in TO_LANGUAGE_CODE.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tab_dir", type=Path, help="read: the folder with the .tab files")
    parser.add_argument("data_dir", type=Path, help="written: the tables below it; geolid/data")
    args = parser.parse_args()

    codes = read_tab(args.tab_dir, "iso-639-3.tab")
    active = {row["Id"] for row in codes if row["Scope"] != SPECIAL_SCOPE}
    by_part1 = {row["Part1"]: row["Id"] for row in codes if row["Part1"]}
    labels = args.data_dir / "label_tables"
    write(args.data_dir / "languages.tsv", languages(codes, read_tab(args.tab_dir, "iso-639-3-macrolanguages.tab")))
    write(args.data_dir / "retired.tsv", retired(read_tab(args.tab_dir, "iso-639-3_Retirements.tab"), active))
    write_labels(
        labels / "iso639-2b.tsv", "bibliographic codes of ISO 639-2; made from ISO 639-3's tables", bibliographic(codes)
    )
    write_labels(
        labels / "iso639-1.tsv",
        "two-letter codes that ISO 639-1 withdrew; made from CLDR's aliases",
        withdrawn(by_part1),
    )
    write_labels(
        labels / "whisper.tsv",
        "Whisper's codes and names; made from transformers' tokenizer",
        whisper(by_part1, active),
    )


if __name__ == "__main__":
    main()
