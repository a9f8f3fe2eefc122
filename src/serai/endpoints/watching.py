"""What happened: calls that ended, what they came to, and who is told."""

from __future__ import annotations

from collections.abc import Sequence

from serai.endpoints._request import NATIVE, Json, Request, given, nothing, pick, segment


def stats(
    by: str = "model",
    *,
    start: float | None = None,
    end: float | None = None,
    step: int | None = None,
    **only: str | None,
) -> Request[Json]:
    """What calls came to, by `model`, `backend`, `place`, `key`, `task`, `dialect` or `error`: `{totals, groups,
    series}`. `start` and `end` are seconds since 1970, the last day when left out; `only` are labels that calls must
    have, such as `model="org/name"`."""
    params = {"by": by, **given(**{"from": start, "to": end}, step=step, **only)}
    return Request("GET", f"{NATIVE}/stats", dict, params=params)


def past_calls(
    *,
    start: float | None = None,
    end: float | None = None,
    after: str | None = None,
    limit: int | None = None,
    **only: str | None,
) -> Request[Json]:
    """The last calls that ended, the newest first: `{calls, next}`; `next` is the `after` of the next page. `only` is
    what they must have, such as `status="failed"`."""
    params = given(**{"from": start, "to": end}, after=after, limit=limit, **only)
    return Request("GET", f"{NATIVE}/calls/history", dict, params=params)


def call(call_id: str) -> Request[Json]:
    """One call that ended: `{call, words}`; `words` are there where the inspector kept them."""
    return Request("GET", f"{NATIVE}/calls/{segment(call_id)}", dict)


def hooks() -> Request[list[Json]]:
    """The addresses that are told of events."""
    return Request("GET", f"{NATIVE}/hooks", pick("hooks"))


def add_hook(url: str, *, events: Sequence[str] | None = None, private: bool = False) -> Request[Json]:
    """Tells an address of events; what its messages are signed with is in the answer as `secret`, this once."""
    asked = given(url=url, events=list(events) if events else None, private=private)
    return Request("POST", f"{NATIVE}/hooks", dict, asked)


def remove_hook(hook_id: str) -> Request[None]:
    """Tells a hook nothing more."""
    return Request("DELETE", f"{NATIVE}/hooks/{segment(hook_id)}", nothing)


def test_hook(hook_id: str) -> Request[Json]:
    """Sends a hook one message now: `{taken, seconds, error}`."""
    return Request("POST", f"{NATIVE}/hooks/{segment(hook_id)}/test", dict, slow=True)
