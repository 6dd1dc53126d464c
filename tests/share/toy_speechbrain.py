"""Folders of small random models as the installed SpeechBrain writes them, and the same models as it runs them."""

from pathlib import Path

import torch
from hyperpyyaml import load_hyperpyyaml
from speechbrain.dataio.encoder import CategoricalEncoder
from speechbrain.inference.classifiers import EncoderClassifier
from speechbrain.inference.interfaces import foreign_class
from speechbrain.utils.checkpoints import torch_save
from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

WIDTH = 24
LABELS = ["th: Thai", "de: German", "iw: Hebrew", "jw: Javanese", "en: English"]
_SHAPE = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 32,
    "conv_dim": [16] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "mask_time_prob": 0.075,
}
_STABLE = {"do_stable_layer_norm": True, "feat_extract_norm": "layer", "conv_bias": True}

_BEGIN = """
sample_rate: 16000
width: {width}
out_n_neurons: {labels}
wav2vec2_hub: {source}
save_folder: {folder}/hub

wav2vec2: !new:speechbrain.integrations.huggingface.wav2vec2.Wav2Vec2
    source: !ref <wav2vec2_hub>
    output_norm: {output_norm}
    freeze: True
    save_path: !ref <save_folder>/wav2vec2_checkpoint
"""
_END = """
label_encoder: !new:speechbrain.dataio.encoder.CategoricalEncoder

pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables: {{wav2vec2: !ref <wav2vec2>, {loaded}, label_encoder: !ref <label_encoder>}}
    paths: {{wav2vec2: {folder}/wav2vec2.ckpt, {paths}, label_encoder: {folder}/label_encoder.txt}}
"""
# as the published model of VoxLingua107 is put together
ATTENTIVE = """
attentive: !new:speechbrain.lobes.models.ECAPA_TDNN.AttentiveStatisticsPooling
    channels: !ref <width>
    attention_channels: 8
classifier: !new:speechbrain.lobes.models.Xvector.Classifier
    input_shape: [null, null, 48]
    activation: !name:torch.nn.LeakyReLU
    lin_blocks: {blocks}
    lin_neurons: 20
    out_neurons: !ref <out_n_neurons>
mean_var_norm: !new:speechbrain.processing.features.InputNormalization
    norm_type: sentence
    std_norm: False
model: !new:torch.nn.ModuleList
    - [!ref <attentive>, !ref <classifier>]
compute_features: !new:speechbrain.lobes.features.Fbank
    n_mels: 60
modules:
    wav2vec2: !ref <wav2vec2>
    compute_features: !ref <compute_features>
    attentive: !ref <attentive>
    classifier: !ref <classifier>
    mean_var_norm: !ref <mean_var_norm>
"""
# what EncoderClassifier runs
PLAIN = """
embedding_model: !new:speechbrain.nnet.pooling.StatisticsPooling
linear: !new:speechbrain.nnet.linear.Linear
    input_size: {pooled}
    n_neurons: !ref <out_n_neurons>
softmax: !new:speechbrain.nnet.activations.Softmax
    apply_log: True
classifier: !new:speechbrain.nnet.containers.LengthsCapableSequential
    - !ref <linear>
    - !ref <softmax>
mean_var_norm: !new:speechbrain.processing.features.InputNormalization
    norm_type: sentence
    std_norm: {std_norm}
modules:
    compute_features: !ref <wav2vec2>
    mean_var_norm: !ref <mean_var_norm>
    embedding_model: !ref <embedding_model>
    classifier: !ref <classifier>
"""
# the frames go through a layer before they are pooled, or the pooled vector behind
PROJECTED = """
projection: !new:speechbrain.nnet.linear.Linear
    input_size: {inputs}
    n_neurons: 12
pooling: !new:speechbrain.nnet.pooling.StatisticsPooling
    return_std: {deviation}
classifier: !new:speechbrain.nnet.linear.Linear
    input_size: {outputs}
    n_neurons: !ref <out_n_neurons>
    bias: False
modules:
    wav2vec2: !ref <wav2vec2>
    projection: !ref <projection>
    pooling: !ref <pooling>
    classifier: !ref <classifier>
"""
_CUSTOM = """
import torch
from speechbrain.inference.interfaces import Pretrained


class Custom(Pretrained):
    def encode_batch(self, wavs, wav_lens=None):
        frames = self.mods.wav2vec2(wavs)
        if "attentive" in self.mods:
            return self.mods.attentive(frames.transpose(1, 2)).transpose(1, 2)
        if self.mods.projection.w.in_features == frames.shape[2]:
            return self.mods.pooling(self.mods.projection(frames))
        return self.mods.projection(self.mods.pooling(frames))

    def classify_batch(self, wavs, wav_lens=None):
        out_prob = self.mods.classifier(self.encode_batch(wavs)).log_softmax(dim=-1)
        score, index = torch.max(out_prob, dim=-1)
        return out_prob, score, index, self.hparams.label_encoder.decode_torch(index)
"""


def make_encoder(folder: Path, stable: bool = True, seed: int = 1) -> Path:
    """Write a wav2vec 2.0 as transformers does."""
    torch.manual_seed(seed)
    model = Wav2Vec2Model(Wav2Vec2Config(**_SHAPE, **(_STABLE if stable else {})))
    model.save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=stable, return_attention_mask=stable).save_pretrained(folder)
    return folder


def make_folder(
    folder: Path,
    head: str,
    saved: dict[str, str],
    hyperparameters: str = "hyperparams.yaml",
    output_norm: bool = False,
    stable: bool = True,
    labels: list[str] = LABELS,
) -> Path:
    """Write a model as SpeechBrain does after training; `saved` are the files of modules, by the modules' names."""
    folder.mkdir(parents=True)
    source = make_encoder(folder.parent / f"{folder.name}_encoder", stable)
    paths = ", ".join(f"{name}: {folder}/{file}" for name, file in saved.items())
    text = _BEGIN.format(width=WIDTH, labels=len(labels), source=source, folder=folder, output_norm=output_norm) + head
    loaded = ", ".join(f"{name}: !ref <{name}>" for name in saved)
    text += _END.format(loaded=loaded, paths=paths, folder=folder)
    (folder / hyperparameters).write_text(text)
    (folder / "custom.py").write_text(_CUSTOM)
    hparams = load_hyperpyyaml(text)
    torch.manual_seed(7)
    for name in ("wav2vec2", *saved):  # trained: other weights than the encoder began with, and lively batch norms
        for parameter in hparams[name].parameters():
            parameter.data += 0.1 * torch.randn_like(parameter)
        for key, buffer in hparams[name].named_buffers():
            if key.endswith(("running_mean", "running_var")):
                buffer.uniform_(0.5, 1.5)
    for name, file in {"wav2vec2": "wav2vec2.ckpt", **saved}.items():
        torch_save(hparams[name], folder / file)
    encoder = CategoricalEncoder()
    encoder.update_from_iterable(labels)
    encoder.save(folder / "label_encoder.txt")
    return folder


def open_folder(folder: Path, custom: bool = False, hyperparameters: str = "hyperparams.yaml"):
    """Open a folder with SpeechBrain."""
    options = {"source": str(folder), "hparams_file": hyperparameters, "savedir": str(folder / "opened")}
    if custom:
        return foreign_class(pymodule_file="custom.py", classname="Custom", **options)
    return EncoderClassifier.from_hparams(**options)
