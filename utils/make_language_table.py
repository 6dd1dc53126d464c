#!/usr/bin/env python3
"""Make geolid/data/languages.tsv from the code tables of ISO 639-3's registration authority.

Needed only when the standard changes. The tables (iso-639-3.tab, iso-639-3-macrolanguages.tab) come with the package
python-iso639: pip download --no-deps python-iso639 && unzip -d iso python_iso639-*.whl
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

SPECIAL_SCOPE = "S"  # mis, mul, und, zxx: no languages


def read_tab(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tab_dir", type=Path, help="read: the folder with the .tab files")
    parser.add_argument("table", type=Path, help="written: geolid/data/languages.tsv")
    args = parser.parse_args()

    macrolanguage = {
        row["I_Id"]: row["M_Id"]
        for row in read_tab(args.tab_dir / "iso-639-3-macrolanguages.tab")
        if row["I_Status"] == "A"
    }
    rows = [
        "\t".join((row["Id"], row["Part1"], macrolanguage.get(row["Id"], ""), row["Ref_Name"]))
        for row in read_tab(args.tab_dir / "iso-639-3.tab")
        if row["Scope"] != SPECIAL_SCOPE
    ]
    args.table.write_text("\n".join(sorted(rows)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
