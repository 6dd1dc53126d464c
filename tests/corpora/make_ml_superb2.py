"""Make a miniature of ML-SUPERB 2.0, in both of its forms; what is heard is synthesised speech.

    python tests/corpora/make_ml_superb2.py <folder> [--tree true]

The pre-formatted set has the labels that are no codes or left out (` azj ` with blanks, `org_jpn`, `nob` ...), audio in
wav and flac, two parquet files for training with several row groups each, and Tamil, Telugu and Gujarati that are said
to be Hindi. The original tree has all sources, and a transcript's line without text.
"""

import argparse
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow
import pyarrow.parquet
import soundfile

from geolid.data.corpora.ml_superb2.tree import SOURCES
from speech import speech

RATE = 16000
ROWS_IN_GROUP = 3
# id and label; an utterance's place in these lists tells how long it is and how its audio is kept
ROWS = {
    "train": [
        ("cv_lit_000026", "lit"),
        ("fleurs_ory_000001", "ory"),
        ("fleurs_lga_000002", "lga"),
        ("cv_org_jpn_000003", "org_jpn"),
        ("fleurs_azj_000004", " azj "),
        ("fleurs_arb_000005", "arb"),
        ("NST_nob_000006", "nob"),
        ("fleurs_nno_000007", " nno"),
        ("cv_tok_000008", "tok"),
        ("mls_eng_000009", "eng"),
        ("voxpopuli_eng_000010", "eng"),
        ("cv_eng_000011", "eng"),
        ("fleurs_hin_000012", "hin"),
    ],
    "dev": [
        ("fleurs_ori_000101", "ori"),
        ("mls_eng_000102", "eng"),
        ("NST_nor_000103", "nor"),
        ("cv_tok_000104", "tok"),
    ],
    "dev_dialect": [
        ("ms_speech_tam_000001", "hin"),
        ("ms_speech_tel_000002", "hin"),
        ("ms_speech_guj_000003", "hin"),
        ("accents_eng_000004", "eng"),
    ],
}  # fmt: skip
FILES = {"train": 2, "dev": 1, "dev_dialect": 1}
# The original tree: languages of each source; where nothing is said, English.
LANGUAGES = {"NST": ["nob", "swe"], "commonvoice": ["org_jpn", "eng"], "fleurs": ["ory", "eng"], "mls": ["eng", "deu"]}
TRANSCRIPTS = {"1h_train": (1, 2, 3), "10min_train": (1,), "10min_dev": (4,), "10min_test": (5,)}


def seconds_of(number: int) -> float:
    return 1 + number % 4 / 8


def text_of(utt: str) -> str:
    return f"Wort [sic] {utt[-3:]} नमस्ते"


def sound(name: str, number: int, container: str = "WAV") -> bytes:
    """Return an audio file; no two names sound the same."""
    signal = speech(seconds_of(number), RATE, f"{name}/{number}")
    file = io.BytesIO()
    soundfile.write(file, signal, RATE, format=container, subtype="PCM_16")
    return file.getvalue()


def rows_of(split: str) -> list[dict]:
    """Return the rows of a split, as the set has them."""
    return [
        {
            "id": utt,
            "language": label,
            "audio": {"bytes": sound(utt, number, "FLAC" if number % 2 else "WAV"), "path": f"{utt}.wav"},
            "text": f"[{label}] {text_of(utt)}",
        }
        for number, (utt, label) in enumerate(ROWS[split])
    ]


def write_parquet(file: Path, rows: Sequence[Mapping]) -> None:
    kinds = {"id": pyarrow.string(), "language": pyarrow.string(), "text": pyarrow.string()}
    kinds["audio"] = pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()})
    schema = pyarrow.schema([(name, kinds[name]) for name in ("id", "language", "audio", "text")])
    file.parent.mkdir(parents=True, exist_ok=True)
    table = pyarrow.Table.from_pylist(list(rows), schema=schema)
    pyarrow.parquet.write_table(table, file, row_group_size=ROWS_IN_GROUP)


def parquet_file(root: Path, split: str, number: int = 0) -> Path:
    return root / "data" / f"{split}-{number:05d}-of-{FILES[split]:05d}.parquet"


def make(root: Path) -> Path:
    """Write the pre-formatted set."""
    for split, files in FILES.items():
        rows = rows_of(split)
        share = -(-len(rows) // files)
        for number in range(files):
            write_parquet(parquet_file(root, split, number), rows[number * share : (number + 1) * share])
    return root


def make_tree(root: Path) -> Path:
    """Write the original tree."""
    for source in SOURCES:
        for label in LANGUAGES.get(source, ["eng"]):
            folder = root / source / label
            (folder / "wav").mkdir(parents=True)
            for name, numbers in TRANSCRIPTS.items():
                utts = {number: f"{source}_{label}_{number:06d}" for number in numbers}
                for number, utt in utts.items():
                    (folder / "wav" / f"{utt}.wav").write_bytes(sound(utt, number))
                lines = [f"{utt}\tA\t{text_of(utt) if number != 3 else ''}\n" for number, utt in utts.items()]
                (folder / f"transcript_{name}.txt").write_text("".join(lines), encoding="utf-8")
    return root


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="written: the corpus")
    parser.add_argument("--tree", choices=("true", "false"), default="false", help="make the original tree")
    args = parser.parse_args(argv)
    make_tree(args.folder) if args.tree == "true" else make(args.folder)


if __name__ == "__main__":
    main()
