"""The original tree: `<source>/<label>/` with transcripts and `wav/<id>.wav`.

A transcript has a line an utterance: its id, a field that is not needed here, and what is said.
"""

from pathlib import Path

from geolid.data.audio import AudioError, read_header
from geolid.data.corpora.ml_superb2.choose import Listed, code_of
from geolid.data.corpora.prepare import Choice
from geolid.errors import GeoLIDError

# The corpora that utterances were drawn from, as folders are called.
SOURCES = (
    "ALFFA", "LAD", "M-AILABS", "NST", "commonvoice", "fleurs", "googlei18n_asr", "googlei18n_tts", "mexico-el", "mls",
    "nchlt", "swc", "voxforge", "voxpopuli",
)  # fmt: skip
TRAIN_AMOUNTS = ("1h", "10min")  # of each source and language, at most
_AUDIO = "wav"


def find(root: Path) -> Path | None:
    """Return the folder of the sources: a folder itself, or one in it, as archives unpack; None if it is neither."""
    inner = (folder for folder in sorted(root.iterdir()) if folder.is_dir() and not folder.name.startswith("."))
    return next((folder for folder in (root, *inner) if any(folder.glob("*/*/transcript_*.txt"))), None)


def refuse_missing_sources(root: Path) -> None:
    missing = [name for name in SOURCES if not (root / name).is_dir()]
    if missing:
        raise GeoLIDError(
            f"{root}: lacks {len(missing)} of the {len(SOURCES)} folders of sources ({', '.join(missing)}): "
            "half-unpacked? Unpack the rest, or choose what is there with --languages"
        )


def read_split(root: Path, split: str, train_amount: str, choice: Choice) -> list[Listed]:
    """Return the utterances of a split, no audio is looked for; a folder that is asked for has to be whole."""
    name = f"transcript_{train_amount}_train.txt" if split == "train" else "transcript_10min_dev.txt"
    listed = []
    for folder in sorted(root.glob("*/*")):
        if folder.is_dir() and not folder.name.startswith(".") and not folder.parent.name.startswith("."):
            missing = [part for part in (name, _AUDIO) if not (folder / part).exists()]
            if missing and not _is_wanted(folder.name, choice):
                continue
            if missing:
                raise GeoLIDError(
                    f"{folder}: lacks {' and '.join(missing)}: half-unpacked? Unpack it anew, or take away what is no "
                    "folder of a language"
                )
            listed += _read_transcript(folder / name)
    return listed


def _is_wanted(label: str, choice: Choice) -> bool:
    code = code_of(label)
    return choice.languages is None or code is not None and choice.has(code)


def _read_transcript(transcript: Path) -> list[Listed]:
    folder = transcript.parent
    listed = []
    try:
        lines = transcript.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        raise GeoLIDError(f"{transcript}: not UTF-8; unpack it anew, or convert it with iconv -t UTF-8") from None
    for number, line in enumerate(lines, 1):
        fields = line.split(None, 2)
        if len(fields) == 1:
            raise GeoLIDError(
                f"{transcript}:{number}: expected '<id> <field> <what is said>', found {line!r}; unpack it anew"
            )
        if fields:
            text = fields[2].strip() if len(fields) > 2 else ""
            audio = str(folder / _AUDIO / f"{fields[0]}.wav")
            listed.append(Listed(fields[0], folder.name, text, str(transcript), number, audio))
    return listed


def seconds_of(audio: str) -> float | str:
    """Return how long a file is; or why it is of no use."""
    try:
        header = read_header(audio)
    except AudioError as error:
        return str(error)
    return header.samples / header.rate if header.samples else f"no samples: {audio}"
