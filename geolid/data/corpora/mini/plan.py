"""Who says what, for how long, and how it is heard: every utterance of the corpus, before a word is spoken."""

import hashlib
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from geolid.data.corpora.mini import cast, espeak
from geolid.data.corpora.mini.accents import Accent
from geolid.data.corpora.mini.cast import Cast
from geolid.data.corpora.mini.espeak import Voice
from geolid.data.tables import read_table, write_table
from geolid.errors import GeoLIDError

TRAIN_SET = "train_mini_lang"
DEV_SET = "dev_mini_lang"
TEST_SET = "test_mini_lang"
DIALECT_SET = "test_dialect_mini_lang"
PHONE_SET = "test_phone_mini_lang"
NOISY_SET = "test_noisy_mini_lang"
SETS = (TRAIN_SET, DEV_SET, TEST_SET, DIALECT_SET, PHONE_SET, NOISY_SET)

# Utterances for each one of training; the three test sets and each accent have as many as one another.
DEV_SHARE = 1 / 10
TEST_SHARE = 1 / 6

MAX_SECONDS = 8.0
WANTED_SECONDS = (2.0, 6.0)  # the phrase that reaches it may go on to MAX_SECONDS
LEVELS_DBFS = (-30.0, -18.0)
SNRS_DB = (5.0, 10.0, 15.0)
RT60S_SECONDS = (0.3, 0.6, 0.9)  # the time in which an echo falls by 60 dB

_MAX_PHRASES = 16
# Raised when the same utterance is made into other audio than before, so that none of the old is taken for it.
_EDITION = 1


@dataclass(frozen=True)
class Utterance:
    utt: str  # <speaker>-<number>; a dash sorts before what a longer name of a speaker may go on with
    set_name: str
    lang: str
    speaker: str  # <lang>_<variant>, <lang>_<accent>_<variant>
    synthesiser: str
    voice: Voice
    phrases: tuple[str, ...]  # to say one after the other, as far as time allows
    wanted_seconds: float
    level_dbfs: float
    condition: str = ""  # what sets it apart from training, for people; no blanks
    by_phone: bool = False
    snr_db: float | None = None
    rt60_seconds: float | None = None

    @property
    def fingerprint(self) -> str:
        """Tell this utterance from all others, those of the same name included that other options have made."""
        return hashlib.sha256(f"{_EDITION} {_as_json(self)}".encode()).hexdigest()[:12]


def plan(words: Mapping[Accent, Sequence[str]], utts_per_lang: int, seed: int) -> list[Utterance]:
    """Return every utterance, given what each accent has to say."""
    if utts_per_lang < 1:
        raise GeoLIDError(f"--utts_per_lang {utts_per_lang}: expected a number from 1, such as 150")
    dev_utts = max(1, round(utts_per_lang * DEV_SHARE))
    test_utts = max(1, round(utts_per_lang * TEST_SHARE))
    utterances: list[Utterance] = []
    for accent, its_words in words.items():
        if accent.name:
            utterances += _spoken(DIALECT_SET, cast.TEST, accent, its_words, test_utts, seed)
        else:
            utterances += _spoken(TRAIN_SET, cast.TRAIN, accent, its_words, utts_per_lang, seed)
            utterances += _spoken(DEV_SET, cast.DEV, accent, its_words, dev_utts, seed)
            tests = _spoken(TEST_SET, cast.TEST, accent, its_words, test_utts, seed)
            utterances += tests
            utterances += [_by_phone(utterance) for utterance in tests]
            utterances += [_in_noise(utterance, seed) for utterance in tests]
    return utterances


def _spoken(
    set_name: str, speakers: Cast, accent: Accent, words: Sequence[str], count: int, seed: int
) -> list[Utterance]:
    utterances = []
    for index in range(count):
        draw = random.Random(f"{seed} {set_name} {accent.lang} {accent.name} {index}")
        variant = speakers.variants[index % len(speakers.variants)]
        speaker = "_".join(filter(None, (accent.lang, accent.name, variant)))
        utterances.append(
            Utterance(
                utt=f"{speaker}-{index + 1:04}",
                set_name=set_name,
                lang=accent.lang,
                speaker=speaker,
                synthesiser=espeak.version(),
                voice=Voice(
                    accent.voice, variant, draw.choice(speakers.words_per_minute), draw.choice(speakers.pitches)
                ),
                phrases=tuple(draw.sample(words, min(_MAX_PHRASES, len(words)))),
                wanted_seconds=round(draw.uniform(*WANTED_SECONDS), 2),
                level_dbfs=round(draw.uniform(*LEVELS_DBFS), 1),
                condition=accent.voice if accent.name else "",
            )
        )
    return utterances


def _by_phone(utterance: Utterance) -> Utterance:
    return replace(utterance, utt=f"{utterance.utt}-phone", set_name=PHONE_SET, condition="telephone", by_phone=True)


def _in_noise(utterance: Utterance, seed: int) -> Utterance:
    draw = random.Random(f"{seed} {NOISY_SET} {utterance.utt}")
    snr_db, rt60_seconds = draw.choice(SNRS_DB), draw.choice(RT60S_SECONDS)
    return replace(
        utterance,
        utt=f"{utterance.utt}-noisy",
        set_name=NOISY_SET,
        condition=f"snr_{snr_db:g}dB_rt60_{rt60_seconds:g}s",
        snr_db=snr_db,
        rt60_seconds=rt60_seconds,
    )


def by_speech(utterances: Iterable[Utterance]) -> list[list[Utterance]]:
    """Put together the utterances that are the same speech, heard in different ways."""
    groups: dict[tuple, list[Utterance]] = {}
    for u in utterances:
        groups.setdefault((u.voice, u.phrases, u.wanted_seconds), []).append(u)
    return list(groups.values())


def write_plan(path: Path, utterances: Iterable[Utterance]) -> None:
    """Write a plan, an utterance a line; a file that says the same is left as it is."""
    lines = {utterance.utt: _as_json(utterance) for utterance in utterances}
    if not path.exists() or read_table(path) != lines:
        write_table(path, lines)


def read_plan(path: Path) -> list[Utterance]:
    return [_from_json(line) for line in read_table(path).values()]


def _as_json(utterance: Utterance) -> str:
    return json.dumps(vars(utterance), default=vars, ensure_ascii=False)


def _from_json(line: str) -> Utterance:
    fields = json.loads(line)
    return Utterance(**{**fields, "voice": Voice(**fields["voice"]), "phrases": tuple(fields["phrases"])})
