"""What the encoders share: the walk through the layers, SpecAugment, LayerDrop, checkpointing and freezing.

transformers' modules are called one by one instead of its forward, which returns other hidden states from version to
version, and fewer of them under LayerDrop.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedConfig, PreTrainedModel

from geolid.errors import GeoLIDError
from geolid.model.padding import frame_mask
from geolid.model.ssl.spec_augment import span_mask

# (zero-based layer, its output (batch, frames, width), real frames (batch,)) -> what goes on in its place
AfterLayer = Callable[[int, Tensor, Tensor], Tensor]
# (layer, its input) -> its output
Step = Callable[[nn.Module, Tensor], Tensor]
# values in a config that follow from others
_DERIVED = ("num_feat_extract_layers", "output_hidden_size")


class SSLEncoder(nn.Module, ABC):
    """An encoder whose parameters are `model.<transformers' names>`.

    `hop` is the number of samples between frames; an utterance of fewer than `fewest_samples` is filled up with zeros.
    """

    config_class: type[PreTrainedConfig]
    preprocessing: dict[str, Any] = {}  # settings of transformers' preprocessor that are ours to heed; their defaults
    hop: int
    fewest_samples: int

    def __init__(self, model: PreTrainedModel, activation_checkpointing: bool = False):
        super().__init__()
        self.model = model
        self.num_layers: int = model.config.num_hidden_layers
        self.width: int = model.config.hidden_size
        self.activation_checkpointing = activation_checkpointing
        self._frozen: list[nn.Module] = []

    @abstractmethod
    def frame_lengths(self, samples: Tensor) -> Tensor:
        """Return how many real frames (batch,) come of so many samples (batch,)."""

    @abstractmethod
    def _features(self, speech: Tensor, samples: Tensor) -> Tensor:
        """Return what SpecAugment masks, (batch, frames, width), of speech that is 0 behind its real samples."""

    @abstractmethod
    def _begin(self, features: Tensor, mask: Tensor | None) -> tuple[Tensor, Step]:
        """Return the input of the first layer, and how a layer is run; `mask` (batch, 1, frames) is true where real."""

    @abstractmethod
    def _front_end(self) -> list[nn.Module]:
        """Return the modules that turn waves into frames."""

    @abstractmethod
    def _ahead_of_layers(self) -> list[nn.Module]:
        """Return all modules that come before the first layer."""

    def _final_norm(self) -> nn.Module | None:
        """Return what follows the last layer."""
        return None

    def hidden_states(
        self, speech: Tensor, speech_lengths: Tensor, after_layer: AfterLayer | None = None
    ) -> Iterator[Tensor]:
        """Yield the states 0 to num_layers, each (batch, frames, width), of speech (batch, samples).

        State 0 is the input of the first layer, state i the output of layer i - 1 (from 0) as `after_layer` leaves it,
        the last one behind the final norm. Frames from an utterance's `frame_lengths` on mean nothing.
        """
        features = self._features(self._fit(speech, speech_lengths), speech_lengths)
        lengths = self.frame_lengths(speech_lengths)
        mask = frame_mask(lengths, features.shape[1])
        hidden, step = self._begin(self._spec_augment(features, lengths), mask)
        yield hidden
        for index, layer in enumerate(self.model.encoder.layers):
            if not self._drops(layer):
                hidden = self._sparing(step, layer, hidden)
            if after_layer is not None:
                hidden = after_layer(index, hidden, lengths)
            last = index == self.num_layers - 1
            yield self._final_norm()(hidden) if last and self._final_norm() else hidden

    def freeze(self, part: str | int | None) -> None:
        """Keep a part from learning: its parameters take no gradient, it stays in evaluation mode.

        `front_end` is what turns waves into frames, a number is all that comes before that many layers and they
        themselves, `all` is the whole encoder.
        """
        if part is None:
            return
        if part == "all":
            self._rest([self.model])
        elif part == "front_end":
            self._rest(self._front_end())
        elif isinstance(part, int) and not isinstance(part, bool) and 0 <= part <= self.num_layers:
            self._rest([*self._ahead_of_layers(), *self.model.encoder.layers[:part]])
            for parameter in self.model.parameters(recurse=False):  # SpecAugment's mask
                parameter.requires_grad_(False)
        else:
            raise GeoLIDError(
                f"frontend_conf: freeze: {part}; expected front_end, all, or a number of layers "
                f"from 0 to {self.num_layers}"
            )

    def freeze_beyond(self, state: int) -> None:
        """Freeze the layers that come after a hidden state, as nothing of them is used."""
        unused = list(self.model.encoder.layers[state:])
        if unused and self._final_norm():
            unused.append(self._final_norm())
        self._rest(unused)

    def train(self, mode: bool = True) -> "SSLEncoder":
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self

    def config_dict(self) -> dict:
        """Return what rebuilds the architecture without its source: values that are not transformers' defaults."""
        config, defaults = self.model.config.to_dict(), own_defaults(self.config_class)
        changed = {key: config[key] for key, default in defaults.items() if config[key] != default}
        preprocessing = {key: getattr(self, key) for key in self.preprocessing}
        return {"model_type": self.config_class.model_type, **changed, **preprocessing}

    def _rest(self, modules: list[nn.Module]) -> None:
        for module in modules:
            module.requires_grad_(False)
        self._frozen += modules
        self.train(self.training)

    def _fit(self, speech: Tensor, samples: Tensor) -> Tensor:
        """Return speech that is as long as the longest utterance, and 0 behind the real samples of each."""
        longest = max(int(samples.max()), self.fewest_samples)
        speech = functional.pad(speech[:, :longest].float(), (0, max(longest - speech.shape[1], 0)))
        mask = frame_mask(samples, longest)
        return speech if mask is None else speech.masked_fill(~mask.squeeze(1), 0.0)

    def _spec_augment(self, features: Tensor, lengths: Tensor) -> Tensor:
        config = self.model.config
        # the masks lie on what the projection gives, so they rest with it when it is frozen
        if not (self.model.feature_projection.training and config.apply_spec_augment):
            return features
        batch, frames, width = features.shape
        if config.mask_time_prob > 0:
            masked = span_mask(
                lengths, frames, config.mask_time_prob, config.mask_time_length, config.mask_time_min_masks
            )
            features = torch.where(masked[..., None], self.model.masked_spec_embed.to(features.dtype), features)
        if config.mask_feature_prob > 0:
            masked = span_mask(
                torch.full((batch,), width, device=features.device),
                width,
                config.mask_feature_prob,
                config.mask_feature_length,
                config.mask_feature_min_masks,
            )
            features = features.masked_fill(masked[:, None], 0.0)
        return features

    def _drops(self, layer: nn.Module) -> bool:
        rate = self.model.config.layerdrop
        return layer.training and rate > 0 and bool(torch.rand(()) < rate)

    def _sparing(self, run: Callable[..., Tensor], *inputs) -> Tensor:
        """Run a step, without keeping its insides for the backward pass if that is asked for."""
        if self.activation_checkpointing and torch.is_grad_enabled():
            return checkpoint(run, *inputs, use_reentrant=False)
        return run(*inputs)


def own_defaults(config_class: type[PreTrainedConfig]) -> dict:
    """Return the keys that an architecture's config adds to those of every config, with their defaults."""
    not_own = {*PreTrainedConfig().to_dict(), *_DERIVED}
    return {key: value for key, value in config_class().to_dict().items() if key not in not_own}
