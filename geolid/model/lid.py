"""The language identifier: front end, encoder, pooling, projection, class loss, and what it knows of languages' places.

waves (batch, samples)
  -> front end: frames (batch, frames, dim), with conditioning inside its layers
  -> mean normalisation -> ECAPA-TDNN (batch, dim, frames) -> pooling (batch, dim) -> projection: embedding (batch, 192)
  -> scores of the languages, and the language's predicted vector
"""

from dataclasses import dataclass, field

import torch
from espnet2.asr.frontend.abs_frontend import AbsFrontend
from espnet2.asr.specaug.abs_specaug import AbsSpecAug
from espnet2.layers.abs_normalize import AbsNormalize
from espnet2.spk.projector.abs_projector import AbsProjector
from espnet2.train.abs_espnet_model import AbsESPnetModel
from torch import Tensor, nn

from geolid.errors import GeoLIDError
from geolid.model.batch_norm import convert_batch_norms
from geolid.model.conditioning import Conditioning
from geolid.model.language_vectors import LossMixing, vector_dim, vector_loss
from geolid.model.losses import CosineSoftmax


@dataclass(frozen=True)
class Identification:
    """What the model makes of a batch."""

    embedding: Tensor  # (batch, dim)
    logits: Tensor  # (batch, languages); their softmax are the probabilities
    vector: Tensor | None  # (batch, dims): the language's vector, as predicted from the embedding
    layer_vectors: dict[int, Tensor] = field(default_factory=dict)  # the same, as predicted at the encoder's layers

    @property
    def languages(self) -> Tensor:
        """The index of the best language, (batch,)."""
        return self.logits.argmax(dim=1)


class VectorHead(nn.Linear):
    """Predicts a language's vector from its embedding."""

    def __init__(self, embedding_size: int, kind: str, stated_dim: int | None = None):
        super().__init__(embedding_size, vector_dim(kind, stated_dim))
        self.kind = kind


class GeoLIDModel(AbsESPnetModel):
    """An ESPnet model: `model(speech, speech_lengths, lid_labels)` gives its trainer loss, statistics and weight.

    Without a `vector_head` it is a plain language identifier; `conditioning` needs a head and a front end with layers.
    """

    def __init__(
        self,
        frontend: AbsFrontend,
        specaug: AbsSpecAug | None,
        normalize: AbsNormalize | None,
        encoder: nn.Module,
        pooling: nn.Module,
        projector: AbsProjector,
        loss: CosineSoftmax,
        vector_head: VectorHead | None = None,
        conditioning: Conditioning | None = None,
        loss_mixing: LossMixing | None = None,
    ):
        super().__init__()
        if conditioning is not None and vector_head is None:
            raise GeoLIDError("conditioning needs a loss that predicts vectors: loss: aamsoftmax_sc_topk_lang2vec")
        self.frontend = frontend
        self.specaug = specaug
        self.normalize = normalize
        self.encoder = encoder
        self.pooling = pooling
        self.projector = projector
        self.loss = loss
        self.vector_head = vector_head
        self.conditioning = conditioning
        self.loss_mixing = loss_mixing or LossMixing()
        convert_batch_norms(self)

    def forward(
        self,
        speech: Tensor,
        speech_lengths: Tensor,
        lid_labels: Tensor | None = None,
        extract_embd: bool = False,
        lang2vecs: Tensor | None = None,
        **_unused,
    ):
        """Return (loss, statistics, weight) for training; with extract_embd (embeddings, indices of languages).

        speech is (batch, samples); speech_lengths, lid_labels (batch,); lang2vecs (batch, dims), if there are any.
        """
        found = self.identify(speech, speech_lengths)
        if extract_embd:
            return found.embedding, found.languages
        if lid_labels is None:
            raise GeoLIDError(
                "the model was called without lid_labels; without them only extract_embd=True has a result"
            )
        loss, stats = self.losses(found, lid_labels, lang2vecs)
        return loss, stats, loss.new_tensor([float(len(speech))])

    def judge(
        self, speech: Tensor, speech_lengths: Tensor, lid_labels: Tensor, lang2vecs: Tensor | None = None, **_unused
    ):
        """Return the statistics of a batch and the indices of the languages found, for validation."""
        found = self.identify(speech, speech_lengths)
        return self.losses(found, lid_labels, lang2vecs)[1], found.languages

    def identify(self, speech: Tensor, speech_lengths: Tensor) -> Identification:
        """Go all the way from waves (batch, samples) to languages."""
        frames, lengths, layer_vectors = self._frames(speech, speech_lengths)
        embedding = self.projector(self._pooled(frames, lengths))
        vector = self.vector_head(embedding) if self.vector_head is not None else None
        return Identification(embedding, self.loss.logits(embedding), vector, layer_vectors)

    def losses(self, found: Identification, labels: Tensor, vectors: Tensor | None) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss to train by, and each of its terms by itself, unweighted."""
        labels = labels.view(-1)
        class_loss = self.loss(found.embedding, labels)
        stats = {"class_loss": class_loss, "accuracy": (found.languages == labels).float().mean()}
        loss = class_loss
        if self.vector_head is not None and vectors is not None:
            kind = self.vector_head.kind
            main = vector_loss(kind, found.vector, vectors)
            stats[f"{kind}_loss"] = main
            layers = None
            for layer, predicted in found.layer_vectors.items():
                stats[f"{kind}_loss_layer{layer}"] = vector_loss(kind, predicted, vectors)
            if found.layer_vectors:
                layers = torch.stack([stats[f"{kind}_loss_layer{layer}"] for layer in found.layer_vectors]).mean()
                stats[f"{kind}_loss_layers"] = layers
            loss = self.loss_mixing.mix(class_loss, main, layers if self.loss_mixing.layers_weight > 0 else None)
        stats["loss"] = loss
        return loss, {name: value.detach() for name, value in stats.items()}

    def collect_feats(self, speech: Tensor, speech_lengths: Tensor, **_unused) -> dict[str, Tensor]:
        frames, lengths, _ = self._frames(speech, speech_lengths)
        return {"feats": frames, "feats_lengths": lengths}

    def _frames(self, speech: Tensor, speech_lengths: Tensor) -> tuple[Tensor, Tensor, dict[int, Tensor]]:
        layer_vectors: dict[int, Tensor] = {}

        def condition(layer: int, hidden: Tensor, lengths: Tensor) -> Tensor:
            hidden, predicted = self.conditioning(layer, hidden, lengths)
            if predicted is not None:
                layer_vectors[layer + self.conditioning.layer_origin] = predicted
            return hidden

        if self.conditioning is None:
            frames, lengths = self.frontend(speech, speech_lengths)
        else:
            frames, lengths = self.frontend(speech, speech_lengths, after_layer=condition)
        if self.specaug is not None and self.training:
            frames, _ = self.specaug(frames, lengths)
        if self.normalize is not None:
            frames, _ = self.normalize(frames, lengths)
        return frames, lengths, layer_vectors

    def _pooled(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Encode and pool (batch, frames, dim) to (batch, dim)."""
        if getattr(self.encoder, "knows_padding", False):
            return self.pooling(self.encoder(frames, lengths), lengths)
        # ESPnet's other encoders take padding for speech
        if self.training:
            encoded = self.encoder(frames)
            return self.pooling(encoded, lengths if encoded.shape[-1] == frames.shape[1] else None)
        # utterances of one length go together, without any
        pooled: list[Tensor | None] = [None] * len(frames)
        for length in lengths.unique().tolist():
            rows = (lengths == length).nonzero().flatten()
            for row, vector in zip(rows.tolist(), self.pooling(self.encoder(frames[rows, :length])), strict=True):
                pooled[row] = vector
        return torch.stack(pooled)
