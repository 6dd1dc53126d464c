import logging

import numpy as np
import pytest
import soundfile

from geolid.errors import GeoLIDError
from geolid.train.augment import AugmentConf, Augmenter, read_augment_conf
from geolid.train.reverberation import reverberate
from geolid.train.telephone import a_law, mu_law, telephone

RATE = 16000
OFF = {"noise_apply_prob": 0.0, "rir_apply_prob": 0.0}
# As the published configs have it: lists that do not exist, and probabilities of 0.
PUBLISHED = {
    "fix_duration": False,
    "sample_rate": RATE,
    "rir_scp": "dump/raw/rirs.scp",
    "rir_apply_prob": 0.0,
    "noise_info": [
        [1.0, "dump/raw/musan_speech.scp", [4, 7], [13, 20]],
        [1.0, "dump/raw/musan_noise.scp", [1, 1], [0, 15]],
    ],
    "noise_apply_prob": 0.0,
    "short_noise_thres": 0.5,
}


def tone(hertz: float, samples: int, amplitude: float = 0.5) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(samples) / RATE)).astype(np.float32)


def power(wave: np.ndarray) -> float:
    return float(np.mean(np.square(wave, dtype=np.float64)))


def heard(conf: dict, wave: np.ndarray, key=0, epoch=1) -> np.ndarray:
    augmenter = Augmenter(read_augment_conf(conf, RATE), RATE)
    result = augmenter(lambda first, count: wave[first : first + count], len(wave), epoch, np.random.default_rng(key))
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    return result


def scp_of(folder, name: str, *waves: np.ndarray, rate: int = RATE) -> str:
    for number, wave in enumerate(waves):
        soundfile.write(folder / f"{name}{number}.wav", wave, rate, subtype="FLOAT")
    (folder / f"{name}.scp").write_text("".join(f"{folder / name}{number}.wav\n" for number in range(len(waves))))
    return str(folder / f"{name}.scp")


@pytest.mark.parametrize("conf", [{}, PUBLISHED], ids=["nothing", "published"])
def test_what_has_probability_0_changes_nothing_and_is_not_looked_for(conf):
    wave = tone(440, 5000)
    assert np.array_equal(heard(conf, wave), wave)


def test_a_longer_utterance_is_cropped_anywhere():
    wave = np.arange(10000, dtype=np.float32)
    starts = set()
    for key in range(40):
        crop = heard({"target_duration": 0.5}, wave, key)
        assert np.array_equal(crop, np.arange(crop[0], crop[0] + 8000))
        starts.add(crop[0])
    assert len(starts) > 30
    assert min(starts) < 300
    assert max(starts) > 1700


def test_only_the_crop_is_read():
    reads = []
    for speed in (1.0, 0.9, 1.1):
        augmenter = Augmenter(AugmentConf(target_duration=0.5, speed_perturb=[speed]), RATE)
        augmenter(
            lambda _, count: reads.append(count) or np.zeros(count, np.float32), 10**9, 1, np.random.default_rng(0)
        )
    assert reads == [8000, 7200, 8800]


def test_a_shorter_utterance_is_repeated():
    wave = np.arange(3000, dtype=np.float32)
    assert np.array_equal(heard({"target_duration": 0.5}, wave), np.arange(8000) % 3000)


def test_speed_raises_the_pitch_and_shortens():
    wave = tone(1000, 16000)
    lengths = {len(heard({"speed_perturb": [0.9, 1.0, 1.1]}, wave, key)) for key in range(20)}
    assert lengths == {17778, 16000, 14546}
    fast = heard({"speed_perturb": [1.1]}, wave)
    assert np.argmax(np.abs(np.fft.rfft(fast, RATE))) == 1100
    for speed in (0.9, 1.1):
        assert len(heard({"speed_perturb": [speed], "target_duration": 0.25}, wave)) == 4000


def test_batches_are_filled_by_what_an_utterance_can_become():
    lengths = np.array([9000, 90])
    assert Augmenter(AugmentConf(), RATE).longest(lengths).tolist() == [9000, 90]
    assert Augmenter(AugmentConf(speed_perturb=[0.9, 1.0]), RATE).longest(lengths).tolist() == [10000, 100]
    conf = AugmentConf(target_duration=0.5, speed_perturb=[0.9, 1.0])
    assert Augmenter(conf, RATE).longest(lengths).tolist() == [8000, 8000]
    assert Augmenter(AugmentConf(fix_duration=False, target_duration=0.5), RATE).longest(lengths)[0] == 9000


@pytest.mark.parametrize("samples", [3000, 16000, 60000], ids=["repeated", "as long", "a stretch"])
def test_noise_has_the_signal_to_noise_ratio_asked_for(tmp_path, samples):
    noise = np.random.default_rng(0).standard_normal(samples).astype(np.float32)
    info = [[1.0, scp_of(tmp_path, "noise", noise), [1, 1], [7, 7]], [0, "absent.scp", [1, 1], [0, 0]]]
    wave = tone(440, 16000, 1e-3)
    added = heard({"noise_info": info}, wave) - wave
    assert 10 * np.log10(power(wave) / power(added)) == pytest.approx(7, abs=0.01)


def test_noises_are_as_many_as_asked_for(tmp_path):
    """At 0 dB each, n unlike noises are n times as strong as one."""
    noises = np.random.default_rng(0).standard_normal((20, 16000)).astype(np.float32)
    info = [[1.0, scp_of(tmp_path, "noise", *noises), [2, 4], [0, 0]]]
    wave = tone(440, 16000)
    ratios = [power(heard({"noise_info": info}, wave, key) - wave) / power(wave) for key in range(30)]
    assert min(ratios) == pytest.approx(2, abs=0.2)
    assert max(ratios) > 3.5


def test_kinds_of_noise_come_by_their_weights_and_noise_by_its_probability(tmp_path):
    info = [
        [3.0, scp_of(tmp_path, "low", tone(500, 8000)), [1, 1], [0, 0]],
        [1.0, scp_of(tmp_path, "high", tone(4000, 8000)), [1, 1], [0, 0]],
    ]
    wave = tone(1000, 8000)
    counts = {0: 0, 500: 0, 4000: 0}
    for key in range(200):
        added = heard({"noise_info": info, "noise_apply_prob": 0.5}, wave, key) - wave
        counts[int(np.argmax(np.abs(np.fft.rfft(added)))) * 2] += 1
    assert counts[0] == pytest.approx(100, abs=25)
    assert counts[500] == pytest.approx(75, abs=25)
    assert counts[4000] == pytest.approx(25, abs=15)


def test_noise_of_another_rate_is_resampled(tmp_path):
    noise = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(88200) / 44100)
    info = [[1.0, scp_of(tmp_path, "noise", noise, rate=44100), [1, 1], [0, 0]]]
    added = heard({"noise_info": info}, tone(440, RATE)) - tone(440, RATE)
    assert np.argmax(np.abs(np.fft.rfft(added))) == 1000


def test_short_noise_is_told_once(tmp_path, caplog):
    info = [[1.0, scp_of(tmp_path, "noise", tone(500, 100)), [3, 3], [0, 0]]]
    with caplog.at_level(logging.WARNING):
        heard({"noise_info": info}, tone(440, 8000))
    assert len(caplog.messages) == 1
    assert "noise0.wav: noise of 0.01 s, much shorter" in caplog.messages[0]


def test_silent_speech_or_noise_stays_finite(tmp_path):
    info = [[1.0, scp_of(tmp_path, "noise", np.zeros(8000)), [1, 1], [0, 0]]]
    assert np.array_equal(heard({"noise_info": info}, tone(440, 8000)), tone(440, 8000))
    conf = {"noise_info": [[1.0, scp_of(tmp_path, "n", tone(500, 8000)), [1, 1], [0, 0]]], "telephone_apply_prob": 1.0}
    conf["rir_scp"] = scp_of(tmp_path, "rir", np.ones(10))
    assert not heard(conf, np.zeros(8000, np.float32)).any()


def test_a_room_keeps_length_loudness_and_place():
    rir = np.zeros(4000, np.float32)
    rir[[700, 1200, 3900]] = 0.5, 0.2, -0.1  # the direct sound comes after 700 samples
    wave = np.random.default_rng(0).standard_normal(20000).astype(np.float32)
    wet = reverberate(wave, rir)
    assert wet.shape == wave.shape
    assert power(wet) == pytest.approx(power(wave), rel=1e-5)
    expected = np.convolve(wave, rir)[700 : 700 + 20000]
    assert wet == pytest.approx(expected * np.sqrt(power(wave) / power(expected)), abs=1e-4)


def test_rooms_come_by_their_probability_from_any_channel(tmp_path):
    rirs = np.zeros((300, 2), np.float32)
    rirs[0] = 1
    rirs[200, 1] = 0.9
    wave = tone(440, 16000) * np.linspace(0, 1, 16000, dtype=np.float32)
    conf = {"rir_scp": scp_of(tmp_path, "rir", rirs), "rir_apply_prob": 0.5}
    dry = [np.allclose(heard(conf, wave, key), wave, atol=1e-5) for key in range(100)]
    assert sum(dry) == pytest.approx(75, abs=15)  # without a room, or through the channel that is none


@pytest.mark.parametrize("law", [None, mu_law, a_law])
@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_the_telephone_passes_its_band_only(law, ratio):
    rate = 8000 * ratio
    time = np.arange(rate) / rate
    tones = {hertz: np.sin(2 * np.pi * hertz * time) for hertz in (100, 1000, 3000, 3850)}
    if ratio > 1:
        tones[6000] = np.sin(2 * np.pi * 6000 * time)
    line = telephone(0.2 * np.sum(list(tones.values()), axis=0).astype(np.float32), ratio, law)
    assert line.shape == (rate,)
    assert line.dtype == np.float32
    loudness = {hertz: 2 * np.mean(line * tone) / 0.2 for hertz, tone in tones.items()}
    assert loudness.pop(1000) == pytest.approx(1, abs=0.02)
    assert loudness.pop(3000) == pytest.approx(1, abs=0.02)
    assert max(map(abs, loudness.values())) < 0.02


@pytest.mark.parametrize("law", [mu_law, a_law])
def test_eight_bits_are_finer_the_quieter_it_is(law):
    loud = np.linspace(-1, 1, 10001)
    assert len(np.unique(np.round(law(loud), 12))) in (254, 255)
    assert abs(law(loud) - loud).max() < 0.03
    quiet = np.linspace(-0.01, 0.01, 1001)
    assert abs(law(quiet) - quiet).max() < 0.0006
    assert law(np.array([-1.0, 0.0, 1.0])) == pytest.approx([-1, 0, 1])


@pytest.mark.parametrize("law", [mu_law, a_law])
def test_the_telephone_clips_nothing(law):
    wave = 3 * tone(1000, 16000, 1.0)
    assert abs(telephone(wave, 2, law)[4000:12000]).max() == pytest.approx(3, rel=0.05)


def test_a_made_up_room_has_echoes_behind_the_direct_sound_and_is_another_one_each_time():
    click = np.zeros(RATE, np.float32)
    click[1000] = 0.5
    rooms = [heard({"room_apply_prob": 1.0}, click, key) for key in range(40)]
    for wave in rooms:
        assert wave.dtype == np.float32 and wave.shape == click.shape
        assert abs(wave[:1000]).max() < 1e-6 and np.argmax(abs(wave)) == 1000
        assert np.square(wave).sum() == pytest.approx(0.25, rel=1e-3)
    echoes = [np.square(wave[1001:]).sum() / wave[1000] ** 2 for wave in rooms]  # of power over the direct sound
    assert 10**-1.5 < min(echoes) * 1.2 < 0.2 and 1.0 < max(echoes) < 2.1


@pytest.mark.parametrize("key", range(5))
def test_made_up_noise_lies_below_the_speech_by_what_it_may(key):
    wave = tone(440, RATE)
    noise = heard({"hiss_apply_prob": 1.0}, wave, key) - wave
    snr_db = 10 * np.log10(np.square(wave).sum() / np.square(noise).sum())
    assert 4.9 < snr_db < 30.1
    power = np.square(np.abs(np.fft.rfft(noise)))
    assert power[100:1000].mean() > 0.8 * power[-1000:].mean()  # white to pink


@pytest.mark.parametrize("what", ["room_apply_prob", "hiss_apply_prob"])
def test_what_is_made_up_comes_by_its_probability(what):
    wave = tone(440, RATE)
    same = sum(np.array_equal(heard({what: 0.3}, wave, key), wave) for key in range(100))
    assert 55 <= same <= 85


@pytest.mark.parametrize(("epoch", "share"), [(1, 0.0), (3, 0.5), (5, 1.0), (40, 1.0)])
def test_changes_are_eased_in(epoch, share):
    wave = tone(440, 4000)
    conf = {"hiss_apply_prob": 1.0, "speed_perturb": [0.9], "target_duration": 0.1, "ease_in_epochs": 4}
    plain = heard({"target_duration": 0.1}, wave[:1600])
    changed = sum(not np.allclose(power(heard(conf, wave, key, epoch)), power(plain), rtol=1e-4) for key in range(100))
    assert abs(changed / 100 - share) < (0.15 if 0 < share < 1 else 1e-9)


def test_telephones_come_by_their_probability():
    wave = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    same = sum(np.array_equal(heard({"telephone_apply_prob": 0.3}, wave, key), wave) for key in range(100))
    assert same == pytest.approx(70, abs=15)


def test_the_key_decides_everything(tmp_path):
    noise = np.random.default_rng(0).standard_normal(60000).astype(np.float32)
    conf = {
        "target_duration": 0.5,
        "speed_perturb": [0.9, 1.0, 1.1],
        "noise_info": [[1.0, scp_of(tmp_path, "noise", noise), [1, 3], [0, 15]]],
        "rir_scp": scp_of(tmp_path, "rir", np.exp(-np.arange(1000) / 200)),
        "rir_apply_prob": 0.5,
        "telephone_apply_prob": 0.5,
    }
    wave = tone(440, 16000)
    assert np.array_equal(heard(conf, wave, (1, 2, 3, 4)), heard(conf, wave, (1, 2, 3, 4)))
    assert not np.array_equal(heard(conf, wave, (1, 2, 3, 4)), heard(conf, wave, (1, 2, 3, 5)))


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({"noise_aply_prob": 0.5}, "preprocessor_conf: unknown key 'noise_aply_prob'; did you mean noise_apply_prob"),
        ({"zzz": 1}, "unknown key 'zzz'; expected one of fix_duration, target_duration"),
        ({"sample_rate": 8000}, "sample_rate: found 8000, but the audio has 16000 Hz"),
        ({"noise_apply_prob": 1.5}, "noise_apply_prob: found 1.5, expected a number from 0 to 1"),
        ({"rir_apply_prob": None}, "rir_apply_prob: found None, expected a number from 0 to 1"),
        ({"target_duration": 0}, "target_duration: found 0, expected seconds"),
        ({"speed_perturb": "0.9 1.1"}, "speed_perturb: found '0.9 1.1', expected a list of speeds"),
        ({"speed_perturb": [0.1]}, "expected a list of speeds from 0.5 to 2"),
        (
            {"noise_info": [[1.0, "a.scp", [2, 1], [0, 5]]]},
            r"noise_info: found .* expected a list of \[weight, list of",
        ),
        ({"noise_info": [[1.0, "a.scp", 1, [0, 5]]]}, r"noise_info: found .* expected a list of \[weight, list of"),
        ({"noise_info": "a.scp"}, r"noise_info: found 'a.scp', expected a list of \[weight"),
        ({"rir_scp": ["a.scp"]}, r"rir_scp: found \['a.scp'\], expected the path of a list"),
        ({"fix_duration": "no"}, "fix_duration: found 'no', expected true or false"),
        (
            {"noise_info": [[1.0, "absent.scp", [1, 1], [0, 5]]]},
            "absent.scp: no such list of audio files; make it from MUSAN .*openslr.org/17.*noise_apply_prob: 0.0",
        ),
        (
            {"rir_scp": "absent.scp"},
            "absent.scp: no such list of audio files; make it from RIRS_NOISES .*openslr.org/28.*rir_apply_prob: 0.0",
        ),
    ],
)
def test_mistakes_in_the_conf_are_told(conf, message):
    with pytest.raises(GeoLIDError, match=message):
        heard(conf, tone(440, 100))


def test_a_rate_that_no_telephone_has_is_told():
    with pytest.raises(GeoLIDError, match="telephone_apply_prob: the audio has 44100 Hz, expected a multiple of 8000"):
        Augmenter(AugmentConf(telephone_apply_prob=0.5), 44100)


def test_a_missing_noise_file_is_named(tmp_path):
    (tmp_path / "noise.scp").write_text(f"id {tmp_path}/absent.wav\n")
    with pytest.raises(GeoLIDError, match="no such file: .*absent.wav"):
        heard({"noise_info": [[1.0, str(tmp_path / "noise.scp"), [1, 1], [0, 5]]]}, tone(440, 100))
