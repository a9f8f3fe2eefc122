"""The models on this machine: which there are, what runs, what would fit."""

from __future__ import annotations

from serai.endpoints._request import NATIVE, Json, Request, given, nothing, pick, segment


def models() -> Request[list[Json]]:
    """The models that are here, the embedded one first."""
    return Request("GET", f"{NATIVE}/models", pick("models"))


def model(name: str) -> Request[Json]:
    """One model. Raises ModelNotFound with the nearest names."""
    return Request("GET", f"{NATIVE}/models/{segment(name)}", dict)


def add(path: str, name: str | None = None) -> Request[Json]:
    """Makes a file on the server's disk a model."""
    return Request("POST", f"{NATIVE}/models", dict, given(path=str(path), name=name), slow=True)


def forget(name: str, *, files: bool = False) -> Request[None]:
    """Removes a model from the list; with `files` also what Serai downloaded for it."""
    params = {"files": "true"} if files else {}
    return Request("DELETE", f"{NATIVE}/models/{segment(name)}", nothing, params=params)


def change_model(
    name: str, *, pinned: bool | None = None, settings: Json | None = None, loading: Json | None = None
) -> Request[Json]:
    """Pins a model, or sets its default settings or how it is loaded from the next time on."""
    changes = given(pinned=pinned, settings=settings, loading=loading)
    return Request("PATCH", f"{NATIVE}/models/{segment(name)}", dict, changes)


def running() -> Request[list[Json]]:
    """The models that are loaded or loading."""
    return Request("GET", f"{NATIVE}/running", pick("running"))


def memory() -> Request[list[Json]]:
    """The devices whose memory models share, and who holds how much of it."""
    return Request("GET", f"{NATIVE}/running", lambda body: list(body["budget"]["devices"]))


def load(name: str) -> Request[Json]:
    """Starts loading a model and returns at once; `model(name)["state"]` tells how it goes."""
    return Request("POST", f"{NATIVE}/running", dict, {"model": name})


def unload(name: str) -> Request[None]:
    """Unloads a model; what it used is free afterwards."""
    return Request("DELETE", f"{NATIVE}/running/{segment(name)}", nothing, slow=True)


def model_log(name: str, *, after: int = 0) -> Request[list[Json]]:
    """The last lines that a model's process logged: `{number, time, text}`; `after` is the last number known."""
    return Request("GET", f"{NATIVE}/running/{segment(name)}/log", pick("lines"), params={"after": after})


def fit(
    name: str,
    *,
    context: int | None = None,
    parallel: int | None = None,
    kv_type: str | None = None,
    gpu_layers: int | None = None,
    device: str | None = None,
    dtype: str | None = None,
    bits: int | None = None,
    flash_attention: bool | None = None,
) -> Request[Json]:
    """Whether a model fits into this machine's memory, here or before its download, and what would where it does not.
    What is left out Serai chooses."""
    asked = given(model=name, context=context, parallel=parallel, kv_type=kv_type, gpu_layers=gpu_layers)
    asked |= given(device=device, dtype=dtype, bits=bits, flash_attention=flash_attention)
    return Request("GET", f"{NATIVE}/fit", dict, params=asked, slow=True)


def suggestions(machine: str = "this") -> Request[list[Json]]:
    """Models to start with, and whether they fit on this machine or on a `small-cpu`, `mid-gpu` or `large-gpu` one."""
    return Request("GET", f"{NATIVE}/suggestions", pick("suggestions"), params={"machine": machine})
