"""The training set of the embedded corpus as a corpus for speaker identification, in which voices are the labels.

Every voice speaks all languages. Each has its own utterances in training, validation and test, as the speakers of
VoxCeleb1 have, so that neither a language nor a sentence tells who speaks.
"""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from geolid.data.corpora.mini.audio import read_label, stands, wav_path
from geolid.data.corpora.mini.plan import TRAIN_SET, Utterance
from geolid.data.corpora.prepare import Made, Row, write_set
from geolid.errors import GeoLIDError

VOICE_SETS = ("train_mini_spk", "dev_mini_spk", "test_mini_spk")
_EVERY = 6  # of so many utterances of a voice
_SET_OF = {1: 2, 2: 1}  # the second is for the test, the third for validation


def write_voice_sets(utterances: Iterable[Utterance], audio_dir: Path, data_dir: Path) -> list[Made]:
    """Write the directory of each set."""
    by_voice: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in sorted(utterances, key=lambda utterance: utterance.utt):
        if utterance.set_name == TRAIN_SET:
            by_voice[utterance.voice.variant].append(utterance)
    silent = [wav_path(audio_dir, of) for spoken in by_voice.values() for of in spoken if not stands(audio_dir, of)]
    if silent or not by_voice:
        what = f"{silent[0]} and {len(silent) - 1} other files are not there" if silent else f"{audio_dir}: is empty"
        raise GeoLIDError(f"{what}; run local/prepare_mini_speakers.sh, which has the corpus spoken first")
    rarest = min(by_voice, key=lambda voice: len(by_voice[voice]))
    if len(by_voice[rarest]) < len(VOICE_SETS):
        raise GeoLIDError(
            f"the voice {rarest} has {len(by_voice[rarest])} utterances, and each needs one for each of "
            f"{', '.join(VOICE_SETS)}; have more spoken: --utts_per_lang, --languages"
        )
    rows: dict[str, list[Row]] = {name: [] for name in VOICE_SETS}
    for voice, spoken in by_voice.items():
        for number, utterance in enumerate(spoken):  # languages follow each other, so all come into each set
            name = VOICE_SETS[_SET_OF.get(number % _EVERY, 0)]
            wav = wav_path(audio_dir, utterance)
            label = read_label(wav)
            rows[name].append(Row(utterance.utt, str(wav), voice, label.seconds, text=label.text))
    return [write_set(data_dir / name, sorted(of_set), "mini", free_labels=True) for name, of_set in rows.items()]
