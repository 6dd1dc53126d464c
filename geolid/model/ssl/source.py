"""Where an encoder comes from: the Hugging Face Hub, a folder, or a config alone."""

import logging
from collections.abc import Mapping
from pathlib import Path

import torch
from huggingface_hub.errors import HfHubHTTPError, StrictDataclassError
from transformers import AutoModel, PreTrainedConfig, PreTrainedModel, Wav2Vec2FeatureExtractor
from transformers.initialization import no_init_weights

from geolid.errors import GeoLIDError, refuse_unknown
from geolid.model.ssl.architectures import ARCHITECTURES
from geolid.model.ssl.encoder import SSLEncoder, own_defaults
from geolid.model.ssl.wav2vec2 import Wav2Vec2Encoder
from geolid.model.ssl.wav2vec2_bert import Wav2Vec2BertEncoder

LOG = logging.getLogger(__name__)
RATE = 16000  # Hz, all that the encoders know
ENCODERS: dict[str, type[SSLEncoder]] = {
    encoder.config_class.model_type: encoder for encoder in (Wav2Vec2Encoder, Wav2Vec2BertEncoder)
}
_PREPROCESSOR = "preprocessor_config.json"
# transformers adds these behind the last layer, or gives them a size; no state is taken there
_NOT_BUILT = {"add_adapter": False, "use_intermediate_ffn_before_adapter": False}
# drawn anew when the weights bring none, as after fine-tuning without SpecAugment
_MAY_BE_MISSING = {"masked_spec_embed"}
# the layers are called with masks as this attention takes them; half precision is the trainer's affair
_AS_WANTED = {"attn_implementation": "sdpa", "dtype": torch.float32}


def load_encoder(
    path_or_url: str | None = None,
    config: Mapping | None = None,
    overrides: Mapping | None = None,
    download_dir: str | None = None,
    load_weights: bool = True,
    activation_checkpointing: bool = False,
) -> SSLEncoder:
    """Return an encoder with the weights of `path_or_url`, a Hub id or a folder that transformers wrote.

    Such a folder at `<download_dir>/<Hub id>` counts before the cache, which is in `download_dir` as well, and the Hub.

    `config` (`model_type` and transformers' keys, as `config_dict` gives them) stands in for the source's config;
    without a `path_or_url` the weights are random. `overrides` changes single values of either. Without `load_weights`
    only the architecture is built, for a checkpoint to fill: its weights are not even initialised, and nothing is read
    when `config` is given or the encoder is a known one.
    """
    if config is None and path_or_url is None:
        raise GeoLIDError(
            "frontend_conf: neither path_or_url nor config is given; name an encoder, such as facebook/mms-1b"
        )
    if path_or_url is not None and download_dir is not None and not Path(path_or_url).is_dir():
        brought = Path(download_dir, path_or_url)
        path_or_url = str(brought) if brought.is_dir() else path_or_url
    if config is None and not load_weights and not Path(path_or_url).is_dir():
        config = ARCHITECTURES.get(path_or_url)
    if config is not None and (path_or_url is None or not load_weights):
        conf = _changed(config, overrides)
        model = _random(conf) if load_weights else _empty(conf)
    else:
        conf, model = _read(path_or_url, config, overrides, download_dir, load_weights)
    encoder = ENCODERS[conf["model_type"]]
    preprocessing = {key: conf.get(key, default) for key, default in encoder.preprocessing.items()}
    return encoder(model, activation_checkpointing=activation_checkpointing, **preprocessing)


def _read(
    source: str, config: Mapping | None, overrides: Mapping | None, download_dir: str | None, load_weights: bool
) -> tuple[dict, PreTrainedModel]:
    """Return config and model of a folder or a Hub id; the network is used for what is not in the cache."""
    is_path = source.startswith(("/", "./", "../", "~")) or source.count("/") > 1
    if is_path and not Path(source).is_dir():
        raise GeoLIDError(
            f"path_or_url: {source}: there is no such folder; name one that holds an encoder, or a Hub id"
        )
    for local in (True,) if Path(source).is_dir() else (True, False):
        place = {"cache_dir": download_dir, "local_files_only": local}
        try:
            conf = _changed(config or _published_config(source, place), overrides, by_user=config is not None)
            model = _pretrained(source, conf, place) if load_weights else _empty(conf)
            return {**_published_preprocessing(source, conf, place), **conf}, model
        except OSError as error:
            why = error
    if Path(source).is_dir():
        reason = " ".join(str(why).split())
        raise GeoLIDError(
            f"{source}: no encoder can be read from this folder: {reason} Expected config.json and model.safetensors "
            "or pytorch_model.bin, as transformers' save_pretrained writes them"
        )
    raise _not_had(source, download_dir, why)


def _not_had(source: str, download_dir: str | None, why: OSError) -> GeoLIDError:
    """Return what to say of a Hub id that is neither here nor given by the Hub."""
    answered = isinstance(why.__cause__, HfHubHTTPError)
    hub = "does not give it" if answered else "cannot be reached"
    told = f" (it says: {' '.join(str(why).split())})" if answered else ""
    folder = Path(download_dir or "hub", source)
    then = "bring that folder here, where it is found by its name" if download_dir else "name it as path_or_url here"
    return GeoLIDError(
        f"path_or_url: {source}: it is no folder and in no cache here, and the Hugging Face Hub {hub}; where there is "
        f"a network, run 'hf download {source} --local-dir {folder}' and {then}{told}"
    )


def _published_config(source: str, place: Mapping) -> dict:
    conf, _ = PreTrainedConfig.get_config_dict(source, **place)
    if not conf:
        raise OSError(f"{source} has no config.json.")
    return conf


def _published_preprocessing(source: str, conf: Mapping, place: Mapping) -> dict:
    """Return what the source says of how waves are prepared; our defaults count where it says nothing."""
    wanted = ENCODERS[conf["model_type"]].preprocessing
    if not wanted:
        return {}
    file = Path(source, _PREPROCESSOR)
    try:
        said, _ = Wav2Vec2FeatureExtractor.get_feature_extractor_dict(source, **place)
    except OSError as error:
        if file.is_file():
            raise GeoLIDError(f"{file}: cannot be read ({' '.join(str(error).split())}); fetch it again") from None
        LOG.warning("%s has no %s; waves are prepared as most such encoders want them: %s", source, file.name, wanted)
        return {}
    if said.get("sampling_rate", RATE) != RATE:
        raise GeoLIDError(
            f"{file}: sampling_rate: found {said['sampling_rate']}, expected {RATE}, as all audio here is"
        )
    return {key: said[key] for key in wanted if key in said}


def _pretrained(source: str, conf: dict, place: Mapping) -> PreTrainedModel:
    noise = logging.getLogger("transformers")
    level = noise.level
    noise.setLevel(logging.ERROR)  # it lists the heads' weights, which are not wanted
    try:
        model, report = AutoModel.from_pretrained(
            source, config=_config(conf), **_AS_WANTED, output_loading_info=True, **place
        )
    except OSError:
        raise
    except Exception as error:  # each kind of file has its own kinds of errors
        raise GeoLIDError(f"{source}: the weights are damaged, or do not fit the config: {error}") from None
    finally:
        noise.setLevel(level)
    missing = sorted(set(report["missing_keys"]) - _MAY_BE_MISSING)
    if missing:
        raise GeoLIDError(
            f"{source}: {len(missing)} weights of the encoder are not there, such as {missing[0]}; "
            "is it another architecture, or cut short?"
        )
    return model


def _random(conf: dict) -> PreTrainedModel:
    try:
        return AutoModel.from_config(_config(conf), **_AS_WANTED)
    except ValueError as error:  # sizes that do not go together
        raise _refused(conf, error) from None


def _empty(conf: dict) -> PreTrainedModel:
    """Build a model whose weights are whatever lies in memory: drawing a billion of them takes a quarter minute."""
    with no_init_weights():
        return _random(conf)


def _changed(conf: Mapping, overrides: Mapping | None, by_user: bool = True) -> dict:
    """Return a config with overrides; keys that a user wrote must be keys of its architecture."""
    kind = conf.get("model_type")
    if kind not in ENCODERS:
        raise GeoLIDError(
            f"frontend_conf: model_type {kind}; expected {' or '.join(ENCODERS)}. Others come by s3prl: frontend: s3prl"
        )
    keys = {"model_type", *ENCODERS[kind].preprocessing, *own_defaults(ENCODERS[kind].config_class)}
    refuse_unknown(f"frontend_conf: {kind}", (*(conf if by_user else ()), *(overrides or ())), sorted(keys))
    return {**conf, **(overrides or {}), **_NOT_BUILT}


def _config(conf: Mapping) -> PreTrainedConfig:
    try:
        return ENCODERS[conf["model_type"]].config_class.from_dict(
            {key: value for key, value in conf.items() if key not in ENCODERS[conf["model_type"]].preprocessing}
        )
    except (StrictDataclassError, TypeError, ValueError) as error:
        raise _refused(conf, error) from None


def _refused(conf: Mapping, error: Exception) -> GeoLIDError:
    return GeoLIDError(f"frontend_conf: transformers refuses this config of a {conf['model_type']}: {error}")
