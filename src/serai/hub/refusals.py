"""What the hub's refusals mean, in words."""

from __future__ import annotations

import time
from collections.abc import Sequence
from email.utils import parsedate_to_datetime

import aiohttp

from serai.errors import Busy, Forbidden, ModelNotFound, NotFound, SeraiError
from serai.hub.faults import HubUnreachable

_TAGS = "Look at its branches and tags on the hub."
_USUAL_PAUSE_S = 30
_LONGEST_PAUSE_S = 3600


def of(
    response: aiohttp.ClientResponse, name: str, *, has_token: bool, nearest: Sequence[str] = ()
) -> SeraiError | None:
    """The error that a response is; None when it is none."""
    status, code = response.status, response.headers.get("X-Error-Code", "")
    host = response.url.host
    if status in {200, 206, 304}:
        return None
    if code == "RevisionNotFound":
        return NotFound(f"{name} has no such revision.", hint=_TAGS, who="hub", missing="revision")
    if code == "EntryNotFound":
        text, hint = f"{name} has not all of its files any more.", "Start the download again."
        return NotFound(text, hint=hint, who="hub", missing="entry")
    if code == "GatedRepo" or status == 403:
        return _gated(name, f"{response.url.origin()}/{name}", has_token=has_token)
    if status == 404 or code == "RepoNotFound":
        hint = "" if nearest else "Look at the spelling: organisation/name, as on the hub."
        return ModelNotFound(name, nearest, who="hub", hint=hint)
    if status == 401:
        return _unknown(name, nearest, has_token=has_token)
    if status == 429:
        return Busy("The hub asks to slow down.", retry_after=_pause(response), hint="Try again in a while.")
    return HubUnreachable(f"The hub ({host}) answered {status}.", hint="Try again in a while.", answered=status)


def _gated(name: str, page: str, *, has_token: bool) -> Forbidden:
    """Its makers let in only those who accept their terms."""
    if has_token:
        text = f"{name} is gated, and your token's account has not been let in."
        hint = f"Open {page}, accept its terms with that account, wait until you are let in, then resume."
    else:
        text = f"{name} is gated: its makers let in only those who accept their terms."
        hint = f"Open {page} and accept them, then put a token of that account into Settings → Secrets (hf_token)."
    return Forbidden(text, hint=hint, who="hub", page=page)


def _unknown(name: str, nearest: Sequence[str], *, has_token: bool) -> SeraiError:
    """The hub does not tell strangers whether a private repository exists."""
    near = f" Or did you mean {', '.join(nearest)}?" if nearest else ""
    if has_token:
        text, hint = f"The hub does not accept your token for {name}.", "Make a new one in your account there."
        return Forbidden(text, hint=f"{hint} Put it into Settings → Secrets (hf_token).{near}", who="hub")
    hint = f"Look at the spelling. If it is private, put a token into Settings → Secrets (hf_token).{near}"
    return Forbidden(
        f"There is no public model called {name!r} on the hub.",
        hint=hint,
        who="hub",
        nearest=list(nearest),
        missing="repository",
    )


def _pause(response: aiohttp.ClientResponse) -> int:
    """Seconds until the hub wants to be asked again: given as a number, a date, or as the hub's own rate limit."""
    after = response.headers.get("Retry-After", "")
    if after.isdigit():
        return min(int(after), _LONGEST_PAUSE_S)
    if after:
        try:
            return max(0, min(int(parsedate_to_datetime(after).timestamp() - time.time()), _LONGEST_PAUSE_S))
        except ValueError:
            return _USUAL_PAUSE_S
    left = response.headers.get("RateLimit", "").rpartition("t=")[2]
    return min(int(left), _LONGEST_PAUSE_S) if left.isdigit() else _USUAL_PAUSE_S
