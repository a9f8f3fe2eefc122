"""Remote services: added, checked, changed, forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serai.endpoints._request import NATIVE, Json, Request, given, nothing, pick, segment


def provider_kinds() -> Request[list[Json]]:
    """The kinds of remote services: `{name, title, url, key_env, key_needed}`."""
    return Request("GET", f"{NATIVE}/provider-kinds", pick("kinds"))


def providers() -> Request[list[Json]]:
    """The remote services that were added, without their keys."""
    return Request("GET", f"{NATIVE}/providers", pick("providers"), slow=True)


def provider(name: str) -> Request[Json]:
    """One remote service. Raises NotFound."""
    return Request("GET", f"{NATIVE}/providers/{segment(name)}", dict, slow=True)


def add_provider(
    name: str,
    kind: str,
    *,
    url: str | None = None,
    key_env: str | None = None,
    keys: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
    patience_s: float | None = None,
    at_once: int | None = None,
    whose_keys: str | None = None,
) -> Request[Json]:
    """Adds a remote service; its models are then called `name/…`. Raises Conflict when the name is taken."""
    places = given(key_env=key_env, keys=keys, models=models, patience_s=patience_s, at_once=at_once)
    body = given(name=name, kind=kind, url=url, whose_keys=whose_keys) | places
    return Request("POST", f"{NATIVE}/providers", dict, body)


def change_provider(name: str, **fields: Any) -> Request[Json]:
    """Changes its `url`, `key_env`, `keys`, `models`, `patience_s`, `at_once` or `whose_keys`."""
    return Request("PATCH", f"{NATIVE}/providers/{segment(name)}", dict, given(**fields))


def check_provider(name: str) -> Request[Json]:
    """Asks the service now: `{reachable, key, models, seconds, error}`."""
    return Request("POST", f"{NATIVE}/providers/{segment(name)}/check", dict, slow=True)


def provider_models(name: str) -> Request[list[Json]]:
    """The models of a remote service."""
    return Request("GET", f"{NATIVE}/providers/{segment(name)}/models", pick("models"), slow=True)


def remove_provider(name: str) -> Request[None]:
    """Forgets a remote service and its keys."""
    return Request("DELETE", f"{NATIVE}/providers/{segment(name)}", nothing)


def destinations() -> Request[Json]:
    """Where your calls may go, by name: `{places: [{name, title, elsewhere}], routes: [{name, title, private,
    places}]}`; neither addresses nor keys."""
    return Request("GET", f"{NATIVE}/destinations", dict)


def own_keys() -> Request[list[Json]]:
    """The services that may be asked, and how many keys of your own you keep for each: `{service, kind, title, origin,
    whose_keys, keys}`."""
    return Request("GET", f"{NATIVE}/own-keys", pick("services"))


def set_own_keys(service: str, keys: Sequence[str]) -> Request[Json]:
    """From now on your calls to a service show these keys, and nobody else's do. Raises NotFound, or Conflict where it
    takes none of your own."""
    return Request("PUT", f"{NATIVE}/own-keys/{segment(service)}", dict, {"keys": list(keys)})


def check_own_keys(service: str) -> Request[Json]:
    """Asks a service whether it takes your own keys: `{reachable, key, models, seconds, error}`."""
    return Request("POST", f"{NATIVE}/own-keys/{segment(service)}/check", dict, slow=True)


def remove_own_keys(service: str) -> Request[None]:
    """Forgets the keys of your own for a service."""
    return Request("DELETE", f"{NATIVE}/own-keys/{segment(service)}", nothing)
