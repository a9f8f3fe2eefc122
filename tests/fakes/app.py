"""A small Serai that speaks the native API and OpenAI's chat from memory: the other end for client and command line.

Run as a module it is the `serai` program over this app: `python -m tests.fakes.app serve --port 0`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import types
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from serai.errors import Conflict, ModelNotFound, NotFound, SeraiError
from serai.settings import SettingsFile, declarations

GUIDE = {
    "name": "serai-guide",
    "title": "The guide",
    "task": "chat",
    "source": "embedded",
    "format": "gguf",
    "size": 4_070_000,
    "parameters": 3_800_000,
    "quantisation": "Q8_0",
    "context_length": 2048,
    "languages": ["en", "de", "fa"],
    "settings": {"temperature": 0},
    "state": "on_disk",
    "error": None,
    "running": None,
}
WHEEL = {"name": "wheel", "kind": "wheel", "version": "9", "features": ["avx9"], "size": None, "built_at": None}
LOADED = {"pid": 7, "device": "CPU", "memory": 9_000_000, "context": 2048, "parallel": 4, "streams": 0, "since": 1.0}


@dataclass
class FakeKey:
    id: str
    name: str
    revoked_at: float | None = None
    scopes: list[str] | None = None
    limits: dict[str, Any] | None = None
    expires_at: float | None = None

    def holds(self, now: float) -> bool:
        return self.revoked_at is None


@dataclass
class FakeKeys:
    made: list[FakeKey] = field(default_factory=list)

    async def list(self) -> list[FakeKey]:
        return list(self.made)

    async def create(self, name: str) -> tuple[FakeKey, str]:
        self.made.append(FakeKey(f"key_{len(self.made)}", name))
        return self.made[-1], f"serai-{name}"

    async def revoke(self, key_id: str) -> None:
        self.made = [key for key in self.made if key.id != key_id]


class FakeDatabase:
    async def close(self) -> None: ...


@dataclass
class FakeServices:
    settings_file: SettingsFile
    models: dict[str, dict[str, Any]] = field(default_factory=lambda: {"serai-guide": dict(GUIDE)})
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: FakeKeys = field(default_factory=FakeKeys)
    db: FakeDatabase = field(default_factory=FakeDatabase)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[dict[str, Any]] = field(default_factory=list)
    engines: list[dict[str, Any]] = field(default_factory=lambda: [{**WHEEL, "in_use": True}])
    damaged: list[str] = field(default_factory=list)
    job_states: list[str] = field(default_factory=lambda: ["running", "running", "done"])

    def model(self, name: str) -> dict[str, Any]:
        if name not in self.models:
            raise ModelNotFound(name, nearest=["serai-guide"])
        return self.models[name]


def build(file: SettingsFile, *, private: bool = False) -> FakeServices:
    """The stand-in for `serai.wiring.build`. A file `keys.json` in the home brings keys of an earlier life."""
    file.home.mkdir(parents=True, exist_ok=True)
    file.load()
    services = FakeServices(file)
    kept = file.home / "keys.json"
    if kept.exists():
        services.keys.made = [FakeKey(**key) for key in json.loads(kept.read_text())]
    return services


def build_app(services: FakeServices) -> Starlette:
    """The stand-in for `serai.app.build_app`."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if (services.settings_file.home / "broken").exists():
            raise SeraiError("The database is damaged.", hint="Restore it from a back-up.")
        (services.settings_file.home / "alive").touch()
        yield
        (services.settings_file.home / "alive").unlink()

    app = Starlette(routes=_routes(services), lifespan=lifespan, exception_handlers={SeraiError: _error})
    app.state.services = services
    return app


async def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SeraiError)
    body: dict[str, Any] = {**error.as_dict(), "request_id": "req_1"}
    if request.url.path.startswith("/v1/"):
        body = {"message": f"{error.message} {error.hint}", "type": "server_error", "code": error.code, "serai": body}
    return JSONResponse({"error": body}, error.status)


def _routes(s: FakeServices) -> list[Route]:
    def get(path: str, answer: Any) -> Route:
        async def endpoint(request: Request) -> Response:
            return JSONResponse(answer(request))

        return Route(path, endpoint)

    def act(method: str, path: str, answer: Any, status: int = 200) -> Route:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            body = answer(request, json.loads(raw) if raw else {})
            return Response(status_code=204) if body is None else JSONResponse(body, status)

        return Route(path, endpoint, methods=[method])

    return [
        get("/health", lambda r: {"status": "ok"}),
        get("/api/v1/version", lambda r: {"version": "0.1.0"}),
        get("/api/v1/status", lambda r: _status(s)),
        get("/api/v1/models", lambda r: {"models": list(s.models.values())}),
        act("POST", "/api/v1/models", lambda r, b: _add(s, b), 201),
        get("/api/v1/models/{name:path}", lambda r: s.model(r.path_params["name"])),
        act("DELETE", "/api/v1/models/{name:path}", lambda r, b: _forget(s, r)),
        act("PATCH", "/api/v1/models/{name:path}", lambda r, b: _patch(s.model(r.path_params["name"]), b)),
        get("/api/v1/running", lambda r: {"running": [m for m in s.models.values() if m["state"] != "on_disk"]}),
        act("POST", "/api/v1/running", lambda r, b: _load(s, b["model"]), 202),
        act("DELETE", "/api/v1/running/{name:path}", lambda r, b: _unload(s, r.path_params["name"])),
        get("/api/v1/fit", lambda r: {**_FIT, "asked": dict(r.query_params)}),
        get("/api/v1/hub/models", _search),
        get("/api/v1/hub/models/{name:path}", lambda r: _hub_model(r.path_params["name"])),
        act("POST", "/api/v1/downloads", lambda r, b: _download(s, b["model"]), 202),
        get("/api/v1/store", lambda r: _STORE),
        act("POST", "/api/v1/store/verify", lambda r, b: _verify(s, b), 202),
        act("POST", "/api/v1/store/gc", lambda r, b: _collected(s, r)),
        act("PATCH", "/api/v1/store/data-sets/{name:path}", lambda r, b: s.asked.append({**r.path_params, **b}), 204),
        act("DELETE", "/api/v1/store/data-sets/{name:path}", lambda r, b: s.asked.append(r.path_params), 204),
        act("POST", "/api/v1/store/adopt", lambda r, b: {"added": ["ollama/a:1"], "gone": []}),
        act("POST", "/api/v1/store/updates", lambda r, b: {"updates": [_UPDATE]}),
        get("/api/v1/engines", lambda r: {"engines": s.engines}),
        act("POST", "/api/v1/engines/build", lambda r, b: _build(s), 202),
        act("PUT", "/api/v1/engines/use", lambda r, b: _use(s, b["name"])),
        act("DELETE", "/api/v1/engines/{name}", lambda r, b: _remove_engine(s, r.path_params["name"])),
        get("/api/v1/jobs", lambda r: {"jobs": list(s.jobs.values())}),
        get("/api/v1/jobs/{id}", lambda r: _job(s, r.path_params["id"])),
        act("PATCH", "/api/v1/jobs/{id}", lambda r, b: _job(s, r.path_params["id"]) | b),
        act("DELETE", "/api/v1/jobs", lambda r, b: {"removed": list(s.jobs)}),
        act("POST", "/api/v1/jobs/{id}/{act}", lambda r, b: _act(s, r.path_params["id"], r.path_params["act"])),
        get("/api/v1/sessions", lambda r: {"sessions": _sessions(s, r), "next": None}),
        act("POST", "/api/v1/sessions/import", lambda r, b: _import(s, b), 201),
        get("/api/v1/sessions/{id}", lambda r: _session(s, r.path_params["id"])),
        get("/api/v1/settings", lambda r: _settings(s)),
        act("PATCH", "/api/v1/settings", lambda r, b: _change(s, b)),
        get("/api/v1/keys", lambda r: {"keys": [vars(k) | {"prefix": "serai-ab"} for k in s.keys.made]}),
        act("POST", "/api/v1/keys", lambda r, b: _key(s, b), 201),
        act("PATCH", "/api/v1/keys/{id}", lambda r, b: _change_key(s, r.path_params["id"], b)),
        act("POST", "/api/v1/keys/{id}/rotate", lambda r, b: _change_key(s, r.path_params["id"], b) | {"plain": "new"}),
        act("DELETE", "/api/v1/keys/{id}", lambda r, b: _revoke(s, r.path_params["id"])),
        get("/api/v1/prices", lambda r: {"prices": _PRICES, "overrides": _PRICES[:1]}),
        act("PUT", "/api/v1/prices/{model:path}", lambda r, b: {**r.path_params, "price": b}),
        act("DELETE", "/api/v1/prices/{model:path}", lambda r, b: s.asked.append(r.path_params), 204),
        get("/api/v1/budgets", lambda r: {"budgets": [_BUDGET, {**_BUDGET, "own": True, "title": "own"}]}),
        act("POST", "/api/v1/budgets", lambda r, b: {**_BUDGET, **b, "asked": s.asked.append(b)}, 201),
        act("DELETE", "/api/v1/budgets/{id}", lambda r, b: s.asked.append(r.path_params), 204),
        get("/api/v1/usage", lambda r: {"by": "model", "rows": [{**_USED, "asked": dict(r.query_params)}]}),
        Route("/api/v1/usage.csv", _usage_table),
        get("/api/v1/hardware", lambda r: _HARDWARE),
        get("/api/v1/suggestions", lambda r: {"suggestions": [_suggestion(r.query_params["machine"])]}),
        get("/api/v1/doctor", lambda r: {"checks": _checks(r)}),
        get("/api/v1/logs", lambda r: {"parts": ["server"], "lines": _LINES}),
        Route("/api/v1/events", _events),
        Route("/v1/chat/completions", _chat(s), methods=["POST"]),
    ]


_PRICES: list[dict[str, Any]] = [
    {"model": "far/dear", "price": {"input": 1.25, "output": 10}, "source": "override", "seen": None},
    {"model": "far/dark", "price": None, "source": None, "seen": None},
    {"model": "far/free", "price": {}, "source": "listed", "seen": "2026-11-21", "where": "https://far.example"},
]
_BUDGET: dict[str, Any] = {"id": "budget_1", "kind": "key", "name": "key_0", "title": "bot", "period": "day"}
_BUDGET |= {"amount": 5.0, "hard": True, "unknown": False, "own": False, "spent": 0.001, "left": 4.999}
_BUDGET |= {"passed": False, "resets_at": 1795305600.0}
_USED = {"name": "far/dear", "title": "far/dear", "calls": 1200, "prompt_tokens": 5, "completion_tokens": 6}
_USED |= {"cached_tokens": 0, "cost": 0.25, "unpriced": 2, "estimated": 0.0, "held": 0.125, "unsettled": 0.0}


async def _usage_table(request: Request) -> Response:
    return Response("name,calls\r\nfar/dear,1200\r\n", media_type="text/csv")


_HUB_FIT = {"verdict": "fits", "text": "Fits: needs about 1.0 GB."}
_HUB_MODEL = {
    "name": "org/phi-GGUF",
    "task": "text-generation",
    "library": "",
    "license": "mit",
    "languages": ["en"],
    "formats": ["gguf"],
    "downloads": 1_230_000,
    "likes": 7,
    "gated": "manual",
    "parameters": 1_000_000_000,
    "context_length": 4096,
    "size": 610_000_000,
    "fit": _HUB_FIT,
    "here": [],
}
_FORM = {"label": "Q4_K_M", "size": 6e8, "fit": _HUB_FIT, "here": False, "recommended": True}


def _search(request: Request) -> dict[str, Any]:
    asked = dict(request.query_params)
    offline = asked.get("query") == "away"
    reason = {"message": "The hub cannot be reached."} if offline else None
    models = [] if asked.get("query") == "nothing" else [_HUB_MODEL]
    return {"models": models, "next": None, "offline": offline, "reason": reason, "asked": asked}


def _hub_model(name: str) -> dict[str, Any]:
    if name != _HUB_MODEL["name"]:
        raise ModelNotFound(name, ["org/phi-GGUF"], who="hub")
    more = {"weights": {}, "revisions": ["main"], "url": f"https://hub/{name}", "offline": False, "unusable": None}
    gate = {"text": "Its makers answer each who asks.", "url": f"https://hub/{name}"}
    return {**_HUB_MODEL, **more, "gate": gate, "variants": [{**_FORM, "name": f"{name}:Q4_K_M"}]}


_STORED = {"kind": "hub", "pinned": False, "commit": None, "update": False, "last_used_at": None}
_STORE = {
    "models": [
        {**_STORED, "name": "serai-guide", "size": 4_000_000},
        {**_STORED, "name": "org/large", "size": 5_000_000_000, "commit": "c" * 40, "update": True},
    ],
    "data_sets": [{"name": "acme/rows", "size": 7_000_000, "used_at": None, "stays": "pinned"}],
    "cache": "/cache",
    "used": 5_000_000_000,
    "quota": 10_000_000_000,
    "free": 1_000_000_000,
    "total": 2_000_000_000,
}
_ORPHANS = {"found": [{"path": "/cache/x.incomplete", "size": 5, "why": "part of a download"}], "size": 5}


def _collected(services: FakeServices, request: Request) -> dict[str, Any]:
    services.asked.append(dict(request.query_params))
    return _ORPHANS | {"freed": 0 if "dry_run" in request.query_params else 5}


_UPDATE = {"model": "org/large", "commit": "c", "newest": "d", "update": True, "error": None}
_FIT = {
    "verdict": "no",
    "text": "Does not fit: needs 9.0 GB of memory; 6.0 GB are free for models.",
    "need": {"weights": 4e9, "kv": 4e9, "compute": 5e8, "cache": 0, "runtime": 5e8, "total": 9e9},
    "loading": {"context": 4096, "parallel": 2, "kv_type": "f16"},
    "device_reason": "",
    "would_fit": [{"loading": {"parallel": 1}, "text": "one call at a time", "total": 5e9}],
}
_HARDWARE = {
    "cpu": {"name": "Test CPU", "cores": 2, "features": ["avx2"]},
    "memory": {"total": 8e9, "available": 6e9},
    "gpus": [{"name": "Test GPU", "memory": 8e9}],
    "disk": {"path": "/home", "free": 1e11, "total": 2e11},
    "tier": "mid-gpu",
    "advice": ["Models up to 8 B fit."],
}


def _suggestion(machine: str) -> dict[str, Any]:
    fit = {"verdict": "fits", "text": f"Fits {machine}."}
    known = {
        "name": "org/small:Q4",
        "title": "Small",
        "size": 4e8,
        "why": "Quick.",
        "command": "serai pull org/small:Q4",
    }
    return {**known, "fit": fit}


_LINES = [{"time": 1.0, "level": "info", "message": "started"}]


def _checks(request: Request) -> list[dict[str, Any]]:
    checks: list[dict[str, Any]] = [{"part": "home", "ok": True, "level": "ok", "text": "writable"}]
    if "hub" in request.query_params:
        mend = "Check the network."
        checks.append({"part": "hub", "ok": False, "level": "failed", "text": "not reachable", "mend": mend})
    return checks


def _status(s: FakeServices) -> dict[str, Any]:
    notice = {"code": "only_guide", "level": "info", "text": "Only the guide is here."}
    return {"version": "0.1.0", "models_count": len(s.models), "running": [], "offline": False, "notices": [notice]}


def _add(s: FakeServices, body: dict[str, Any]) -> dict[str, Any]:
    name = body.get("name") or Path(body["path"]).stem
    if name in s.models:
        raise Conflict(f"There is a model {name!r} already.", hint="Choose another name with --name.")
    s.models[name] = {"name": name, "path": body["path"], "state": "on_disk", "task": "chat"}
    return s.models[name]


def _patch(model: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    model.update(change)
    return model


def _forget(s: FakeServices, request: Request) -> None:
    del s.models[s.model(request.path_params["name"])["name"]]


def _load(s: FakeServices, name: str) -> dict[str, Any]:
    model = s.model(name)
    model.update(state="ready", running=LOADED)
    return model


def _unload(s: FakeServices, name: str) -> None:
    s.model(name).update(state="on_disk", running=None)


def _download(s: FakeServices, name: str) -> dict[str, Any]:
    if name.endswith("endless"):
        s.job_states = ["running"]
    s.jobs["job_1"] = {"id": "job_1", "kind": "download", "title": f"Download {name}", "args": {"model": name}}
    s.jobs["job_1"] |= {"state": "queued", "progress": {"done": 0, "total": 100}, "error": None, "result": None}
    return s.jobs["job_1"]


def _verify(s: FakeServices, body: dict[str, Any]) -> dict[str, Any]:
    s.jobs["job_1"] = {"id": "job_1", "kind": "verify", "title": "all models", "args": body}
    s.jobs["job_1"] |= {"state": "queued", "progress": {"done": 0, "total": 100}, "error": None}
    said = {"checked": 1, "untold": [], "damaged": s.damaged, "missing": []}
    s.jobs["job_1"]["result"] = said | {"repaired": s.damaged if body.get("repair") else []}
    return s.jobs["job_1"]


def _build(s: FakeServices) -> dict[str, Any]:
    s.jobs["job_1"] = {"id": "job_1", "kind": "engine.build", "title": "native llama-server", "args": {}}
    s.jobs["job_1"] |= {"state": "queued", "progress": {"done": 0, "total": 100}, "error": None}
    s.jobs["job_1"]["result"] = {"engine": "9-abc"}
    return s.jobs["job_1"]


def _use(s: FakeServices, name: str) -> dict[str, Any]:
    if name.startswith("/"):
        s.engines.append({**WHEEL, "name": name, "kind": "given"})
    for engine in s.engines:
        engine["in_use"] = engine["name"] == name
    return {"engines": s.engines}


def _remove_engine(s: FakeServices, name: str) -> None:
    if name == "wheel":
        raise Conflict("wheel was not built by Serai, so it stays.")


def _job(s: FakeServices, job_id: str) -> dict[str, Any]:
    job = s.jobs[job_id]
    if job["state"] in ("queued", "running"):
        job["state"] = s.job_states.pop(0) if len(s.job_states) > 1 else s.job_states[0]
        job["progress"] = {"done": 50, "total": 100, "rate": 10.0, "eta_s": 5.0, "note": ""}
    if job["state"] == "failed":
        job["error"] = NotFound("The hub has no such file.", hint="Look at its page.").as_dict()
    return job


def _act(s: FakeServices, job_id: str, act: str) -> dict[str, Any]:
    s.jobs[job_id]["state"] = {"pause": "paused", "resume": "running", "cancel": "cancelled"}[act]
    (s.settings_file.home / f"job.{act}").touch()
    return s.jobs[job_id]


def _import(s: FakeServices, body: dict[str, Any]) -> dict[str, Any]:
    kept = {name: body[name] for name in ("title", "model", "system", "settings")}
    session = {"id": f"ses_{len(s.sessions)}", "updated_at": 1.0, **kept}
    s.sessions[session["id"]] = {"session": session, "messages": body["messages"]}
    return session


def _sessions(s: FakeServices, request: Request) -> list[dict[str, Any]]:
    wanted = request.query_params.get("q", "")
    return [entry["session"] for entry in s.sessions.values() if wanted in entry["session"]["title"]]


def _session(s: FakeServices, session_id: str) -> dict[str, Any]:
    if session_id not in s.sessions:
        raise NotFound("There is no such session.")
    return s.sessions[session_id]


def _settings(s: FakeServices) -> dict[str, Any]:
    loaded = s.settings_file.load()
    rows = []
    for d in declarations():
        value = getattr(getattr(loaded.settings, d.group), d.key.split(".")[1])
        row = {"key": d.key, "group": d.group, "type": d.type, "description": d.description, "default": d.default}
        rows.append(row | {"value": value, "source": loaded.sources[d.key], "env": d.env, "restart": d.restart})
    return {"settings": rows, "groups": {}}


def _change(s: FakeServices, body: dict[str, Any]) -> dict[str, Any]:
    for key, value in body.items():
        s.settings_file.set(key, value)
    return _settings(s)


def _key(s: FakeServices, body: dict[str, Any]) -> dict[str, Any]:
    s.keys.made.append(FakeKey(f"key_{len(s.keys.made)}", **body))
    return vars(s.keys.made[-1]) | {"plain": "serai-plain"}


def _change_key(s: FakeServices, key_id: str, body: dict[str, Any]) -> dict[str, Any]:
    key = next(key for key in s.keys.made if key.id == key_id)
    vars(key).update(body)
    return vars(key)


def _revoke(s: FakeServices, key_id: str) -> None:
    if all(key.id != key_id for key in s.keys.made):
        raise NotFound(f"There is no key {key_id!r}.")
    s.keys.made = [key for key in s.keys.made if key.id != key_id]


async def _events(request: Request) -> Response:
    async def body() -> AsyncIterator[str]:
        yield ": hello\n\n"
        yield f"id: b-1\nevent: reset\ndata: {json.dumps({'after': request.headers.get('last-event-id')})}\n\n"
        await asyncio.Event().wait()

    return StreamingResponse(body(), media_type="text/event-stream")


def _chat(s: FakeServices) -> Any:
    """Answers with the last message's words. `endless` never ends, `break` fails in the middle, `fail` at once."""

    async def endpoint(request: Request) -> Response:
        body = await request.json()
        s.asked.append(body)
        if body["model"] != "auto":
            s.model(body["model"])
        said = body["messages"][-1]["content"]
        if said == "fail":
            raise SeraiError("The model failed.", hint="Try another.")
        if not body.get("stream"):
            return JSONResponse(_completion(body, said))
        return StreamingResponse(_stream(s, said), media_type="text/event-stream")

    return endpoint


MEASURED = {
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}},
    "serai": {
        "answerer": {"model": "serai-guide", "backend": "llama.cpp", "place": "local", "device": "CPU"},
        "tried": [{"backend": "other", "reason": "away"}],
        "first_token_s": 0.1,
        "total_s": 0.5,
        "tokens_per_second": 20.0,
    },
}


def _completion(body: dict[str, Any], said: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
    return {"model": "serai-guide", "choices": [choice], **MEASURED}


async def _stream(s: FakeServices, said: str) -> AsyncIterator[str]:
    def event(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        chunk = {"model": "serai-guide", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
        return f"data: {json.dumps(chunk)}\n\n"

    try:
        yield event({"role": "assistant", "content": ""})
        for word in said.split(" "):
            yield event({"content": f"{word} "})
        while said == "endless":
            yield event({"content": "on "})
            await asyncio.sleep(0.01)
        if said == "break":
            error = SeraiError("The model's process died.", who="model").as_dict()
            yield f"data: {json.dumps({'error': {'message': 'died', 'serai': error}})}\n\n"
            return
        yield event({}, "stop")
        yield f"data: {json.dumps({'model': 'serai-guide', 'choices': [], **MEASURED})}\n\n"
        yield "data: [DONE]\n\n"
    except asyncio.CancelledError:
        s.cancelled.set()
        (s.settings_file.home / f"cancelled-{time.time_ns()}").touch()
        raise


def install() -> None:
    """Puts this app where the command line looks for the real one, in this process."""
    here = sys.modules[__name__]
    for name, exported in (("serai.wiring", {"build": build}), ("serai.app", {"build_app": build_app})):
        module = types.ModuleType(name)
        module.__dict__.update(exported, __file__=here.__file__)
        sys.modules[name] = module


if __name__ == "__main__":
    from serai.cli import main

    install()
    main()
