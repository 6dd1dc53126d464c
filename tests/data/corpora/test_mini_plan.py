"""Who says what: nobody in two sets, and no utterance that depends on how many others there are."""

import itertools
from pathlib import Path

import espeakng_loader
import pytest

from geolid.data.corpora.mini import cast, made_up, plan
from geolid.data.corpora.mini.accents import Accent
from geolid.data.corpora.mini.plan import SETS, Utterance
from geolid.errors import GeoLIDError

WORDS = {
    Accent("eng", "en", "en_GB"): [f"word{number}" for number in range(100)],
    Accent("eng", "en-029", "en_JM", "caribbean"): [f"word{number}" for number in range(10)],
    Accent("deu", "de", "de"): [f"Wort{number}" for number in range(100)],
}
CASTS = (cast.TRAIN, cast.DEV, cast.TEST)


def planned(words=WORDS, utts_per_lang: int = 30, seed: int = 1) -> dict[str, Utterance]:
    utterances = plan.plan(words, utts_per_lang, seed)
    assert len({utterance.utt for utterance in utterances}) == len(utterances)
    return {utterance.utt: utterance for utterance in utterances}


def of_set(set_name: str, **options) -> list[Utterance]:
    return [utterance for utterance in planned(**options).values() if utterance.set_name == set_name]


@pytest.mark.parametrize("field", ["variants", "words_per_minute", "pitches"])
def test_speakers_and_their_ways_are_in_one_set_only(field):
    for one, other in itertools.combinations(CASTS, 2):
        assert not set(getattr(one, field)) & set(getattr(other, field))


def test_test_voices_are_not_heard_in_training():
    heard = {utterance.voice.variant for utterance in of_set(plan.TRAIN_SET)}
    for set_name in SETS[1:]:
        assert of_set(set_name)
        assert not heard & {utterance.voice.variant for utterance in of_set(set_name)}


@pytest.mark.parametrize("variant", [variant for each in CASTS for variant in each.variants])
def test_no_speaker_has_breath_which_is_other_noise_each_time(variant):
    file = Path(espeakng_loader.get_data_path()) / "voices" / "!v" / variant
    described = made_up.describe(variant) if variant in made_up.MADE_UP else file.read_text(encoding="utf-8")
    assert "formant" in described or "pitch" in described
    assert "breath" not in described


def test_made_up_speakers_train_beside_as_many_that_espeak_brings_and_differ():
    assert len(made_up.MADE_UP) * 2 == len(cast.TRAIN.variants)
    assert set(made_up.MADE_UP) < {utterance.voice.variant for utterance in of_set(plan.TRAIN_SET)}
    formants = {made_up.describe(name).partition("formant 1")[2] for name in made_up.MADE_UP}
    assert len(formants) == len(made_up.MADE_UP)


@pytest.mark.parametrize("speakers", CASTS)
def test_women_and_men_take_turns(speakers):
    women = {"f1", "steph", "belinda", "grandma", "Andrea", "anika", "aunty", "linda", "f4", "Annie", "shelby"}
    women |= {variant for variant in made_up.MADE_UP if "gender female\n" in made_up.describe(variant)}
    assert [variant in women for variant in speakers.variants] == [True, False] * (len(speakers.variants) // 2)


def test_an_utterance_does_not_depend_on_other_languages_their_order_or_number():
    everything = planned()
    only_german = planned(words={accent: words for accent, words in WORDS.items() if accent.lang == "deu"})
    assert only_german == {utt: utterance for utt, utterance in everything.items() if utterance.lang == "deu"}
    assert planned(words=dict(reversed(WORDS.items()))) == everything
    assert planned(utts_per_lang=60).items() >= everything.items()


def test_another_seed_gives_other_utterances_under_the_same_names():
    one, other = planned(seed=1), planned(seed=2)
    assert one.keys() - {utt for utt in one if "noisy" in utt} <= other.keys()
    assert not {u.fingerprint for u in one.values()} & {u.fingerprint for u in other.values()}


def test_the_sets_are_as_large_as_stated():
    sizes = {set_name: len(of_set(set_name, utts_per_lang=150)) for set_name in SETS}
    assert sizes == {
        plan.TRAIN_SET: 300,
        plan.DEV_SET: 30,
        plan.TEST_SET: 50,
        plan.DIALECT_SET: 25,
        plan.PHONE_SET: 50,
        plan.NOISY_SET: 50,
    }


@pytest.mark.parametrize("utts_per_lang", [1, 2])
def test_a_tiny_corpus_has_all_sets(utts_per_lang):
    assert {utterance.set_name for utterance in planned(utts_per_lang=utts_per_lang).values()} == set(SETS)


@pytest.mark.parametrize("utts_per_lang", [0, -3])
def test_no_utterances_are_refused(utts_per_lang):
    with pytest.raises(GeoLIDError, match=rf"--utts_per_lang {utts_per_lang}: expected a number from 1"):
        planned(utts_per_lang=utts_per_lang)


def test_ids_begin_with_the_speaker_and_sort_like_speakers():
    utterances = planned()
    assert all(utterance.utt.startswith(f"{utterance.speaker}-") for utterance in utterances.values())
    assert all(utterance.speaker.startswith(f"{utterance.lang}_") for utterance in utterances.values())
    speakers = [utterances[utt].speaker for utt in sorted(utterances)]
    assert speakers == sorted(speakers)
    assert utterances["eng_caribbean_f4-0001"].condition == "en-029"


def test_the_same_speech_is_heard_plain_by_phone_and_in_noise():
    for speech in plan.by_speech(planned().values()):
        sets = [utterance.set_name for utterance in speech]
        assert sets in ([plan.TEST_SET, plan.PHONE_SET, plan.NOISY_SET], [sets[0]])


def test_noisy_utterances_state_their_noise_and_their_room():
    for utterance in of_set(plan.NOISY_SET):
        assert utterance.snr_db in plan.SNRS_DB
        assert utterance.rt60_seconds in plan.RT60S_SECONDS
        assert utterance.condition == f"snr_{utterance.snr_db:g}dB_rt60_{utterance.rt60_seconds:g}s"


def test_a_plan_is_read_as_it_was_written(tmp_path):
    plan.write_plan(tmp_path / "plan", planned().values())
    written = (tmp_path / "plan").stat()
    plan.write_plan(tmp_path / "plan", planned().values())
    assert (tmp_path / "plan").stat() == written
    assert {utterance.utt: utterance for utterance in plan.read_plan(tmp_path / "plan")} == planned()
