"""Every upstream of s3prl, by its name, through the front end that ESPnet has for it.

s3prl 0.4.18 was written for a torchaudio that could call sox: it asks for `torchaudio.set_audio_backend` and
`torchaudio.sox_effects` while it is imported, both of which torchaudio 2.9 dropped (s3prl's issue 575). Nothing is
touched, and s3prl is not imported, before an upstream is asked for.
"""

import argparse
import difflib
import importlib
import inspect
import os
import pickle
import random
import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import torch
import torchaudio
from espnet2.asr.frontend.s3prl import S3prlFrontend
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from geolid.errors import GeoLIDError

# Upstreams fail on audio just shorter than 65 ms, of which they make no more than half the frames that s3prl expects.
_SHORTEST_SAMPLES = 1040
_ONLY_WEIGHTS, _TRUST_ALL = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"  # torch's switches


def s3prl_frontend(
    frontend_conf: dict | None = None,
    fs: int | str = 16000,
    download_dir: str | None = None,
    multilayer_feature: bool = False,
    layer: int = -1,
) -> S3prlFrontend:
    """Build ESPnet's front end around the s3prl upstream that `frontend_conf` names; the options are ESPnet's.

    `frontend_conf` holds upstream, and where the upstream wants them path_or_url, normalize and extra_conf.
    """
    prepare()
    conf = dict(frontend_conf or {})
    _refuse_unusable(conf)
    if multilayer_feature and layer != -1:
        raise GeoLIDError(f"frontend_conf: multilayer_feature is the sum of all layers; leave out layer: {layer}")
    upstream = f"frontend_conf: upstream: {conf['upstream']}"
    try:
        return _Frontend(fs, conf, download_dir, multilayer_feature, layer)
    except pickle.UnpicklingError as error:
        raise GeoLIDError(
            f"{upstream}: its checkpoint holds Python objects beside weights, and loading those can run code; "
            f"if you trust where it comes from, set {_TRUST_ALL}=1"
        ) from error
    except OSError as error:
        reason = str(error).partition("\n")[0]
        raise GeoLIDError(
            f"{upstream}: its checkpoint cannot be had: {reason}; without network, fetch it elsewhere and name it by "
            f"path_or_url, with {_reader(conf['upstream'])} as upstream, or name by download_dir the folder in which "
            "s3prl has kept it"
        ) from error


def prepare() -> None:
    """Import s3prl, with a stand-in for each name that it asks of torchaudio and that torchaudio does not have."""
    if not hasattr(torchaudio, "set_audio_backend"):
        torchaudio.set_audio_backend = _set_audio_backend
    try:
        importlib.import_module("torchaudio.sox_effects")
    except ModuleNotFoundError:
        sox_effects = types.ModuleType("torchaudio.sox_effects", "Stands in for what torchaudio dropped.")
        sox_effects.apply_effects_tensor = _apply_effects_tensor
        sys.modules[sox_effects.__name__] = torchaudio.sox_effects = sox_effects
    with _no_dictionaries_fetched():
        importlib.import_module("s3prl.nn")


class _Frontend(S3prlFrontend):
    """ESPnet's, without its second copy of the upstream; in evaluation no utterance depends on its neighbours."""

    def __init__(self, *options):
        with _random_state_kept(), _nothing_but_weights():
            super().__init__(*options)
        del self.pretrained_params  # as large as the upstream itself
        self._options = options
        config = getattr(getattr(self.upstream.upstream, "model", None), "config", None)
        if hasattr(config, "layerdrop"):
            config.layerdrop = 0.0  # transformers leaves out the hidden states of dropped layers, s3prl counts them
        if not self.multilayer_feature and hasattr(self.featurizer, "weights"):
            self.featurizer.weights.requires_grad_(False)  # without a sum; DDP would wait for their gradient

    def reload_pretrained_parameters(self) -> None:
        """Read the upstream anew; ESPnet asks for it after `init` has overwritten all parameters."""
        self.upstream.load_state_dict(_Frontend(*self._options).upstream.state_dict())

    def forward(self, input: Tensor, input_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (batch, frames, dim) and frames (batch,) of waves (batch, samples).

        Most upstreams let the padding of a shorter utterance into its frames: the last ones, or all of them where a
        norm runs over time. So, but for training, only utterances of one length go through the upstream together.
        """
        if self.training:
            return super().forward(_ended(input, input_lengths), input_lengths)
        features = [None] * len(input)
        for samples in input_lengths.unique().tolist():
            rows = (input_lengths == samples).nonzero().flatten()
            waves = functional.pad(input[rows, :samples], (0, max(_SHORTEST_SAMPLES - samples, 0)))
            padded = torch.full_like(rows, waves.shape[1])
            group, _ = super().forward(_ended(waves, padded), padded)
            for row, frames in zip(rows.tolist(), group, strict=True):
                features[row] = frames[: -(-samples // self.hop_length)]
        return pad_sequence(features, batch_first=True), -(-input_lengths // self.hop_length)


def _ended(waves: Tensor, lengths: Tensor) -> Tensor:
    """Return waves whose last sample is not 0, for mel and linear take the last that is not for an utterance's end."""
    rows, last = torch.arange(len(waves), device=waves.device), lengths.to(waves.device) - 1
    ends = waves[rows, last]
    return waves.index_put((rows, last), torch.where(ends == 0, torch.finfo(waves.dtype).tiny, ends))


def _reads_checkpoint(name: str) -> bool:
    """Say whether an upstream takes a checkpoint; all others fetch their own, or need none."""
    from s3prl import hub

    options = inspect.signature(getattr(hub, name)).parameters
    return name.endswith(("_local", "_custom", "_url")) and ("ckpt" in options or "model_config" not in options)


def _reader(name: str) -> str:
    """Return the upstream that reads a file for a model of this one's kind, as wav2vec2_local for xls_r_300m."""
    from s3prl import hub
    from s3prl.nn import S3PRLUpstream

    kind = getattr(hub, name).__module__
    found = [other for other in S3PRLUpstream.available_names() if getattr(hub, other).__module__ == kind]
    readers = [other for other in found if _reads_checkpoint(other) and not other.endswith("_url")]
    return max(readers, key=lambda other: other.endswith("_local"), default="one that reads a file")


def _refuse_unusable(conf: dict) -> None:
    """Check what ESPnet and s3prl would only assert, or try to mend from the network."""
    from s3prl import hub
    from s3prl.nn import S3PRLUpstream

    name, path = conf.get("upstream"), conf.get("path_or_url")
    known = S3PRLUpstream.available_names()
    if name not in known:
        begin_alike = [other for other in known if name and other.startswith(str(name))]
        near = begin_alike[:3] or difflib.get_close_matches(str(name), known, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "s3prl.nn.S3PRLUpstream.available_names() lists them"
        raise GeoLIDError(f"frontend_conf: upstream: s3prl has none that is named {name}; {hint}")
    if conf.get("tile_factor", 1) != 1:
        raise GeoLIDError("frontend_conf: tile_factor: repeats frames without counting them; leave it at 1")
    given = {"refresh": False, **({"ckpt": path} if path is not None else {}), **(conf.get("extra_conf") or {})}
    try:
        inspect.signature(getattr(hub, name)).bind(**given)
    except TypeError as error:
        raise GeoLIDError(
            f"frontend_conf: upstream: {name}: {error}; path_or_url gives its 'ckpt', extra_conf all others"
        ) from None
    if path is not None and not _reads_checkpoint(name):
        raise GeoLIDError(
            f"frontend_conf: path_or_url: {path}: {name} has weights of its own, or none, and would not read these; "
            f"name {_reader(name)} as upstream, or leave path_or_url out"
        )
    if "ckpt" not in given and _reads_checkpoint(name):
        raise GeoLIDError(f"frontend_conf: upstream: {name} reads a checkpoint; name it by path_or_url")
    from_hub = name.startswith("hf_")
    if path is None or str(path).startswith("http"):
        return
    if not from_hub and not Path(path).exists():
        raise GeoLIDError(f"frontend_conf: path_or_url: no such file: {path}; name the checkpoint of {name}")
    if from_hub and Path(path).is_dir() and not any(Path(path).glob("*processor_config.json")):
        raise GeoLIDError(
            f"frontend_conf: path_or_url: {path} has no preprocessor_config.json, which says whether waves are "
            "normalised; copy it from where the model comes from"
        )


def _set_audio_backend(backend: str | None) -> None:
    """Do nothing, as in the last versions of torchaudio that had it."""


def _apply_effects_tensor(
    tensor: Tensor, sample_rate: int, effects: Sequence[Sequence[str]], channels_first: bool = True
) -> NoReturn:
    names = ", ".join(" ".join(str(word) for word in effect) for effect in effects)
    raise GeoLIDError(
        f"s3prl asks for the sox effects '{names}', and torchaudio {torchaudio.__version__} has no sox; apply them to "
        "the audio files beforehand, or use torchaudio.functional"
    )


@contextmanager
def _no_dictionaries_fetched() -> Iterator[None]:
    """Keep g2p_en, which s3prl imports through ESPnet's tasks, from fetching dictionaries that no upstream needs."""
    import nltk

    download, nltk.download = nltk.download, lambda *_, **__: False
    try:
        yield
    finally:
        nltk.download = download


@contextmanager
def _random_state_kept() -> Iterator[None]:
    """Undo that s3prl sets all seeds to 0 when it builds an upstream: what is drawn afterwards follows `seed`."""
    python_state, torch_state, seed = random.getstate(), torch.get_rng_state(), torch.initial_seed()
    try:
        yield
    finally:
        torch.manual_seed(seed)  # for GPUs, which may not have been started yet
        torch.set_rng_state(torch_state)
        random.setstate(python_state)


@contextmanager
def _nothing_but_weights() -> Iterator[None]:
    """Let checkpoints hold weights and plain options only, where s3prl would run what stands in some of them.

    Whoever trusts all of them says so by torch's own switch.
    """
    before = os.environ.get(_ONLY_WEIGHTS)
    if _TRUST_ALL not in os.environ:
        os.environ[_ONLY_WEIGHTS] = "1"
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            yield
    finally:
        os.environ.pop(_ONLY_WEIGHTS, None)
        if before is not None:
            os.environ[_ONLY_WEIGHTS] = before
