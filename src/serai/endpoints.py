"""What a client can ask of Serai: every request is shaped here once, for the synchronous and the asynchronous client.

A shape is a function from the call's arguments to a `Request`; `Endpoint` makes a method of it on either client.
Answers are JSON in the API's own words (docs/reference); only a chat's answer has a class of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from serai.answers import Answer
from serai.types import AUTO

T = TypeVar("T")
Json = dict[str, Any]
Messages = str | Sequence[Mapping[str, Any]]

NATIVE = "/api/v1"
DATA_SETS = "datasets/"
"""How the name of a data set begins where models are named, too."""


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """One HTTP request and how its JSON answer is read. `slow`: the answer may take as long as a model needs."""

    method: str
    path: str
    read: Callable[[Any], T]
    json: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    slow: bool = False


def chat(message: Messages, model: str = AUTO, *, system: str | None = None, **settings: Any) -> Request[Answer]:
    """Asks and waits for the whole answer. `message` is a text or a list of messages in OpenAI's shape; settings are
    OpenAI's too (`temperature`, `max_tokens`, `stop`, …)."""
    body = chat_body(message, model, system, settings)
    return Request("POST", "/v1/chat/completions", Answer.from_completion, body, slow=True)


def chat_body(message: Messages, model: str, system: str | None, settings: Mapping[str, Any]) -> Json:
    """The body of a chat completion."""
    messages: list[Mapping[str, Any]] = [{"role": "system", "content": system}] if system else []
    messages += [{"role": "user", "content": message}] if isinstance(message, str) else message
    return {"model": model, "messages": messages, **settings}


def stream_body(message: Messages, model: str, system: str | None, settings: Mapping[str, Any]) -> Json:
    """The body of a chat completion that is streamed, with its measurements at the end."""
    return chat_body(message, model, system, settings) | {"stream": True, "stream_options": {"include_usage": True}}


def models() -> Request[list[Json]]:
    """The models that are here, the embedded one first."""
    return Request("GET", f"{NATIVE}/models", _pick("models"))


def model(name: str) -> Request[Json]:
    """One model. Raises ModelNotFound with the nearest names."""
    return Request("GET", f"{NATIVE}/models/{_segment(name)}", dict)


def add(path: str, name: str | None = None) -> Request[Json]:
    """Makes a file on the server's disk a model."""
    return Request("POST", f"{NATIVE}/models", dict, _given(path=str(path), name=name), slow=True)


def forget(name: str, *, files: bool = False) -> Request[None]:
    """Removes a model from the list; with `files` also what Serai downloaded for it."""
    params = {"files": "true"} if files else {}
    return Request("DELETE", f"{NATIVE}/models/{_segment(name)}", _nothing, params=params)


def change_model(name: str, *, pinned: bool | None = None, settings: Json | None = None) -> Request[Json]:
    """Pins a model or sets its default settings."""
    return Request("PATCH", f"{NATIVE}/models/{_segment(name)}", dict, _given(pinned=pinned, settings=settings))


def running() -> Request[list[Json]]:
    """The models that are loaded or loading."""
    return Request("GET", f"{NATIVE}/running", _pick("running"))


def load(name: str) -> Request[Json]:
    """Starts loading a model and returns at once; `model(name)["state"]` tells how it goes."""
    return Request("POST", f"{NATIVE}/running", dict, {"model": name})


def fit(
    name: str,
    *,
    context: int | None = None,
    parallel: int | None = None,
    kv_type: str | None = None,
    gpu_layers: int | None = None,
) -> Request[Json]:
    """Whether a model fits into this machine's memory, here or before its download, and what would where it does not.
    What is left out Serai chooses."""
    asked = _given(model=name, context=context, parallel=parallel, kv_type=kv_type, gpu_layers=gpu_layers)
    return Request("GET", f"{NATIVE}/fit", dict, params=asked, slow=True)


def search(text: str = "", **wishes: Any) -> Request[Json]:
    """Models of the hub: `{"models", "next", "offline", "reason"}`. Wishes are `task`, `library`, `author`, `license`,
    `speaks`, `format`, `min_parameters`, `max_parameters`, `sort`, `limit` and `cursor`."""
    return Request("GET", f"{NATIVE}/hub/models", dict, params=_given(query=text, **wishes), slow=True)


def hub_model(name: str, revision: str | None = None) -> Request[Json]:
    """A model's page on the hub: card, files, and its quantisations with how they fit. Raises ModelNotFound."""
    return Request("GET", f"{NATIVE}/hub/models/{_segment(name)}", dict, params=_given(revision=revision), slow=True)


def unload(name: str) -> Request[None]:
    """Unloads a model; what it used is free afterwards."""
    return Request("DELETE", f"{NATIVE}/running/{_segment(name)}", _nothing, slow=True)


def download(name: str, *, priority: int | None = None) -> Request[Json]:
    """Starts the download of `org/name[:quantisation]` as a job and returns the job; a higher priority begins first."""
    return Request("POST", f"{NATIVE}/downloads", dict, _given(model=name, priority=priority), slow=True)


def store() -> Request[Json]:
    """The weight store: where it lies, how much room it takes and has, and every model with its source."""
    return Request("GET", f"{NATIVE}/store", dict, slow=True)


def stored(name: str) -> Request[Json]:
    """A model's source and files. Raises ModelNotFound."""
    return Request("GET", f"{NATIVE}/store/models/{_segment(name)}", dict)


def verify(name: str | None = None, *, repair: bool = False) -> Request[Json]:
    """Starts to read a model's files again, or all models', as a job; with `repair` what is damaged is fetched anew."""
    return Request("POST", f"{NATIVE}/store/verify", dict, _given(model=name, repair=repair))


def gc(*, dry_run: bool = False, data_sets_days: float | None = None) -> Request[Json]:
    """Removes what dead downloads left, and data sets that nobody has used for so many days, where that is given:
    `{"found", "size", "freed"}`."""
    params = {**({"dry_run": "true"} if dry_run else {}), **_given(data_sets_days=data_sets_days)}
    return Request("POST", f"{NATIVE}/store/gc", dict, params=params, slow=True)


def change_data_set(name: str, *, pinned: bool) -> Request[None]:
    """Keeps a data set of the cache, or lets it go again. Raises NotFound."""
    return Request("PATCH", f"{NATIVE}/store/data-sets/{_segment(name)}", _nothing, {"pinned": pinned})


def remove_data_set(name: str) -> Request[None]:
    """Deletes a data set's files from the cache. Raises NotFound, or Conflict while it is fetched."""
    return Request("DELETE", f"{NATIVE}/store/data-sets/{_segment(name)}", _nothing)


def adopt() -> Request[Json]:
    """Looks for models that other programs have put on this machine: `{"added", "gone"}`."""
    return Request("POST", f"{NATIVE}/store/adopt", dict, slow=True)


def updates() -> Request[list[Json]]:
    """Asks the hub which models it has newer: `{model, commit, newest, update, error}`."""
    return Request("POST", f"{NATIVE}/store/updates", _pick("updates"), slow=True)


def suggestions(machine: str = "this") -> Request[list[Json]]:
    """Models to start with, and whether they fit on this machine or on a `small-cpu`, `mid-gpu` or `large-gpu` one."""
    return Request("GET", f"{NATIVE}/suggestions", _pick("suggestions"), params={"machine": machine})


def jobs() -> Request[list[Json]]:
    """Long work: downloads and the like, with its progress."""
    return Request("GET", f"{NATIVE}/jobs", _pick("jobs"))


def job(job_id: str) -> Request[Json]:
    """One job."""
    return Request("GET", f"{NATIVE}/jobs/{_segment(job_id)}", dict)


def pause(job_id: str) -> Request[Json]:
    """Pauses a job; what it has done is kept."""
    return Request("POST", f"{NATIVE}/jobs/{_segment(job_id)}/pause", dict)


def resume(job_id: str) -> Request[Json]:
    """Goes on with a paused or failed job."""
    return Request("POST", f"{NATIVE}/jobs/{_segment(job_id)}/resume", dict)


def cancel(job_id: str) -> Request[Json]:
    """Ends a job for good."""
    return Request("POST", f"{NATIVE}/jobs/{_segment(job_id)}/cancel", dict)


def prioritise(job_id: str, priority: int) -> Request[Json]:
    """Changes what comes first; jobs have 0 unless told otherwise."""
    return Request("PATCH", f"{NATIVE}/jobs/{_segment(job_id)}", dict, {"priority": priority})


def forget_job(job_id: str) -> Request[None]:
    """Takes a job that has ended off the list."""
    return Request("DELETE", f"{NATIVE}/jobs/{_segment(job_id)}", _nothing)


def clear_jobs(kind: str | None = None) -> Request[Json]:
    """Takes all jobs off the list that are done or cancelled, or those of a kind; `{removed}` by id."""
    return Request("DELETE", f"{NATIVE}/jobs", dict, params=_given(kind=kind))


def engines() -> Request[list[Json]]:
    """llama.cpp's servers on this machine: `{name, kind, version, features, path, size, built_at, in_use}`."""
    return Request("GET", f"{NATIVE}/engines", _pick("engines"))


def build_engine() -> Request[Json]:
    """Starts to build a native llama-server as a job and returns the job."""
    return Request("POST", f"{NATIVE}/engines/build", dict)


def use_engine(name: str) -> Request[list[Json]]:
    """Runs models with that server: a name of the list, `auto`, or the path of a llama-server, which is tried first."""
    return Request("PUT", f"{NATIVE}/engines/use", _pick("engines"), {"name": name}, slow=True)


def remove_engine(name: str) -> Request[None]:
    """Deletes a server that was built here."""
    return Request("DELETE", f"{NATIVE}/engines/{_segment(name)}", _nothing)


def sessions(q: str = "", *, limit: int = 50) -> Request[list[Json]]:
    """The newest sessions, or those whose title or text has `q`."""
    return Request("GET", f"{NATIVE}/sessions", _pick("sessions"), params={**_given(q=q or None), "limit": limit})


def session(session_id: str) -> Request[Json]:
    """A session with the messages of its shown branch: `{"session", "messages"}`."""
    return Request("GET", f"{NATIVE}/sessions/{_segment(session_id)}", dict)


def export_session(session_id: str) -> Request[Json]:
    """A session as Serai's JSON, which `import_session` reads."""
    path = f"{NATIVE}/sessions/{_segment(session_id)}/export"
    return Request("GET", path, dict, params={"format": "json"})


def import_session(document: Json) -> Request[Json]:
    """Makes a session of Serai's JSON."""
    return Request("POST", f"{NATIVE}/sessions/import", dict, document)


def settings() -> Request[list[Json]]:
    """Every setting: `{key, group, type, description, default, value, source, env, restart, choices}`."""
    return Request("GET", f"{NATIVE}/settings", _pick("settings"))


def set_(key: str, value: Any) -> Request[list[Json]]:
    """Sets one setting; None gives it its default back. Raises Conflict when the environment sets it."""
    return Request("PATCH", f"{NATIVE}/settings", _pick("settings"), {key: value})


def keys() -> Request[list[Json]]:
    """The API keys, without their secret part."""
    return Request("GET", f"{NATIVE}/keys", _pick("keys"))


def key(key_id: str) -> Request[Json]:
    return Request("GET", f"{NATIVE}/keys/{_segment(key_id)}", dict)


def create_key(
    name: str, *, expires_at: float | None = None, scopes: Sequence[str] | None = None, limits: Json | None = None
) -> Request[Json]:
    """A new key; its text is in the answer as `plain`, this once. `limits` as in the native API, such as
    `{"models": ["org/*"], "requests_per_minute": 60}`."""
    asked = _given(name=name, expires_at=expires_at, scopes=list(scopes) if scopes else None, limits=limits)
    return Request("POST", f"{NATIVE}/keys", dict, asked)


def change_key(key_id: str, **values: Any) -> Request[Json]:
    """Changes what is given of `name`, `expires_at`, `scopes` and `limits`, which are replaced whole."""
    return Request("PATCH", f"{NATIVE}/keys/{_segment(key_id)}", dict, values)


def rotate_key(key_id: str, *, grace_s: float = 0) -> Request[Json]:
    """The key with a new text, as `plain`; the old one opens for `grace_s` seconds more."""
    return Request("POST", f"{NATIVE}/keys/{_segment(key_id)}/rotate", dict, {"grace_s": grace_s})


def revoke_key(key_id: str) -> Request[None]:
    """Makes a key useless at once."""
    return Request("DELETE", f"{NATIVE}/keys/{_segment(key_id)}", _nothing)


def status() -> Request[Json]:
    """Version, home, memory, what runs, and notices about what is missing."""
    return Request("GET", f"{NATIVE}/status", dict)


def hardware() -> Request[Json]:
    """The server's machine and what it is good for."""
    return Request("GET", f"{NATIVE}/hardware", dict, slow=True)


def doctor(*, hub: bool = False) -> Request[list[Json]]:
    """The health of every part, with the mend; with `hub` the hub is called too."""
    return Request("GET", f"{NATIVE}/doctor", _pick("checks"), params={"hub": "true"} if hub else {}, slow=True)


def logs(part: str = "server", *, lines: int = 200) -> Request[Json]:
    """The last lines of a part's log: `{"parts", "lines"}`."""
    return Request("GET", f"{NATIVE}/logs", dict, params={"part": part, "lines": lines})


def version() -> Request[Json]:
    """The server's version."""
    return Request("GET", f"{NATIVE}/version", dict)


def _segment(text: str) -> str:
    """A name as part of a path: `org/name:Q4_K_M` keeps its slash, everything odd is quoted."""
    return quote(text, safe="/:@")


def _given(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _pick(name: str) -> Callable[[Any], list[Json]]:
    return lambda body: list(body[name])


def _nothing(_: Any) -> None:
    return None
