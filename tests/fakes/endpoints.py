"""Hugging Face's management of Endpoints on loopback, as `huggingface_hub` speaks to it, and the Endpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from tests.fakes.service import running

TOKEN = "hf_TokenOfTheTests"
NAMESPACE = "alice"
CPU = {
    "accelerator": "cpu",
    "instanceType": "intel-icl",
    "instanceSize": "x2",
}
_QUOTA = {"maxAccelerators": 8, "usedAccelerators": 0}
COMPUTES: list[dict[str, Any]] = [
    {
        "id": "aws-us-east-1-intel-icl-x2",
        **CPU,
        "architecture": "Intel Ice Lake",
        "numAccelerators": 1,
        "numCpus": 2,
        "memoryGb": 4,
        "pricePerHour": 0.067,
        "status": "available",
        "quota": _QUOTA,
    },
    {
        "id": "aws-us-east-1-nvidia-l4-x1",
        "accelerator": "gpu",
        "instanceType": "nvidia-l4",
        "instanceSize": "x1",
        "architecture": "Nvidia L4",
        "numAccelerators": 1,
        "numCpus": 7,
        "memoryGb": 30,
        "gpuMemoryGb": 24,
        "pricePerHour": 0.8,
        "status": "available",
        "quota": _QUOTA,
    },
]
Refusal = tuple[int, Any, dict[str, str]]


@dataclass
class FakeManagement:
    """An Endpoint that was begun runs after it was looked at `polls` times. `refuse` is answered instead to paths that
    contain its key, `cut` are methods whose connection breaks. `seen` keeps what was asked, `shown` the tokens by
    address."""

    polls: int = 1
    task: str = "text-classification"
    type: str = ""
    ends: str = "running"
    refuse: dict[str, Refusal] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    healthy: bool = True
    host: str = ""
    there: dict[str, dict[str, Any]] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    seen: list[tuple[str, str, Any]] = field(default_factory=list)
    shown: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    @property
    def api(self) -> str:
        return f"{self.url}/v2"

    def add(self, name: str, state: str = "running", **more: Any) -> dict[str, Any]:
        """One that is there already."""
        model = {"repository": "acme/mood", "task": self.task, "framework": "pytorch", "image": {"huggingface": {}}}
        wanted = {
            "name": name,
            "type": "authenticated",
            "provider": {"vendor": "aws", "region": "us-east-1"},
            "compute": {**CPU, "scaling": {"minReplica": 0, "maxReplica": 2, "scaleToZeroTimeout": 15}},
            "model": model,
            **more,
        }
        self._begin(wanted)
        self._set(name, state)
        return self.there[name]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        self.seen.append((request.method, request.path, body))
        self.shown.append((request.path, request.headers.get("authorization", "").removeprefix("Bearer ")))
        if request.method in self.cut:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        for part, (status, told, headers) in self.refuse.items():
            if part in request.path:
                return web.json_response(told, status=status, headers=headers)
        if self.shown[-1][1] != TOKEN:
            return web.json_response({"error": "Invalid credentials in Authorization header"}, status=401)
        return self._answer(request.method, request.path, body)

    def _answer(self, method: str, path: str, body: Any) -> web.Response:
        parts = path.strip("/").split("/")
        if path == "/api/whoami-v2":
            return web.json_response({"type": "user", "name": NAMESPACE, "orgs": [{"name": "acme"}]})
        if parts[:2] == ["v2", "provider"]:
            regions = [{"name": "us-east-1", "computes": COMPUTES}]
            return web.json_response({"vendors": [{"name": "aws", "regions": regions}]})
        if parts[0] == "at":
            return web.json_response({}, status=200 if self.healthy else 502)
        name, verb = (*parts[3:], "", "")[:2]
        if not name:
            return self._create(body) if method == "POST" else web.json_response({"items": list(self.there.values())})
        if name not in self.there:
            return web.json_response({"error": f"Endpoint {name} not found"}, status=404)
        return self._one(method, name, verb, body)

    def _create(self, body: dict[str, Any]) -> web.Response:
        missing = [part for part in ("name", "compute", "model", "provider", "type") if not body.get(part)]
        if missing or "image" not in body["model"] or "framework" not in body["model"]:
            return web.json_response({"error": f"missing field {missing}"}, status=400)
        if body["name"] in self.there:
            return web.json_response({"error": "Endpoint name already in use"}, status=409)
        self._begin(body)
        return web.json_response(self.there[body["name"]])

    def _one(self, method: str, name: str, verb: str, body: Any) -> web.Response:
        found = self.there[name]
        if verb == "logs":
            return web.Response(text="- started\n- ready\n")
        if method == "DELETE":
            del self.there[name]
            return web.Response(status=202)
        if verb == "resume" and found["status"]["state"] == "running":
            return web.json_response({"error": "Endpoint is already running"}, status=400)
        if method == "PUT":
            for part in ("compute", "model", "provider"):
                found[part] |= body.get(part, {})
        if verb:
            self._set(name, {"pause": "paused", "resume": "initializing", "scale-to-zero": "scaledToZero"}[verb])
        elif method == "GET":
            self._move(name)
        return web.json_response(found)

    def _begin(self, body: dict[str, Any]) -> None:
        model = {"task": self.task, "revision": "abc", **body["model"]}
        model.pop("secrets", None)
        when = {"createdAt": "2026-11-20T10:00:00.000Z", "updatedAt": "2026-11-20T10:00:00.000Z"}
        status = {**when, "state": "pending", "message": "Scheduling", "readyReplica": 0, "targetReplica": 1}
        self.there[body["name"]] = {**body, "model": model, "status": status, "healthRoute": "/health"}
        self.left[body["name"]] = self.polls

    def _move(self, name: str) -> None:
        if self.there[name]["status"]["state"] in ("pending", "initializing", "updating"):
            self.left[name] -= 1
            if self.left[name] < 0:
                self._set(name, self.ends)

    def _set(self, name: str, state: str) -> None:
        status = self.there[name]["status"]
        status |= {"state": state, "message": f"Endpoint is {state}", "readyReplica": int(state == "running")}
        status.pop("url", None)
        if state not in ("pending",):
            status["url"] = f"{self.host or self.url}/at/{name}"
        self.left[name] = self.polls


@asynccontextmanager
async def managing(twin: FakeManagement | None = None) -> AsyncIterator[FakeManagement]:
    """Runs it; `url` is its origin, which is the hub's, too."""
    twin = twin or FakeManagement()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", twin.handle)
    async with running(app) as origin:
        twin.url = origin
        yield twin
