"""The front of a server that is still being built: it is alive at once, and passes requests on when the app is ready.

Importing and building the app takes most of a start. Meanwhile GET /health answers, and everything else waits."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

from serai.cli.server import Asgi, Hook

_COLLECTED = 10_000
"""Garbage that counts cannot find is looked for after so many new objects: a request makes dozens that are alive at
once, and by Python's own 700 a tenth of a busy server's time goes into looking."""

ALIVE = b'{"status":"ok"}'
GONE = b'{"error":{"code":"busy","message":"Serai could not start.","who":"serai"}}'


class Front:
    """An ASGI app around one that `build` makes in a thread. In the loop, `before` runs before the inner app starts
    and may refuse by raising, `on_ready` once it has started; `failed` gets what kept it from that."""

    def __init__(
        self, build: Callable[[], Asgi], *, before: Hook, on_ready: Hook, failed: Callable[[BaseException], None]
    ) -> None:
        self._build = build
        self._before = before
        self._on_ready = on_ready
        self._failed = failed
        self._app: Asgi | None = None
        self._decided = asyncio.Event()
        self._life = _Life()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._app:
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/health" and scope["method"] in ("GET", "HEAD"):
            await _answer(scope, send, 200, ALIVE)
        else:
            await self._decided.wait()
            await (self._app(scope, receive, send) if self._app else _answer(scope, send, 503, GONE))

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        starting = asyncio.create_task(self._start())
        await receive()
        await starting
        if self._app:
            await self._life.end()
        await send({"type": "lifespan.shutdown.complete"})

    async def _start(self) -> None:
        try:
            app = await asyncio.to_thread(_without_collection, self._build)
            await self._before()
            await self._life.begin(app)
            self._app = app
            self._decided.set()
            await self._on_ready()
        except BaseException as error:
            self._failed(error)
            self._decided.set()


class _Life:
    """The inner app's lifespan: started and ended from outside."""

    def __init__(self) -> None:
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def begin(self, app: Asgi) -> None:
        """Raises what the app's start raises."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        self._task = asyncio.ensure_future(app(scope, self._to_app.get, self._from_app.put))
        await self._say("startup")

    async def end(self) -> None:
        await self._say("shutdown")

    async def _say(self, word: str) -> None:
        assert self._task is not None
        await self._to_app.put({"type": f"lifespan.{word}"})
        answer = asyncio.ensure_future(self._from_app.get())
        await asyncio.wait({answer, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done() and answer.result()["type"] == f"lifespan.{word}.complete":
            return
        answer.cancel()
        await self._task
        raise RuntimeError(f"the app ended before its {word}")


def _without_collection(build: Callable[[], Asgi]) -> Asgi:
    """What is made while starting stays; looking through it for garbage costs a tenth of the start."""
    gc.disable()
    try:
        return build()
    finally:
        gc.freeze()
        gc.set_threshold(_COLLECTED)
        gc.enable()


async def _answer(scope: Any, send: Any, status: int, body: bytes) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})
        return
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
