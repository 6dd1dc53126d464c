"""The languages that a trained model tells apart, and those of them that it is to choose from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from geolid.data import languages as registry
from geolid.data.tables import read_rows
from geolid.errors import GeoLIDError


def read_config(config_file: Path) -> dict[str, Any]:
    """Return the config.yaml that stands beside a model."""
    try:
        text = Path(config_file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise GeoLIDError(f"{config_file}: there is no such config; training (stage 5) writes it") from None
    try:
        conf = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise GeoLIDError(f"{config_file}: no YAML: {error}") from None
    if not isinstance(conf, dict) or "lang_num" not in conf:
        raise GeoLIDError(f"{config_file}: expected the config of a language identifier, with a key 'lang_num'")
    return conf


def model_languages(conf: dict[str, Any], config_file: Path, lang2utt: Path | None = None) -> list[str]:
    """Return the languages in the order of a model's classes.

    Our training writes them into its config. A published config lacks them; there they are those of the training
    set's `lang2utt`, sorted, which has to be named.
    """
    if lang2utt is not None:
        languages = sorted({language for language, _ in read_rows(lang2utt)})
    else:
        languages = conf.get("languages")
        if languages is None:
            raise GeoLIDError(
                f"{config_file}: does not say which languages its {conf['lang_num']} classes are; name the training "
                "set's lang2utt, whose languages they are, with --lang2utt"
            )
    if len(languages) != conf["lang_num"]:
        where = lang2utt if lang2utt is not None else config_file
        raise GeoLIDError(
            f"{where}: has {len(languages)} languages, and the model {conf['lang_num']} classes (lang_num of "
            f"{config_file}); name the lang2utt of the set that it was trained on"
        )
    return languages


def choose_candidates(languages: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return the languages to choose from, sorted: the wanted ones, or all without any."""
    unknown = [language for language in dict.fromkeys(wanted) if language not in languages]
    if unknown:
        raise GeoLIDError(
            f"the model knows {len(languages)} languages, and not "
            + "; ".join(f"'{language}'{_nearest(language, languages)}" for language in unknown)
        )
    if len(set(wanted)) == 1:
        raise GeoLIDError(f"'{wanted[0]}' is the only candidate; name two or more, or none to choose from all")
    return sorted(set(wanted) or languages)


def _nearest(code: str, languages: Sequence[str]) -> str:
    """Say which of a model's languages may be meant by a code."""
    near = [language.code for language in registry.nearest(code, 30) if language.code in languages][:3]
    return f" (do you mean {' or '.join(near)}?)" if near else ""
