"""A folder that looks like a packed model, without a model: for what carries it from place to place."""

import hashlib
from pathlib import Path

CARD = """---
license: cc-by-nc-4.0
library_name: geolid
---
# A toy
"""
FILES = {
    "LICENSES.md": "MMS: CC-BY-NC-4.0\n",
    "README.md": CARD,
    "config.yaml": "lang_num: 2\n",
    "geolid.json": '{"format": 1, "name": "toy"}\n',
    "images/map.png": "a picture",
    "languages.tsv": "class\tcode\n",
    "model.safetensors": "weights " * 1000,
    "scores/test.json": '{"accuracy": 0.5}\n',
}


def make_packed(folder: Path, without: tuple = (), **changes: str) -> Path:
    """Write it; changes are given by a file's name, with _ for what no name of Python has."""
    by_word = {"".join(letter if letter.isalnum() else "_" for letter in name): name for name in FILES}
    files = {**FILES, **{by_word.get(word, word): text for word, text in changes.items()}}
    for name in without:
        del files[name]
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    sums = [f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items())]
    (folder / "SHA256SUMS").write_text("".join(sums))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }
