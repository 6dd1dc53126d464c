"""Which voices of espeak-ng speak a language: the one that is trained on, and accents that are only tested on."""

from dataclasses import dataclass

from geolid.data import languages
from geolid.data.corpora.mini import espeak
from geolid.errors import GeoLIDError


class CannotSpeakError(GeoLIDError):
    """A language that the embedded corpus cannot be made for."""


@dataclass(frozen=True)
class Accent:
    lang: str  # ISO 639-3
    voice: str  # of espeak-ng
    locale: str  # of CLDR, for the words
    name: str = ""  # as it stands in utterance ids; none for the accent that is trained on


# The locale is the place where the voice is at home. espeak-ng's "en" and "pt" are those of Britain and Portugal, while
# CLDR's are those of the United States and Brazil.
_LOCALES = {"eng": "en_GB", "por": "pt_PT"}

_OTHER_ACCENTS = (
    Accent("eng", "en-GB-scotland", "en_GB", "scotland"),
    Accent("eng", "en-029", "en_JM", "caribbean"),
    Accent("eng", "en-US-nyc", "en_US", "newyork"),
    Accent("fra", "fr-BE", "fr_BE", "belgium"),
    Accent("fra", "fr-CH", "fr_CH", "switzerland"),
    Accent("por", "pt-BR", "pt_BR", "brazil"),
    Accent("spa", "es-419", "es_419", "latinamerica"),
    Accent("vie", "vi-VN-x-central", "vi", "central"),
    Accent("vie", "vi-VN-x-south", "vi", "south"),
)


def trained_accent(lang: str) -> Accent:
    """Return the accent that training hears; a language without a voice is an error."""
    language = languages.get(lang)
    tags = [tag for tag in (language.part1, lang) if tag]
    named = [tag for tag in tags if tag in espeak.voice_tags()]
    listed = [voice for voice, known in espeak.voice_tags().items() if set(tags) & set(known)]
    if not named and not listed:
        raise CannotSpeakError(
            f"{lang} ({language.name}): espeak-ng has no voice for it; it has one for each of "
            f"{' '.join(spoken_languages())}"
        )
    return Accent(lang, (named + listed)[0], _LOCALES.get(lang, tags[0]))


def other_accents(lang: str) -> list[Accent]:
    """Return the accents of a language that are only tested on."""
    return [accent for accent in _OTHER_ACCENTS if accent.lang == lang]


def spoken_languages() -> list[str]:
    """Return every language that espeak-ng has a voice for, by the name of its plainest voice."""
    spoken = []
    for voice in espeak.voice_tags():
        if "-" not in voice:
            try:
                spoken.append(languages.get(voice).code if len(voice) == 3 else languages.from_part1(voice))
            except languages.UnknownLanguageError:
                continue  # an invented language without a code
    return sorted(spoken)
