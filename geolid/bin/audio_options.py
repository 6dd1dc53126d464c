"""The options that say what audio is made into; plan_audio and gather_audio have to agree on them."""

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from geolid.bin.command import flag
from geolid.data.blocks import Settings
from geolid.data.formatting import AUDIO_FORMATS
from geolid.errors import GeoLIDError


def add_audio_options(parser: ArgumentParser) -> None:
    parser.add_argument("--fs", type=sampling_rate, default=16000, help="sampling rate in Hz; 16k is 16000")
    parser.add_argument("--audio_format", choices=AUDIO_FORMATS, default="wav", help="of the files written")
    parser.add_argument("--min_wav_duration", type=seconds, default=0.0, help="seconds; shorter ones are left out")
    parser.add_argument(
        "--max_wav_duration", type=seconds, default=float("inf"), help="seconds; longer ones are left out"
    )
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the audio is played")
    parser.add_argument("--feats_type", choices=("raw", "raw_copy"), default="raw", help="raw_copy only checks")
    parser.add_argument("--allow_pipes", type=flag, default=False, help="whether commands in wav.scp are run")


def settings_of(args: Namespace) -> Settings:
    if not 0.5 <= args.speed <= 2:
        raise GeoLIDError(f"--speed {args.speed:g}: expected a factor from 0.5 to 2, such as 0.9")
    return Settings(
        rate=args.fs,
        audio_format=args.audio_format,
        min_seconds=args.min_wav_duration,
        max_seconds=args.max_wav_duration,
        speed=args.speed,
        copy_only=args.feats_type == "raw_copy",
        allow_pipes=args.allow_pipes,
    )


def sampling_rate(text: str) -> int:
    """Read 16000 or 16k."""
    match = re.fullmatch(r"(\d+)(k?)", text)
    rate = int(match[1]) * (1000 if match[2] else 1) if match else 0
    if not 1000 <= rate <= 400_000:
        raise ArgumentTypeError(f"expected a rate in Hz, such as 16000 or 16k, found '{text}'")
    return rate


def seconds(text: str) -> float:
    return _number(text, float("inf"), "a number of seconds from 0")


def share(text: str) -> float:
    return _number(text, 1.0, "a share from 0 to 1, such as 0.01")


def _number(text: str, most: float, expected: str) -> float:
    try:
        if 0 <= float(text) <= most:
            return float(text)
    except ValueError:
        pass
    raise ArgumentTypeError(f"expected {expected}, found '{text}'")
