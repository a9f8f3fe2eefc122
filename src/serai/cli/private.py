"""Serai in a thread of this process, which only this process can speak to: on a unix socket in a folder of the user's
own, or, where the system has none for asyncio, on loopback behind a key that nobody else knows."""

from __future__ import annotations

import hmac
import secrets
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Self

import httpx2

from serai.cli.server import Asgi, Server
from serai.client import Client
from serai.errors import TimedOut
from serai.settings import SettingsFile

HAS_UNIX = hasattr(socket, "AF_UNIX") and sys.platform != "win32"
START_S = 60.0
STOP_S = 20.0


class PrivateServer:
    """Starts on entering the block, stops with everything it started on leaving it."""

    def __init__(self, file: SettingsFile) -> None:
        self._file = file
        self._folder = tempfile.TemporaryDirectory(prefix="serai-")
        self._socket = str(Path(self._folder.name) / "s") if HAS_UNIX else None
        self._listener = None if self._socket else socket.create_server(("127.0.0.1", 0))
        self._key = secrets.token_urlsafe(32)
        self._up = threading.Event()
        self._server: Server | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, name="serai", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            if not self._up.wait(START_S):
                raise TimedOut("Serai did not start in time.", hint="`serai logs` may say why.")
            if self._failure:
                raise self._failure
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def client(self) -> Client:
        if self._socket:
            return Client("http://localhost", "", transport=httpx2.HTTPTransport(uds=self._socket))
        assert self._listener is not None
        return Client(f"http://127.0.0.1:{self._listener.getsockname()[1]}", key=self._key)

    def _serve(self) -> None:
        try:
            from serai.app import build_app
            from serai.wiring import build

            app: Asgi = build_app(build(self._file, private=True))
            app = app if self._socket else _Locked(app, self._key)
            self._server = Server(app, uds=self._socket, on_started=self._started)
            self._server.serve_on(self._listener)
        except BaseException as error:
            self._failure = error
        finally:
            self._up.set()

    async def _started(self) -> None:
        self._up.set()

    def _stop(self) -> None:
        """Waits until all is gone. A second Ctrl+C meanwhile hurries it, but still leaves nothing behind."""
        try:
            self._hurry(force=False)
        except KeyboardInterrupt:
            self._hurry(force=True)
            raise
        finally:
            self._folder.cleanup()

    def _hurry(self, *, force: bool) -> None:
        if self._server:
            self._server.should_exit = True
            self._server.force_exit = force
        self._thread.join(STOP_S)


class _Locked:
    """An app that answers only to one key, which goes no further."""

    def __init__(self, app: Asgi, key: str) -> None:
        self._app = app
        self._expected = f"Bearer {key}".encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif hmac.compare_digest(dict(scope["headers"]).get(b"authorization", b""), self._expected):
            headers = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
            await self._app({**scope, "headers": headers}, receive, send)
        else:
            await _refuse(scope, send)


async def _refuse(scope: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})
