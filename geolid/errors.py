"""The one kind of error that is meant for people."""

import difflib
from collections.abc import Iterable


class GeoLIDError(Exception):
    """Something a user can put right.

    Its message says where it is, what was found, what was expected and what to do. The commands in `geolid.bin`
    print it without a traceback; everything else that is raised is a bug of ours.
    """


def refuse_unknown(where: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Stop at the first of the given keys that is not known, and name the one that may be meant."""
    known = list(known)
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"
            raise GeoLIDError(f"{where}: unknown key '{key}'; {hint}")
