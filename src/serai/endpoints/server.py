"""The server itself: settings, keys, secrets, its machine, its engines, its health."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serai.endpoints._request import NATIVE, Json, Request, as_it_is, given, nothing, pick, segment


def settings() -> Request[list[Json]]:
    """Every setting: `{key, group, type, description, default, value, source, env, restart, choices}`."""
    return Request("GET", f"{NATIVE}/settings", pick("settings"))


def set_(key: str, value: Any) -> Request[list[Json]]:
    """Sets one setting; None gives it its default back. Raises Conflict when the environment sets it."""
    return Request("PATCH", f"{NATIVE}/settings", pick("settings"), {key: value})


def keys() -> Request[list[Json]]:
    """The API keys, without their secret part."""
    return Request("GET", f"{NATIVE}/keys", pick("keys"))


def key(key_id: str) -> Request[Json]:
    """One API key: what it may do, and when it was last used."""
    return Request("GET", f"{NATIVE}/keys/{segment(key_id)}", dict)


def create_key(
    name: str, *, expires_at: float | None = None, scopes: Sequence[str] | None = None, limits: Json | None = None
) -> Request[Json]:
    """A new key; its text is in the answer as `plain`, this once. Without scopes it may do everything. `limits` as in
    the native API, such as `{"models": ["org/*"], "requests_per_minute": 60}`."""
    asked = given(name=name, expires_at=expires_at, scopes=list(scopes) if scopes else None, limits=limits)
    return Request("POST", f"{NATIVE}/keys", dict, asked)


def change_key(key_id: str, **values: Any) -> Request[Json]:
    """Changes what is given of `name`, `expires_at`, `scopes` and `limits`, which are replaced whole."""
    return Request("PATCH", f"{NATIVE}/keys/{segment(key_id)}", dict, values)


def rotate_key(key_id: str, *, grace_s: float = 0) -> Request[Json]:
    """The key with a new text, as `plain`; the old one opens for `grace_s` seconds more."""
    return Request("POST", f"{NATIVE}/keys/{segment(key_id)}/rotate", dict, {"grace_s": grace_s})


def revoke_key(key_id: str) -> Request[None]:
    """Makes a key useless at once."""
    return Request("DELETE", f"{NATIVE}/keys/{segment(key_id)}", nothing)


def secrets() -> Request[list[Json]]:
    """The secrets that Serai keeps for other services, without what they say."""
    return Request("GET", f"{NATIVE}/secrets", pick("secrets"))


def set_secret(name: str, value: str) -> Request[Json]:
    """Keeps a secret, encrypted; nobody can read it again."""
    return Request("PUT", f"{NATIVE}/secrets/{segment(name)}", dict, {"value": value})


def delete_secret(name: str) -> Request[None]:
    """Forgets a secret."""
    return Request("DELETE", f"{NATIVE}/secrets/{segment(name)}", nothing)


def engines() -> Request[list[Json]]:
    """llama.cpp's servers on this machine: `{name, kind, version, features, path, size, built_at, in_use}`."""
    return Request("GET", f"{NATIVE}/engines", pick("engines"))


def build_engine() -> Request[Json]:
    """Starts to build a native llama-server as a job and returns the job."""
    return Request("POST", f"{NATIVE}/engines/build", dict)


def use_engine(name: str) -> Request[list[Json]]:
    """Runs models with that server: a name of the list, `auto`, or the path of a llama-server, which is tried first."""
    return Request("PUT", f"{NATIVE}/engines/use", pick("engines"), {"name": name}, slow=True)


def remove_engine(name: str) -> Request[None]:
    """Deletes a server that was built here."""
    return Request("DELETE", f"{NATIVE}/engines/{segment(name)}", nothing)


def cache() -> Request[Json]:
    """What the cache of results holds, and how it has served."""
    return Request("GET", f"{NATIVE}/cache", dict)


def clear_cache() -> Request[None]:
    """Forgets all answers that are kept."""
    return Request("DELETE", f"{NATIVE}/cache", nothing)


def status() -> Request[Json]:
    """Version, home, memory, what runs, and notices about what is missing."""
    return Request("GET", f"{NATIVE}/status", dict)


def hardware() -> Request[Json]:
    """The server's machine and what it is good for."""
    return Request("GET", f"{NATIVE}/hardware", dict, slow=True)


def doctor(*, hub: bool = False) -> Request[list[Json]]:
    """The health of every part, with the mend; with `hub` the hub is called too."""
    return Request("GET", f"{NATIVE}/doctor", pick("checks"), params={"hub": "true"} if hub else {}, slow=True)


def logs(part: str = "server", *, lines: int = 200) -> Request[Json]:
    """The last lines of a part's log: `{"parts", "lines"}`."""
    return Request("GET", f"{NATIVE}/logs", dict, params={"part": part, "lines": lines})


def version() -> Request[Json]:
    """The server's version."""
    return Request("GET", f"{NATIVE}/version", dict)


def listening(after: str | None = None) -> Request[Any]:
    """The stream of everything that happens, after the event with that id."""
    headers = {"last-event-id": after} if after else {}
    return Request("GET", f"{NATIVE}/events", as_it_is, headers=headers, slow=True)
