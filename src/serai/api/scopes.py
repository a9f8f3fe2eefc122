"""Who may do what: the one place that authorises. Every route declares a scope (see `routes`)."""

from __future__ import annotations

from enum import StrEnum

from serai.errors import Forbidden, Unauthenticated
from serai.types import Principal


class Scope(StrEnum):
    """What a key can be allowed to do. `*` in a key's scopes is all of it."""

    PUBLIC = "public"
    """Needs no key: health, and the page's files, which hold nothing of anybody's."""
    INFER = "infer"
    """Ask models: in every dialect, and by the simple chat call."""
    CHAT = "chat"
    """Read and write sessions."""
    MODELS = "models"
    """See, add, load, unload and download models."""
    MIRROR = "mirror"
    """Fetch public models and data sets through `/hub`; private and gated ones need `models`, too."""
    MONITOR = "monitor"
    """See what is going on: status, events, calls, hardware, logs, metrics."""
    ADMIN = "admin"
    """Settings, secrets and keys."""


PRINCIPAL = "serai.principal"
"""Where the guard leaves the Principal in the ASGI scope; None when no key was shown."""


_DIALECTS = {
    "openai": frozenset({"openai"}),
    "anthropic": frozenset({"anthropic"}),
    "ollama": frozenset({"ollama"}),
    "huggingface": frozenset({"huggingface"}),
    "mirror": frozenset({"huggingface"}),
    "simple": frozenset({"native", "ollama"}),
}


def dialects(tag: str | None) -> frozenset[str]:
    """The dialects of the routes with that tag: a key for one of them may use them. Whatever is no other's is Serai's
    own, `native`."""
    return _DIALECTS.get(tag or "", frozenset({"native"}))


def authorise(principal: Principal | None, needed: Scope, spoken: frozenset[str]) -> None:
    """Raises Unauthenticated or Forbidden unless the principal may do what needs that scope, in one of the dialects
    that the route speaks."""
    if needed is Scope.PUBLIC:
        return
    if principal is None:
        raise Unauthenticated(
            "This server needs an API key.",
            hint="Send `Authorization: Bearer serai-…`. Whoever runs Serai makes keys: `serai keys create NAME`.",
        )
    if not may(principal, needed):
        raise Forbidden(f"This key may not do that: it lacks the scope {needed.value!r}.", scope=needed.value)
    allowed = principal.limits.dialects
    if allowed is not None and not spoken & set(allowed):
        raise Forbidden(
            f"This key may not be used here: it is for {', '.join(allowed)}, and this is {sorted(spoken)[0]}.",
            hint="Whoever made the key can change that.",
            dialects=sorted(spoken),
        )


def may(principal: Principal, needed: Scope) -> bool:
    """Whether a principal has a scope."""
    return bool(principal.scopes & {"*", needed.value})
