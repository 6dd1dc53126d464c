"""A recording: its utterances, the stretches of its transcript in which a word is said; or why it cannot be used."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from geolid.data.audio import OVERSHOOT_SECONDS, AudioError, Header, read_header
from geolid.data.corpora.babel.packs import Recording
from geolid.data.corpora.babel.transcript import Stretch, TranscriptError, has_word, read_lexicon, read_transcript
from geolid.data.corpora.prepare import Row

# BABEL_<phase>_<pack>_<speaker>_<yyyymmdd>_<hhmmss>_<line>
_NAME = re.compile(r"BABEL_(?:BP|OP\d)_(?P<pack>\d{3})_(?P<speaker>[^_\s]+)_(?P<time>\d{8}_\d{6})_(?P<line>\S+)")
_SIDES = {"inLine": "A", "outLine": "B"}  # of a telephone call
_SPHERE_HEADER_BYTES = 1024


class UnusableError(Exception):
    """Why a recording cannot be used."""


@dataclass
class Found:
    """What a recording has come to."""

    recording: Recording
    rows: list[Row] = field(default_factory=list)
    dropped: list[tuple[Stretch, str]] = field(default_factory=list)  # what is no utterance, and of which kind it is
    fault: str = ""  # it cannot be used, and why


def read_recording(recording: Recording) -> Found:
    try:
        return _read(recording)
    except (UnusableError, TranscriptError, AudioError) as error:
        return Found(recording, fault=str(error))


def _read(recording: Recording) -> Found:
    call = _call(recording)
    if recording.audio is None:
        raise UnusableError(f"no audio for its transcript: {recording.transcript}")
    if recording.transcript is None:
        raise UnusableError(f"no transcript for its audio: {recording.audio}")
    lexicon = read_lexicon(recording.pack.lexicon) if recording.pack.lexicon else None
    stretches = read_transcript(recording.transcript)
    header = _header(recording.audio)
    seconds = header.samples / header.rate
    if stretches and stretches[-1].end > seconds + OVERSHOOT_SECONDS:
        raise UnusableError(
            f"its transcript goes on to {stretches[-1].end:g} s, its audio ends at {seconds:.2f} s: {recording.audio}"
        )
    found = Found(recording)
    speaker = f"{recording.pack.lang}_{call['speaker']}_{_SIDES[call['line']]}"
    for stretch in stretches:
        start, end = round(stretch.start, 3), round(min(stretch.end, seconds), 3)  # as the table will say it
        samples = min(round(end * header.rate), header.samples) - round(start * header.rate)
        if not has_word(stretch.text, lexicon):
            found.dropped.append((stretch, "stretches without a word"))
        elif samples <= 0:
            found.dropped.append((stretch, "stretches of no length"))
        else:
            found.rows.append(
                Row(
                    utt=f"{speaker}_{call['time']}_{round(start * 1000) // 10:06d}",
                    source=str(recording.audio),
                    lang=recording.pack.lang,
                    seconds=samples / header.rate,
                    speaker=speaker,
                    recording=recording.name,
                    start=start,
                    end=end,
                )
            )
    return found


def _call(recording: Recording) -> dict[str, str]:
    file = recording.audio or recording.transcript or recording.unused[0]
    name = _NAME.fullmatch(recording.name)
    if not name or name["line"] not in _SIDES:
        raise UnusableError(
            "its name is not BABEL_<phase>_<pack>_<speaker>_<yyyymmdd>_<hhmmss>_<inLine or outLine>: " + str(file)
        )
    if name["pack"] != recording.pack.number:
        raise UnusableError(f"belongs to pack {name['pack']}, in a folder of pack {recording.pack.number}: {file}")
    return name.groupdict()


def _header(audio: Path) -> Header:
    """Return a file's header; of a SPHERE file, compare it with what is there, and know what libsndfile cannot read."""
    claim = _sphere_fields(audio)
    if "shorten" in claim.get("sample_coding", ""):
        raise UnusableError(
            f"shortened ({claim['sample_coding']}), which cannot be read here; put what 'sph2pipe -p -f wav' makes of "
            f"it beside it, and prefer that with --audio_types 'wav sph': {audio}"
        )
    header = read_header(str(audio))
    claimed = int(claim.get("sample_count", header.samples))
    if header.samples < claimed:
        seconds, found = claimed / header.rate, header.samples / header.rate
        raise UnusableError(f"cut short: {audio}: its header says {seconds:.2f} s, {found:.2f} s are there")
    if header.samples == 0:
        raise UnusableError(f"no samples: {audio}")
    return header


def _sphere_fields(audio: Path) -> dict[str, str]:
    with audio.open("rb") as file:
        start = file.read(_SPHERE_HEADER_BYTES)
    if not start.startswith(b"NIST_1A"):
        return {}
    lines = start.partition(b"end_head")[0].decode("ascii", errors="replace").splitlines()
    return {name: value for name, _, value in (line.split(None, 2) for line in lines if len(line.split(None, 2)) == 3)}
