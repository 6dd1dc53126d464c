"""GeoLID: spoken language identification that knows where languages are spoken.

identifier = geolid.LanguageIdentifier.from_pretrained("exp/lid_geolid_raw")
print(identifier.identify("speech.wav"))
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["AudioError", "GeoLIDError", "Identification", "LanguageIdentifier", "Unidentified", "__version__"]

if TYPE_CHECKING:
    from geolid.data.audio import AudioError
    from geolid.errors import GeoLIDError
    from geolid.identify.identification import Identification, Unidentified
    from geolid.identify.identifier import LanguageIdentifier

_HOMES = {  # what takes long to import, as torch does, is imported when it is used
    "AudioError": "geolid.data.audio",
    "GeoLIDError": "geolid.errors",
    "Identification": "geolid.identify.identification",
    "LanguageIdentifier": "geolid.identify.identifier",
    "Unidentified": "geolid.identify.identification",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'geolid' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
