"""What a file tells when it is opened: how long it is, whether another has the same bytes, what its tags say."""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import soundfile

from geolid.data.corpora.topcoder176.listing import Listed

# Those that may name a recording; the others (artist, comment, ...) are of whole albums, or of no use.
_TAGS = ("album", "tracknumber", "title")


@dataclass(frozen=True)
class Clip:
    listed: Listed
    fault: str = ""  # why it cannot be used
    seconds: float = 0.0
    digest: bytes = field(default=b"", repr=False)
    tags: str = ""  # of the recording it is from; "" if there are none


def look_at(listed: Listed) -> Clip:
    """Open a clip; its bytes are read once, for their sum and for what they say of themselves."""
    if listed.file is None:
        return Clip(listed, f"no such file: {listed.name}.mp3")
    content = listed.file.read_bytes()
    if not content:
        return Clip(listed, f"zero bytes: {listed.file}")
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as opened:
            seconds = opened.frames / opened.samplerate
            tags = opened.copy_metadata()
    except (soundfile.LibsndfileError, TypeError):
        return Clip(listed, f"cannot be read as audio: {listed.file}")
    if not seconds:
        return Clip(listed, f"no samples: {listed.file}")
    named = " ".join(word for tag in _TAGS for word in tags.get(tag, "").split())
    return Clip(listed, "", seconds, hashlib.md5(content, usedforsecurity=False).digest(), named)


def find_doubles(clips: Iterable[Clip]) -> dict[str, str]:
    """Return the clips that are to be left out because others have the same bytes, by name, with the reason.

    Of several with one label the first stays; of those with several labels none does, as nobody knows which is right.
    """
    groups: dict[bytes, list[Listed]] = {}
    for clip in clips:
        groups.setdefault(clip.digest, []).append(clip.listed)
    doubles = {}
    for first, *others in groups.values():
        for one in others:
            doubles[one.name] = f"the same bytes as {first.name}.mp3"
        if any(one.label != first.label for one in others):
            told = ", ".join(f"{one.name}.mp3 ({one.label})" for one in (first, *others))
            doubles |= dict.fromkeys((one.name for one in (first, *others)), f"the same bytes, several labels: {told}")
    return doubles
