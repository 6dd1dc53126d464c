"""How long utterances are, from tables and headers; no audio is decoded."""

from pathlib import Path

from geolid.data.audio import is_pipe, read_header
from geolid.data.tables import read_rows
from geolid.data.utterances import utterances
from geolid.errors import GeoLIDError


def samples_of_utterances(data_dir: Path, rate: int) -> dict[str, int]:
    """Return the number of samples at `rate` of each utterance, in the directory's order.

    `utt2num_samples` tells where it stands (stage 3 writes it), headers otherwise.
    """
    table = Path(data_dir) / "utt2num_samples"
    if not table.exists():
        return {utt: round(seconds * rate) for utt, seconds in _seconds_from_headers(data_dir).items()}
    found = _rate_of(data_dir)
    if found not in (None, rate):
        raise GeoLIDError(
            f"{table}: counts at {found} Hz, as the audio has, not {rate}; give --fs {found}, or run stage 3"
        )
    return {utt: int(samples) for utt, samples in read_rows(table)}


def seconds_of_utterances(data_dir: Path) -> dict[str, float]:
    """Return the length of each utterance in seconds: of utt2num_samples or utt2dur where they stand, or of headers."""
    table = Path(data_dir) / "utt2num_samples"
    rate = _rate_of(data_dir) if table.exists() else None
    if rate is not None:
        return {utt: int(samples) / rate for utt, samples in read_rows(table)}
    table = Path(data_dir) / "utt2dur"
    if table.exists():
        return {utt: _seconds(table, utt, text) for utt, text in read_rows(table)}
    return _seconds_from_headers(data_dir)


def _seconds(table: Path, utt: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise GeoLIDError(f"{table}: '{utt}' has '{text}'; expected seconds, such as 3.25") from None


def _rate_of(data_dir: Path) -> int | None:
    """Return the rate of the first utterance's audio; None for a command, which is not run for this."""
    source = next(utterances(data_dir)).source
    return None if is_pipe(source) else read_header(source).rate


def _seconds_from_headers(data_dir: Path) -> dict[str, float]:
    lengths = {}
    for utterance in utterances(data_dir):
        end = utterance.end
        if end < 0:
            header = read_header(utterance.source)
            end = header.samples / header.rate
        lengths[utterance.name] = end - utterance.start
    return lengths


def language_table(utt2lang: dict[str, str], samples: dict[str, int], rate: int) -> dict[str, tuple[int, float]]:
    """Return the number of utterances and the hours of each language, by code."""
    counts: dict[str, int] = {}
    sums: dict[str, int] = {}
    for utt, language in utt2lang.items():
        counts[language] = counts.get(language, 0) + 1
        sums[language] = sums.get(language, 0) + samples[utt]
    return {language: (counts[language], sums[language] / rate / 3600) for language in sorted(counts)}
