"""What the words of a config stand for: the parts of a model, as '<module>:<class>', imported only when asked for."""

from collections.abc import Mapping
from dataclasses import dataclass

FRONTENDS = {
    "ssl": "geolid.model.ssl.frontend:SSLFrontend",
    "log_mel": "geolid.model.log_mel:LogMelFrontend",
    "mel_picture": "geolid.model.mel_picture:MelPictureFrontend",
    "s3prl": "geolid.model.s3prl:s3prl_frontend",
    "s3prl_condition": "geolid.model.s3prl:s3prl_frontend",
    "default": "geolid.model.stft_log_mel:StftLogMelFrontend",
    "melspec_torch": "espnet2.asr.frontend.melspec_torch:MelSpectrogramTorch",
}
SPECAUGS = {"specaug": "espnet2.asr.specaug.specaug:SpecAug"}
NORMALIZES = {
    "utterance_mvn": "espnet2.layers.utterance_mvn:UtteranceMVN",
    "utterance_layer_norm": "geolid.model.utterance_norm:UtteranceLayerNorm",
    "global_mvn": "espnet2.layers.global_mvn:GlobalMVN",
}
ENCODERS = {
    "ecapa_tdnn": "geolid.model.frame_encoders:MaskedEcapaTdnnEncoder",
    "identity": "geolid.model.frame_encoders:MaskedIdentityEncoder",
    "linear": "geolid.model.frame_encoders:LinearEncoder",
    "mfaconformer": "espnet2.spk.encoder.conformer_encoder:MfaConformerEncoder",
    "picture_cnn": "geolid.model.picture_cnn:PictureCNN",
    "rawnet3": "espnet2.spk.encoder.rawnet3_encoder:RawNet3Encoder",
    "ska_tdnn": "espnet2.spk.encoder.ska_tdnn_encoder:SkaTdnnEncoder",
    "xvector": "espnet2.spk.encoder.xvector_encoder:XvectorEncoder",
}
POOLINGS = {
    "chn_attn_stat": "geolid.model.pooling:AttentiveStatsPooling",
    "tanh_attn_stat": "geolid.model.stats_pooling:TanhAttentivePooling",
    "identity": "geolid.model.picture_cnn:OnlyFrame",
    "mean": "espnet2.spk.pooling.mean_pooling:MeanPooling",
    "multi_resolution": "geolid.model.multi_resolution:MultiResolutionPooling",
    "statistics": "geolid.model.stats_pooling:StatisticsPooling",
    "stats": "espnet2.spk.pooling.stat_pooling:StatsPooling",
}
PROJECTORS = {
    "identity": "geolid.model.projectors:IdentityProjector",
    "linear": "geolid.model.projectors:LinearProjector",
    "rawnet3": "espnet2.spk.projector.rawnet3_projector:RawNet3Projector",
    "ska_tdnn": "espnet2.spk.projector.ska_tdnn_projector:SkaTdnnProjector",
    "xvector": "espnet2.spk.projector.xvector_projector:XvectorProjector",
}
LOSSES = {
    "cross_entropy": "geolid.model.losses:LinearSoftmax",
    "deep_cross_entropy": "geolid.model.deep_softmax:DeepSoftmax",
    "softmax": "geolid.model.losses:CosineSoftmax",
    "aamsoftmax": "geolid.model.losses:AAMSoftmax",
    "aamsoftmax_sc_topk": "geolid.model.losses:SubCenterAAMSoftmax",
    "aamsoftmax_sc_topk_lang2vec": "geolid.model.losses:SubCenterAAMSoftmax",
}


@dataclass(frozen=True)
class Part:
    """A part of a model, or of its training, that a word chooses; its options go by `<part>_conf`."""

    choices: Mapping[str, str]  # two words that stand for the same take the same options
    default: str | None = None  # None: there is none, and null may be given


PARTS = {
    "frontend": Part(FRONTENDS, "ssl"),
    "specaug": Part(SPECAUGS),
    "normalize": Part(NORMALIZES, "utterance_mvn"),
    "encoder": Part(ENCODERS, "ecapa_tdnn"),
    "pooling": Part(POOLINGS, "chn_attn_stat"),
    "projector": Part(PROJECTORS, "rawnet3"),
    "encoder_condition": Part({"identity": ""}, "identity"),
    "pooling_condition": Part(POOLINGS, "chn_attn_stat"),
    "projector_condition": Part(PROJECTORS, "rawnet3"),
    "loss": Part(LOSSES, "aamsoftmax_sc_topk"),
    "model": Part({"espnet": "espnet", "upstream_condition": "upstream_condition"}, "espnet"),
    "preprocessor": Part({"lid": ""}, "lid"),
}


def predicts_vectors(loss: str) -> bool:
    """Say whether a loss is also about where languages are, or about their typology."""
    return loss.endswith("_lang2vec")
