"""The data directories of the embedded corpus."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from geolid.data.corpora.mini.audio import read_label, stands, wav_path
from geolid.data.corpora.mini.plan import DIALECT_SET, NOISY_SET, PHONE_SET, SETS, Utterance
from geolid.data.data_dir import write_data_dir
from geolid.errors import GeoLIDError

# What counts as another corpus than the one that is trained on: other accents, other channels.
DATA_SETS = {DIALECT_SET: "mini_dialect", PHONE_SET: "mini_phone", NOISY_SET: "mini_noisy"}


@dataclass(frozen=True)
class Made:
    """What a set has come to."""

    set_name: str
    languages: int
    speakers: int
    utterances: int
    hours: float


def write_data_dirs(utterances: Iterable[Utterance], audio_dir: Path, data_dir: Path) -> list[Made]:
    """Write the directory of each set; one that would be empty goes, lest the languages of other options stay in it."""
    made = []
    utterances = list(utterances)
    silent = [utterance for utterance in utterances if not stands(audio_dir, utterance)]
    if silent:
        raise GeoLIDError(
            f"{wav_path(audio_dir, silent[0])} and {len(silent) - 1} other files are not there; run "
            "local/prepare_mini.sh, which speaks them first"
        )
    for set_name in SETS:
        of_set = [utterance for utterance in utterances if utterance.set_name == set_name]
        if of_set:
            made.append(_write_data_dir(of_set, audio_dir, data_dir / set_name))
        else:
            shutil.rmtree(data_dir / set_name, ignore_errors=True)
    return made


def _write_data_dir(utterances: list[Utterance], audio_dir: Path, path: Path) -> Made:
    wavs = {utterance.utt: wav_path(audio_dir, utterance) for utterance in utterances}
    labels = {utt: read_label(wav) for utt, wav in wavs.items()}
    tables = {
        "wav.scp": {utt: str(wav) for utt, wav in wavs.items()},
        "utt2lang": {utterance.utt: utterance.lang for utterance in utterances},
        "utt2spk": {utterance.utt: utterance.speaker for utterance in utterances},
        "text": {utt: label.text for utt, label in labels.items()},
    }
    tables["utt2dataset"] = dict.fromkeys(tables["utt2lang"], DATA_SETS.get(path.name, "mini"))
    conditions = {utterance.utt: utterance.condition for utterance in utterances if utterance.condition}
    if conditions:
        tables["utt2condition"] = conditions
    write_data_dir(path, tables)
    return Made(
        set_name=path.name,
        languages=len(set(tables["utt2lang"].values())),
        speakers=len(set(tables["utt2spk"].values())),
        utterances=len(utterances),
        hours=sum(label.seconds for label in labels.values()) / 3600,
    )
