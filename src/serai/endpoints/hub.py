"""The hub, and the weight store that what is fetched from it lies in."""

from __future__ import annotations

from typing import Any

from serai.endpoints._request import NATIVE, Json, Request, given, nothing, pick, segment


def search(text: str = "", **wishes: Any) -> Request[Json]:
    """Models of the hub: `{"models", "next", "offline", "reason"}`. Wishes are `task`, `library`, `author`, `license`,
    `speaks`, `format`, `min_parameters`, `max_parameters`, `sort`, `limit` and `cursor`."""
    return Request("GET", f"{NATIVE}/hub/models", dict, params=given(query=text, **wishes), slow=True)


def hub_model(name: str, revision: str | None = None) -> Request[Json]:
    """A model's page on the hub: card, files, and its quantisations with how they fit. Raises ModelNotFound."""
    return Request("GET", f"{NATIVE}/hub/models/{segment(name)}", dict, params=given(revision=revision), slow=True)


def download(name: str, *, priority: int | None = None) -> Request[Json]:
    """Starts the download of `org/name[:quantisation]` as a job and returns the job; a higher priority begins first."""
    return Request("POST", f"{NATIVE}/downloads", dict, given(model=name, priority=priority), slow=True)


def store() -> Request[Json]:
    """The weight store: where it lies, how much room it takes and has, and every model with its source."""
    return Request("GET", f"{NATIVE}/store", dict, slow=True)


def stored(name: str) -> Request[Json]:
    """A model's source and files. Raises ModelNotFound."""
    return Request("GET", f"{NATIVE}/store/models/{segment(name)}", dict)


def verify(name: str | None = None, *, repair: bool = False) -> Request[Json]:
    """Starts to read a model's files again, or all models', as a job; with `repair` what is damaged is fetched anew."""
    return Request("POST", f"{NATIVE}/store/verify", dict, given(model=name, repair=repair))


def gc(*, dry_run: bool = False, data_sets_days: float | None = None) -> Request[Json]:
    """Removes what dead downloads left, and data sets that nobody has used for so many days, where that is given:
    `{"found", "size", "freed"}`."""
    params = {**({"dry_run": "true"} if dry_run else {}), **given(data_sets_days=data_sets_days)}
    return Request("POST", f"{NATIVE}/store/gc", dict, params=params, slow=True)


def change_data_set(name: str, *, pinned: bool) -> Request[None]:
    """Keeps a data set of the cache, or lets it go again. Raises NotFound."""
    return Request("PATCH", f"{NATIVE}/store/data-sets/{segment(name)}", nothing, {"pinned": pinned})


def remove_data_set(name: str) -> Request[None]:
    """Deletes a data set's files from the cache. Raises NotFound, or Conflict while it is fetched."""
    return Request("DELETE", f"{NATIVE}/store/data-sets/{segment(name)}", nothing)


def adopt() -> Request[Json]:
    """Looks for models that other programs have put on this machine: `{"added", "gone"}`."""
    return Request("POST", f"{NATIVE}/store/adopt", dict, slow=True)


def updates() -> Request[list[Json]]:
    """Asks the hub which models it has newer: `{model, commit, newest, update, error}`."""
    return Request("POST", f"{NATIVE}/store/updates", pick("updates"), slow=True)
