"""How an utterance is heard in training: its speed, a crop, its voice, a room, noise, a telephone; in this order.

Rooms and noise come from files, or are made up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from geolid.data.resample import resample
from geolid.errors import GeoLIDError, refuse_unknown
from geolid.train.hiss import Hiss
from geolid.train.noise import NOISE_REMEDY, NoiseAdder, NoiseKind, read_file_list
from geolid.train.reverberation import RIR_REMEDY, Reverberator
from geolid.train.rooms import MadeUpRoom
from geolid.train.telephone import Telephone


@dataclass(frozen=True)
class AugmentConf:
    """`preprocessor_conf` of a config: the keys of ESPnet's LIDPreprocessor, and ours. All augmentation is off."""

    fix_duration: bool = True  # bring every utterance to target_duration, where one is given
    target_duration: float | None = None  # seconds: a crop of longer utterances, shorter ones repeated
    sample_rate: int | None = None  # Hz; only compared with fs, which tells the rate
    speed_perturb: tuple[float, ...] = ()  # speeds to choose from, such as [0.9, 1.0, 1.1]; the language stays
    voice_apply_prob: float = 0.0  # formants moved, as if somebody else spoke
    voice_strength: float = 0.25  # by factors from 1 / (1 + this) to 1 + this
    rir_scp: str | None = None  # a list of room impulse responses
    rir_apply_prob: float = 1.0
    room_apply_prob: float = 0.0  # a made-up room
    # [weight, list of files, [fewest, most] mixed at once, [lowest, highest] dB of speech over each] a kind of noise
    noise_info: tuple[tuple[float, str, tuple[int, int], tuple[float, float]], ...] = ()
    noise_apply_prob: float = 1.0
    short_noise_thres: float = 0.5  # noise of less than this share of the speech is warned of
    hiss_apply_prob: float = 0.0  # made-up noise, white to pink
    telephone_apply_prob: float = 0.0  # 300 to 3400 Hz, with mu-law, A-law or neither
    # In the first so many epochs only a part of the utterances is changed: none in the first, then more and more.
    ease_in_epochs: int = 0

    def __post_init__(self) -> None:
        for name in (
            "voice_apply_prob",
            "voice_strength",
            "rir_apply_prob",
            "room_apply_prob",
            "noise_apply_prob",
            "hiss_apply_prob",
            "telephone_apply_prob",
            "short_noise_thres",
        ):
            value = getattr(self, name)
            _expect(_is_number(value) and 0 <= value <= 1, name, value, "a number from 0 to 1")
        _expect(isinstance(self.fix_duration, bool), "fix_duration", self.fix_duration, "true or false")
        epochs = self.ease_in_epochs
        _expect(type(epochs) is int and epochs >= 0, "ease_in_epochs", epochs, "a number of epochs, or 0")
        seconds = self.target_duration
        _expect(seconds is None or _is_number(seconds) and seconds > 0, "target_duration", seconds, "seconds, or null")
        speeds = self.speed_perturb
        _expect(
            isinstance(speeds, (list, tuple)) and all(_is_number(speed) and 0.5 <= speed <= 2 for speed in speeds),
            "speed_perturb",
            speeds,
            "a list of speeds from 0.5 to 2, such as [0.9, 1.0, 1.1]",
        )
        scp = self.rir_scp
        _expect(scp is None or isinstance(scp, str), "rir_scp", scp, "the path of a list of files, or null")
        _expect(
            isinstance(self.noise_info, (list, tuple)) and all(map(_is_noise_kind, self.noise_info)),
            "noise_info",
            self.noise_info,
            "a list of [weight, list of files, [fewest, most] to mix, [lowest, highest] dB]",
        )

    @property
    def uses_rirs(self) -> bool:
        return self.rir_scp is not None and self.rir_apply_prob > 0

    @property
    def noise_kinds(self) -> list[NoiseKind]:
        """The kinds of noise that can come up."""
        return [NoiseKind(*kind) for kind in self.noise_info if kind[0] > 0] if self.noise_apply_prob > 0 else []

    def read_lists(self) -> list[Path]:
        """Return the lists of files that are used, each of which has to be one."""
        lists = {Path(self.rir_scp): RIR_REMEDY} if self.uses_rirs else {}
        lists |= {Path(kind.scp): NOISE_REMEDY for kind in self.noise_kinds}
        for path, remedy in lists.items():
            read_file_list(path, remedy)
        return list(lists)


def read_augment_conf(conf: Mapping[str, Any], rate: int) -> AugmentConf:
    """Read `preprocessor_conf`; `rate` is that of the audio."""
    known = [field.name for field in fields(AugmentConf)]
    refuse_unknown("preprocessor_conf", conf, known)
    given = {
        key: () if value is None and key in ("noise_info", "speed_perturb") else value for key, value in conf.items()
    }
    augment_conf = AugmentConf(**given)
    if augment_conf.sample_rate not in (None, rate):
        raise GeoLIDError(
            f"preprocessor_conf: sample_rate: found {augment_conf.sample_rate}, but the audio has {rate} Hz; leave the "
            "key out, or format the audio at that rate (--fs)"
        )
    return augment_conf


class Augmenter:
    """Reads and changes utterances as a configuration says. What has probability 0 is never looked for."""

    def __init__(self, conf: AugmentConf, rate: int):
        self._speeds = tuple(conf.speed_perturb) or (1.0,)
        wants_crop = conf.fix_duration and conf.target_duration is not None
        self._target = round(conf.target_duration * rate) if wants_crop else None
        self._rate = rate
        self._ease_in_epochs = conf.ease_in_epochs
        self._steps: list[Callable[[np.ndarray, np.random.Generator], np.ndarray]] = []
        if conf.voice_apply_prob > 0:
            from geolid.train.voice import VoiceChanger  # imports torch: not for reading a configuration

            self._steps.append(VoiceChanger(conf.voice_apply_prob, conf.voice_strength, rate))
        if conf.uses_rirs:
            self._steps.append(Reverberator(Path(conf.rir_scp), conf.rir_apply_prob, rate))
        if conf.room_apply_prob > 0:
            self._steps.append(MadeUpRoom(conf.room_apply_prob, rate))
        if kinds := conf.noise_kinds:
            self._steps.append(NoiseAdder(kinds, conf.noise_apply_prob, conf.short_noise_thres, rate))
        if conf.hiss_apply_prob > 0:
            self._steps.append(Hiss(conf.hiss_apply_prob))
        if conf.telephone_apply_prob > 0:
            self._steps.append(Telephone(conf.telephone_apply_prob, rate))

    def longest(self, lengths: np.ndarray) -> np.ndarray:
        """Return how long utterances of these lengths, (utterances,) in samples, can get: batches are filled by it."""
        if self._target is not None:
            return np.full_like(lengths, self._target)
        slowest = min(self._speeds)
        return lengths if slowest >= 1 else np.ceil(lengths / slowest).astype(lengths.dtype)

    def __call__(
        self, read: Callable[[int, int], np.ndarray], length: int, epoch: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Return an utterance of `length` samples as it is heard in an epoch, from 1: (samples,) float32.

        `read(first, count)` gives its samples; of a long utterance only the crop is read.
        """
        as_it_is = epoch <= self._ease_in_epochs and rng.random() >= (epoch - 1) / self._ease_in_epochs
        speed = 1.0 if as_it_is else float(rng.choice(self._speeds))
        wave = self._read_crop(read, length, speed, rng)
        for step in () if as_it_is else self._steps:
            wave = step(wave, rng)
        return wave

    def _read_crop(
        self, read: Callable[[int, int], np.ndarray], length: int, speed: float, rng: np.random.Generator
    ) -> np.ndarray:
        # what is played faster has to be longer
        needed = length if self._target is None else int(np.ceil(self._target * speed))
        count = min(length, needed)
        wave = read(int(rng.integers(0, length - count, endpoint=True)), count)
        if speed != 1:
            wave = resample(wave, self._rate, self._rate, speed)
        return wave if self._target is None else np.resize(wave, self._target)


def _expect(good: bool, key: str, found: object, expected: str) -> None:
    if not good:
        raise GeoLIDError(f"preprocessor_conf: {key}: found {found!r}, expected {expected}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_noise_kind(kind: object) -> bool:
    if not (isinstance(kind, (list, tuple)) and len(kind) == 4):
        return False
    weight, scp, number, snr = kind
    return (
        _is_number(weight)
        and weight >= 0
        and isinstance(scp, str)
        and _is_range(number)
        and all(isinstance(end, int) for end in number)
        and number[0] >= 0
        and _is_range(snr)
    )


def _is_range(value: object) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]
