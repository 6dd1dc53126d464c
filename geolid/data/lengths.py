"""How long utterances are, from tables and headers; no audio is decoded."""

from pathlib import Path

from geolid.data.audio import read_header
from geolid.data.tables import read_rows
from geolid.data.utterances import utterances


def samples_of_utterances(data_dir: Path, rate: int) -> dict[str, int]:
    """Return the number of samples at `rate` of each utterance, in the directory's order.

    `utt2num_samples` tells where it stands (stage 3 writes it, at the rate that it formats to), headers otherwise.
    """
    table = Path(data_dir) / "utt2num_samples"
    if table.exists():
        return {utt: int(samples) for utt, samples in read_rows(table)}
    return {utt: round(seconds * rate) for utt, seconds in _seconds_from_headers(data_dir).items()}


def seconds_of_utterances(data_dir: Path, rate: int = 16000) -> dict[str, float]:
    """Return the length of each utterance in seconds; `rate` is that of `utt2num_samples`."""
    table = Path(data_dir) / "utt2num_samples"
    if table.exists():
        return {utt: int(samples) / rate for utt, samples in read_rows(table)}
    return _seconds_from_headers(data_dir)


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
