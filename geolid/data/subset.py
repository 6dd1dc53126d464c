"""Which utterances of a data directory to take: by number, language, or hours."""

import random
from collections.abc import Iterable, Mapping
from pathlib import Path

from geolid.data.data_dir import utterance_ids
from geolid.data.lengths import seconds_of_utterances
from geolid.data.tables import read_table
from geolid.errors import GeoLIDError


def choose(
    data_dir: Path,
    languages: Iterable[str] | None = None,
    utterances: int | None = None,
    hours: float | None = None,
    hours_per_language: float | None = None,
    seed: int = 0,
) -> set[str]:
    """Return utterances of the languages, at random, up to the number and hours that are asked for."""
    chosen = utterance_ids(data_dir)
    utt2lang = read_table(Path(data_dir) / "utt2lang")
    if languages is not None:
        wanted = set(languages)
        absent = sorted(wanted - set(utt2lang.values()))
        if absent:
            there = " ".join(sorted(set(utt2lang.values())))
            raise GeoLIDError(f"{data_dir}/utt2lang: has no {' '.join(absent)}; its languages are: {there}")
        chosen = [utt for utt in chosen if utt2lang[utt] in wanted]
    random.Random(seed).shuffle(chosen)
    if utterances is not None:
        if utterances > len(chosen):
            raise GeoLIDError(f"{data_dir}: has {len(chosen)} such utterances, and {utterances} are asked for")
        chosen = chosen[:utterances]
    if hours is not None or hours_per_language is not None:
        seconds = seconds_of_utterances(data_dir)
        if hours_per_language is not None:
            chosen = _up_to(chosen, seconds, hours_per_language * 3600, utt2lang)
        if hours is not None:
            chosen = _up_to(chosen, seconds, hours * 3600, dict.fromkeys(chosen, "all"))
    return set(chosen)


def _up_to(utts: list[str], seconds: Mapping[str, float], limit: float, groups: Mapping[str, str]) -> list[str]:
    """Take utterances in order while their group stays within the limit."""
    taken: list[str] = []
    sums: dict[str, float] = {}
    for utt in utts:
        total = sums.get(groups[utt], 0.0) + seconds[utt]
        if total <= limit:
            sums[groups[utt]] = total
            taken.append(utt)
    return taken
