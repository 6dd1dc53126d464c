#!/usr/bin/env python3
"""Training against the installed ESPnet on the same encoder: seconds of speech that a second of training takes in.

    . ./path.sh && python bench/train_step.py                                      # 24 small layers on a CPU
    . ./path.sh && python bench/train_step.py --device cuda --shape mms1b          # the shape of MMS-1B, bf16, on a GPU

107 languages, 20,000 utterances of 2 to 20 s (noise), the published sampling, the same batch_bins; weights are random,
without dropout, LayerDrop and SpecAugment, so that both do the same work: forward, backward and a step of Adam, all
weights trained. ESPnet goes through its S3prlFrontend (hf_wav2vec2_custom) and the batches of its CategoryPowerSampler;
ours through frontend: ssl and batches of similar length. Only real samples count, not padding. Each trains on batches
that lie evenly over an epoch sorted by mean length, in several turns, one after the other. Medians count; the turns'
range stands behind. The bars: at least 1.6 times as fast on a CPU with the small encoder, at least 2 times in bf16 with
the MMS-1B shape on a GPU.

The last lines tell where it comes from: from less padding (the real share of our batches over that of theirs), and from
what is padded going faster, in which batches still have a part: attention costs the square of the length that an
utterance is padded to. --same_batches tells how fast our model is by itself. The small encoder has the strides of
MMS-1B's and heads of the same size, but it is narrow, so that attention is more of its work.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import torch
from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model
from transformers.utils import logging

from geolid.geo.vectors import DIMS
from geolid.model.build import build_model
from geolid.model.s3prl import prepare
from geolid.model.ssl.architectures import ARCHITECTURES
from geolid.train.batches import BatchSize, group_by_length
from geolid.train.dataset import pad
from geolid.train.sampler import catpow

RATE = 16000
LANGUAGES = 107
UTTERANCES = 20_000
# as published
UPSAMPLING_FACTOR = 0.5
DATASET_SCALING_FACTOR = 1.2
MAX_BATCH_SIZE = 16
LOSS = {"margin": 0.5, "scale": 30, "K": 3, "mp": 0.06, "k_top": 5}
ADAM = {"lr": 5e-6, "betas": (0.9, 0.98)}

_SAME_WORK = dict.fromkeys(
    ("hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout", "layerdrop", "mask_time_prob"),
    0.0,
)
_NOT_OF_THE_MODEL = ("model_type", "do_normalize", *_SAME_WORK)
_MMS_1B = {key: value for key, value in ARCHITECTURES["facebook/mms-1b"].items() if key not in _NOT_OF_THE_MODEL}


@dataclass(frozen=True)
class Shape:
    encoder: dict  # of a Wav2Vec2Config
    ecapa: dict
    embedding: int
    conditioning_layers: list[int]
    batch_bins: int


SHAPES = {
    "small": Shape(
        encoder=_MMS_1B
        | {"hidden_size": 160, "num_hidden_layers": 24, "num_attention_heads": 2, "intermediate_size": 640}
        | {"conv_dim": (32,) * 7},
        ecapa={"model_scale": 8, "ndim": 96, "output_size": 288},
        embedding=96,
        conditioning_layers=[16, 18, 20, 22],
        batch_bins=960_000,
    ),
    "mms1b": Shape(
        encoder=_MMS_1B,
        ecapa={"model_scale": 8, "ndim": 512, "output_size": 1536},
        embedding=192,
        conditioning_layers=[32, 36, 40, 44],
        batch_bins=2_880_000,
    ),
}


@dataclass
class Peer:
    build: Callable[[], torch.nn.Module]
    batches: list[np.ndarray]  # indices of utterances
    seconds: list[float] = field(default_factory=list)  # of each turn
    memory: float = 0.0  # GiB, the most on the GPU


@dataclass(frozen=True)
class Corpus:
    lengths: np.ndarray  # (utterances,) samples
    labels: np.ndarray  # (utterances,)

    def real(self, batches: list[np.ndarray]) -> float:
        """Return the seconds of speech in batches."""
        return sum(self.lengths[rows].sum() for rows in batches) / RATE

    def padded(self, batches: list[np.ndarray]) -> float:
        """Return the seconds in batches that are filled up to their longest utterance."""
        return sum(self.lengths[rows].max() * len(rows) for rows in batches) / RATE

    def batch(self, rows: np.ndarray) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng(int(rows[0]))
        speech, lengths = pad([0.1 * rng.standard_normal(n, np.float32) for n in self.lengths[rows]])
        vectors = torch.rand(LANGUAGES, DIMS["geo"], generator=torch.Generator().manual_seed(0))
        labels = torch.from_numpy(self.labels[rows])
        return {"speech": speech, "speech_lengths": lengths, "lid_labels": labels, "lang2vecs": vectors[labels]}


def make_corpus() -> Corpus:
    rng = np.random.default_rng(0)
    hours = rng.lognormal(0, 0.7, LANGUAGES)
    labels = np.sort(rng.choice(LANGUAGES, UTTERANCES, p=hours / hours.sum()))
    return Corpus(rng.integers(2 * RATE, 20 * RATE, UTTERANCES), labels)


def save_encoder(folder: Path, shape: Shape) -> None:
    """Write random weights as transformers does; both peers read them."""
    torch.manual_seed(0)
    Wav2Vec2Model(Wav2Vec2Config(**shape.encoder, **_SAME_WORK)).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True).save_pretrained(folder)


def theirs(encoder_dir: Path, shape: Shape) -> torch.nn.Module:
    prepare()  # lets s3prl be imported; how it computes is left as it is
    from espnet2.asr.frontend.s3prl import S3prlFrontend
    from espnet2.layers.utterance_mvn import UtteranceMVN
    from espnet2.lid.espnet_model import ESPnetLIDModel
    from espnet2.spk.encoder.ecapa_tdnn_encoder import EcapaTdnnEncoder
    from espnet2.spk.loss.aamsoftmax_subcenter_intertopk import ArcMarginProduct_intertopk_subcenter
    from espnet2.spk.pooling.chn_attn_stat_pooling import ChnAttnStatPooling
    from espnet2.spk.projector.rawnet3_projector import RawNet3Projector

    upstream = {"upstream": "hf_wav2vec2_custom", "path_or_url": str(encoder_dir)}
    frontend = S3prlFrontend(RATE, upstream, multilayer_feature=True)
    encoder = EcapaTdnnEncoder(frontend.output_size(), **shape.ecapa)
    pooling = ChnAttnStatPooling(encoder.output_size())
    projector = RawNet3Projector(pooling.output_size(), shape.embedding)
    loss = ArcMarginProduct_intertopk_subcenter(shape.embedding, LANGUAGES, **LOSS)
    return ESPnetLIDModel(frontend, None, UtteranceMVN(norm_vars=False), encoder, pooling, projector, loss)


def ours(encoder_dir: Path, shape: Shape, conditioning: bool) -> torch.nn.Module:
    conf = {
        "frontend": "ssl",
        "frontend_conf": {"path_or_url": str(encoder_dir)},
        "normalize": "utterance_mvn",
        "normalize_conf": {"norm_vars": False},
        "encoder_conf": shape.ecapa,
        "projector_conf": {"output_size": shape.embedding},
        "loss": "aamsoftmax_sc_topk",
        "loss_conf": {**LOSS, "loss_mixing": "released"},  # as ESPnet trains: without the penalty that mp stands for
        "lang_num": LANGUAGES,
    }
    if conditioning:
        conf |= {
            "model": "upstream_condition",
            "model_conf": {
                "lang2vec_conditioning_layers": shape.conditioning_layers,
                "shared_conditioning_proj": True,
                "cutoff_gradient_from_backbone": False,
                "cutoff_gradient_before_condproj": True,
                "apply_intermediate_lang2vec_loss": True,
                "inter_lang2vec_loss_weight": 0.4,
            },
            "projector_condition_conf": {"output_size": shape.embedding},
            "loss": "aamsoftmax_sc_topk_lang2vec",
        }
    return build_model(conf)


def their_batches(corpus: Corpus, folder: Path, batch_bins: int) -> list[np.ndarray]:
    """Return an epoch of the installed sampler, which reads tables."""
    from espnet2.samplers.category_power_sampler import CategoryPowerSampler

    shapes, languages = folder / "speech_shape", folder / "category2utt"
    shapes.write_text("".join(f"{utt} {samples}\n" for utt, samples in enumerate(corpus.lengths)))
    utts = [np.flatnonzero(corpus.labels == label).astype(str) for label in range(LANGUAGES)]
    languages.write_text("".join(f"{label:03d} {' '.join(named)}\n" for label, named in enumerate(utts)))
    sampler = CategoryPowerSampler(
        batch_bins,
        [str(shapes)],
        max_batch_size=MAX_BATCH_SIZE,
        upsampling_factor=UPSAMPLING_FACTOR,
        dataset_scaling_factor=DATASET_SCALING_FACTOR,
        category2utt_file=str(languages),
    )
    return [np.array(batch, int) for batch in sampler]


def our_batches(corpus: Corpus, batch_bins: int) -> list[np.ndarray]:
    sampler = catpow(corpus.lengths, corpus.labels, UPSAMPLING_FACTOR, DATASET_SCALING_FACTOR)
    drawn = sampler.draw(np.random.default_rng(0))
    batches = group_by_length(drawn, corpus.lengths, BatchSize(batch_bins, MAX_BATCH_SIZE))
    return [batches[number] for number in range(len(batches))]


def evenly(batches: list[np.ndarray], lengths: np.ndarray, number: int) -> list[np.ndarray]:
    """Return so many batches, from the whole range of mean lengths, the longest first."""
    longest_first = sorted(batches, key=lambda rows: -lengths[rows].mean())
    return [longest_first[int((place + 0.5) * len(batches) / number)] for place in range(number)]


def train(peer: Peer, corpus: Corpus, device: torch.device) -> None:
    """Time a turn of a peer, with a new model, and note it with the peer."""
    torch.manual_seed(0)
    model = peer.build().to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), **ADAM)
    batches = [corpus.batch(rows) for rows in peer.batches]

    def step(batch: dict[str, torch.Tensor]) -> None:
        on_device = {name: value.to(device) for name, value in batch.items()}
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss = model(**on_device)[0]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    on_gpu = device.type == "cuda"
    # every shape is new to a GPU's libraries once; on a CPU only Adam has something to set up
    for batch in batches if on_gpu else [corpus.batch(peer.batches[-1][:2])]:
        step(batch)
    if on_gpu:
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
    start = time.perf_counter()
    for batch in batches:
        step(batch)
    if on_gpu:
        torch.cuda.synchronize(device)
        peer.memory = max(peer.memory, torch.cuda.max_memory_allocated(device) / 2**30)
    peer.seconds.append(time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--shape", choices=list(SHAPES), default="small")
    parser.add_argument("--batch_bins", type=int, help="samples in a batch (default: small 960000, mms1b 2880000)")
    parser.add_argument("--steps", type=int, default=8, help="of each peer in a turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="of the CPU, for each peer")
    parser.add_argument("--same_batches", action="store_true", help="train ours on ESPnet's batches, too")
    parser.add_argument("--conditioning", action="store_true", help="train the geolocation-aware model, too")
    args = parser.parse_args()
    logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    device, shape, corpus = torch.device(args.device), SHAPES[args.shape], make_corpus()
    batch_bins = args.batch_bins or shape.batch_bins
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        encoder_dir = folder / "encoder"
        save_encoder(encoder_dir, shape)
        mine = evenly(our_batches(corpus, batch_bins), corpus.lengths, args.steps)
        espnets = evenly(their_batches(corpus, folder, batch_bins), corpus.lengths, args.steps)
        peers = {
            "ESPnet": Peer(lambda: theirs(encoder_dir, shape), espnets),
            "ours": Peer(lambda: ours(encoder_dir, shape, conditioning=False), mine),
        }
        sizes = {name: sum(p.numel() for p in peer.build().parameters()) for name, peer in peers.items()}
        assert len(set(sizes.values())) == 1, f"not the same model: {sizes}"
        if args.same_batches:
            peers["ours, ESPnet's batches"] = Peer(peers["ours"].build, espnets)
        if args.conditioning:
            peers["ours, conditioned"] = Peer(lambda: ours(encoder_dir, shape, conditioning=True), mine)
        print(
            f"{args.shape}, {sizes['ours'] / 1e6:.0f} M weights, on {args.device}; batch_bins {batch_bins}, "
            f"{args.turns} turns of {args.steps} steps each",
            flush=True,
        )
        for _ in range(args.turns):
            for peer in peers.values():
                gc.collect()  # the last model makes room
                torch.cuda.empty_cache()
                train(peer, corpus, device)
    report(peers, corpus)


def report(peers: dict[str, Peer], corpus: Corpus) -> None:
    columns = "speech/s  (turns)          real share  padded/s   s a step  speech a step"
    print(f"{'':<24}{columns}{'   GiB at most' if any(peer.memory for peer in peers.values()) else ''}")
    for name, peer in peers.items():
        real, padded, seconds = corpus.real(peer.batches), corpus.padded(peer.batches), median(peer.seconds)
        turns = f"({real / max(peer.seconds):.2f} to {real / min(peer.seconds):.2f})"
        print(
            f"{name:<24}{real / seconds:8.2f}  {turns:<17}{real / padded:10.3f}{padded / seconds:10.2f}"
            f"{seconds / len(peer.batches):11.2f}{real / len(peer.batches):15.1f}"
            + (f"{peer.memory:14.1f}" if peer.memory else "")
        )
    theirs = peers["ESPnet"]
    for name, peer in list(peers.items())[1:]:
        # turn by turn: what else runs on the machine slows down both
        ratios = [
            corpus.real(peer.batches) / seconds * their_seconds / corpus.real(theirs.batches)
            for seconds, their_seconds in zip(peer.seconds, theirs.seconds, strict=True)
        ]
        less_padding = real_share(corpus, peer) / real_share(corpus, theirs)
        print(
            f"{name}: {median(ratios):.2f} times as fast as ESPnet ({min(ratios):.2f} to {max(ratios):.2f}): "
            f"{less_padding:.2f} by less padding, {median(ratios) / less_padding:.2f} by what is padded going faster"
        )


def real_share(corpus: Corpus, peer: Peer) -> float:
    return corpus.real(peer.batches) / corpus.padded(peer.batches)


if __name__ == "__main__":
    main()
