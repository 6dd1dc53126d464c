"""The Hugging Face Hub: how its repositories are named, and what its refusals mean to people."""

import contextlib
import re
from collections.abc import Iterator

from huggingface_hub import constants, errors, get_token
from huggingface_hub.errors import HfHubHTTPError, HTTPError  # the latter is httpx's, and all about connections
from huggingface_hub.utils import HFValidationError, validate_repo_id

from geolid.errors import GeoLIDError

_TOKENS = "make one at https://huggingface.co/settings/tokens, then set HF_TOKEN or run 'hf auth login'"


def check_repository(repo: str) -> None:
    """Stop unless this is `<owner>/<name>`, as the Hub takes it."""
    owner, slash, name = repo.partition("/")
    try:
        validate_repo_id(repo)
        reason = "" if owner and slash and name else "it has no owner"
    except HFValidationError as error:
        reason = str(error).removesuffix(f": '{repo}'.").removesuffix(".")
    if reason:
        raise GeoLIDError(
            f"'{repo}' cannot be a repository of the Hugging Face Hub: {reason}. Expected <owner>/<name>, the owner a "
            "user or an organisation, the name of letters, digits, '-', '_' and '.', such as jane/lid_geolid"
        )


def find_token() -> str | None:
    """Return the token of the environment or of the user's login; None without either.

    What cannot be one is told here, for a client that cannot send it says so with all of it.
    """
    token = get_token()
    if token is not None and not re.fullmatch("[!-~]+", token):
        raise GeoLIDError(
            "the token for the Hugging Face Hub, from HF_TOKEN or the login, has blanks or other characters in it that "
            "no token has; copy it again"
        )
    return token


def require_token() -> str:
    token = find_token()
    if token is None:
        raise GeoLIDError(
            "there is no token for the Hugging Face Hub, neither in HF_TOKEN nor by a login, and nobody writes there "
            f"without one; {_TOKENS}. It needs the right to write"
        )
    return token


@contextlib.contextmanager
def hub_errors_told(repo: str) -> Iterator[None]:
    """Tell what the Hub, or the way to it, does not let be done with a repository.

    Only calls of huggingface_hub belong inside: what they raise as RuntimeError or ValueError is taken for a message.
    """
    try:
        yield
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        raise GeoLIDError(f"{repo}: {_without_token(told)}") from None


def _told(error: Exception) -> str | None:
    """Return what people are told; None for what only a bug of ours, or the disk, can bring about."""
    for kind, tell in _KINDS:
        if isinstance(error, kind):
            return tell(error)
    if (
        isinstance(error, OSError) and error.errno is None
    ):  # of Xet's client, or about a file cut short; not of the disk
        return _of_transfer(error)
    return None


def _of_gated(error: HfHubHTTPError) -> str:
    return f"its owner lets in only whom they agreed with; ask for it at {constants.ENDPOINT}, with the token's account"


def _of_absent(error: HfHubHTTPError) -> str:
    seen = "a token is set, but does not show it" if get_token() else f"no token is set; if it is private, {_TOKENS}"
    return f"{constants.ENDPOINT} has no such repository, or it is private ({seen}); check its name"


def _of_revision(error: HfHubHTTPError) -> str:
    return "the repository is there, and the revision asked for is not; name one of its branches, tags or commits"


def _of_status(error: HfHubHTTPError) -> str:
    status = error.response.status_code
    said = " ".join((error.server_message or str(error)).split())
    if status == 401:
        return f"the Hub refuses the token ({said}): it is wrong, or no longer valid; {_TOKENS}"
    if status == 403:
        return f"the token does not give the right to do this ({said}); take one that may write there, or another owner"
    if status == 409 or status == 412:
        return f"it was changed by somebody else meanwhile ({said}); look at what is there, then run again"
    if status == 429:
        return f"the Hub has been asked too often ({said}); wait some minutes, then run again"
    if status >= 500:
        return f"the Hub has troubles of its own (status {status}: {said}); run again later: what arrived there is kept"
    return f"the Hub does not do this (status {status}): {said}"


def _of_offline(error: Exception) -> str:
    return "this needs the network, and HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE says not to use it; unset them"


def _of_connection(error: Exception) -> str:
    return (
        f"{constants.ENDPOINT} cannot be reached, or does not answer ({_words(error)}); check the network, HTTPS_PROXY "
        "and HF_ENDPOINT, then run again: what has arrived is kept"
    )


def _of_cache(error: Exception) -> str:
    if isinstance(error.__cause__, HTTPError):
        return _told(error.__cause__) or _words(error)
    return (
        "it is not in this machine's cache, or not all of it, and the network cannot or is not to be used; fetch it "
        f"where there is a network (HF_HOME names the cache, now {constants.HF_HUB_CACHE}), or name a folder"
    )


def _of_transfer(error: Exception) -> str:
    """What is raised about one file of many has its reason as its cause; Xet's client tells all in words."""
    if isinstance(error.__cause__, HTTPError):
        return _told(error.__cause__) or _words(error)
    return f"it did not come to an end: {_words(error)}; run again: what has arrived is kept"


def _of_words(error: Exception) -> str:
    return f"it was not accepted: {_words(error)}"


_KINDS = (  # the first that fits
    (errors.OfflineModeIsEnabled, _of_offline),
    (errors.GatedRepoError, _of_gated),
    (errors.RepositoryNotFoundError, _of_absent),
    (errors.RevisionNotFoundError, _of_revision),
    (errors.LocalEntryNotFoundError, _of_cache),
    (HfHubHTTPError, _of_status),
    (HTTPError, _of_connection),
    (ConnectionError, _of_connection),
    (TimeoutError, _of_connection),
    (RuntimeError, _of_transfer),
    (ValueError, _of_words),
)


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _without_token(text: str) -> str:
    token = get_token()
    return text.replace(token, "<token>") if token else text
