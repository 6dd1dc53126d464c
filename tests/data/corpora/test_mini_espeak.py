"""The synthesiser: the same request gives the same bytes, whatever came before and wherever it runs."""

import faulthandler
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT
from geolid.data.corpora.mini import cast, espeak
from geolid.data.corpora.mini.espeak import SAMPLE_RATE, Voice, pronounce, say

PHRASES = ["Germany", "Monday", "United States"]


def digest(voice_name: str, variant: str, phrases: list[str]) -> str:
    speech = say(Voice(voice_name, variant, 160, 50), phrases, wanted_seconds=20.0, max_seconds=20.0)
    assert speech.phrases == phrases
    return hashlib.sha256(speech.samples).hexdigest()


def digests() -> list[str]:
    """One for every variant of the corpus."""
    variants = [*cast.TRAIN.variants, *cast.DEV.variants, *cast.TEST.variants]
    return [digest("en", variant, PHRASES) for variant in variants]


def test_the_bytes_do_not_depend_on_what_was_said_before():
    alone = digest("en", "f1", PHRASES)
    digest("de", "m3", ["Oktober"])
    pronounce("fr", ["janvier"])
    assert digest("en", "f1", PHRASES) == alone


def test_the_bytes_of_every_speaker_are_those_of_another_process_with_other_memory():
    environment = {**os.environ, "MALLOC_PERTURB_": "123", "PYTHONHASHSEED": "7"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)])
    script = "import test_mini_espeak as t; print(*t.digests())"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == digests()


def test_speaking_ends_when_it_is_long_enough_and_leaves_out_what_would_make_it_too_long():
    voice = Voice("en", "f1", 160, 50)
    phrases = ["May", "British Indian Ocean Territory", "June", "July", "August"]
    speech = say(voice, phrases, wanted_seconds=1.5, max_seconds=2.0)
    assert speech.phrases == ["May", "June", "July"]
    assert 1.5 <= len(speech.samples) / SAMPLE_RATE <= 2.0


def test_voices_leave_headroom():
    loudest = max(
        np.abs(say(Voice("en", variant, 160, 50), PHRASES, 9.0, 9.0).samples.astype(int)).max()
        for variant in (*cast.TRAIN.variants, *cast.DEV.variants, *cast.TEST.variants)
    )
    assert 5000 < loudest < 30000


def test_a_reading_shows_words_letters_that_are_spelt_and_other_languages():
    word, spelt = pronounce("en", ["October", "весь"])
    assert len(word.split()) == 1
    assert len(spelt.split()) == 4
    assert "(en)" in pronounce("vi", ["Afghanistan"])[0]


def test_a_text_that_crashes_the_synthesiser_has_no_reading_and_the_others_have_theirs():
    faulthandler.disable()  # pytest has turned it on, and it would tell of the child that crashes
    readings = pronounce("kl", ["Danmark", "Ålandi", "Kalaallit Nunaat"])
    assert [bool(reading) for reading in readings] == [True, False, True]


def test_a_voice_that_does_not_exist_is_not_taken_for_the_one_before(capfd):
    with pytest.raises(espeak.ChildError):
        say(Voice("en-gb", "f1", 160, 50), ["Monday"], 1.0, 2.0)
    assert "has no voice en-gb+f1" in capfd.readouterr().err
