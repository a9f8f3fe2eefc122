"""A uvicorn server that says when it is up, raises what kept it from starting, and ends at the first signal."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from serai.cli.wire import Wire
from serai.errors import Internal, SeraiError

GRACE_S = 1
"""How long open answers and event streams may go on after the signal; chats are saved and can be continued."""

Asgi = Callable[[Any, Any, Any], Awaitable[None]]
Hook = Callable[[], Awaitable[None]]


class Server(uvicorn.Server):
    """Serves one app on one socket, or on the unix socket `uds`. `on_started` runs in the loop once it does."""

    def __init__(self, app: Asgi, *, uds: str | None = None, on_started: Hook | None = None) -> None:
        self._app = app
        self._on_started = on_started
        self._failure: BaseException | None = None
        logging.getLogger("uvicorn").addHandler(logging.NullHandler())  # else tracebacks would go to the terminal
        super().__init__(
            uvicorn.Config(
                self._watched,
                uds=uds,
                http=Wire,
                interface="asgi3",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    def serve_on(self, listener: socket.socket | None = None) -> None:
        """Serves until a signal comes or `should_exit` is set. Raises what the app's start raised."""
        try:
            self.run(sockets=[listener] if listener else None)
        except SystemExit as error:
            raise self._reason() from error
        if self._failure or not self.started:
            raise self._reason()

    def fail(self, error: BaseException) -> None:
        """Ends the server; `serve_on` raises the error."""
        self._failure = error
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._on_started:
            await self._on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The first signal stops gracefully, the second at once. A stop that was asked for is no failure, so the
        signal is not raised again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        caught = [signal.SIGINT, signal.SIGTERM, *([signal.SIGBREAK] if hasattr(signal, "SIGBREAK") else [])]
        before = {number: signal.signal(number, self._stop) for number in caught}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, *_: object) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True

    async def _watched(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            return await self._app(scope, receive, send)
        try:
            return await self._app(scope, receive, send)
        except BaseException as error:
            self._failure = error
            raise

    def _reason(self) -> BaseException:
        if isinstance(self._failure, SeraiError):
            return self._failure
        detail = f": {type(self._failure).__name__}: {self._failure}" if self._failure else "."
        return Internal(
            f"Serai could not start{detail}", hint="`serai doctor` checks every part; `serai logs` has more."
        )
