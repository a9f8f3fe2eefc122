"""What a connection may cost before it has asked for anything: the head of a request is bounded in size and in time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serai.api.gone import GONE, Gone
from serai.cli.corked import Corked

HEAD_BYTES = 64 * 1024
HEAD_S = 30.0
"""A request's head comes within so many seconds, and so does the first one after connecting."""

_SLOW = (b"408 Request Timeout", b"too_slow", b"The head of the request did not come in time.")
_LARGE = (b"431 Request Header Fields Too Large", b"too_large", b"The head of the request is larger than 64 KiB.")


class Wire(HttpToolsProtocol):
    """One connection. Bodies are bounded by the guard, which knows what may be how large."""

    _head = True
    _came = 0
    _timer: asyncio.TimerHandle | None = None
    _clients: Sequence[Gone] = ()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Corked(transport, self.loop))  # type: ignore[arg-type]
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)
        for gone in self._clients:
            gone.tell()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head:
            self._came += len(data)
            if self._came > HEAD_BYTES:
                self._refuse(_LARGE)
        elif self._timer is None and not self._busy():
            # Neither a head nor a body that anybody reads: uvicorn itself waits for ever now.
            self._timer = self.loop.call_later(HEAD_S, self.transport.close)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._came = 0
        self._await_head()

    def on_headers_complete(self) -> None:
        self._head = False
        self._stop_waiting()
        if sum(len(name) + len(value) + 4 for name, value in self.headers) + len(self.url) > HEAD_BYTES:
            self._refuse(_LARGE)
            raise ValueError("the head is too large")
        self.scope[GONE] = gone = Gone()  # type: ignore[literal-required]
        self._clients = [*self._clients, gone] if self._busy() else [gone]
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._clients:
            self._clients[-1].asked = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def _await_head(self) -> None:
        self._head = True
        self._stop_waiting()
        self._timer = self.loop.call_later(HEAD_S, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if self._busy():
            self._await_head()
        else:
            self._refuse(_SLOW)

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, why: tuple[bytes, bytes, bytes]) -> None:
        """Tells it in the one envelope, since no address says another, and closes."""
        status, code, message = why
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self._busy():  # a pipelined one: what is being answered before it must not be mixed with this
            self.transport.close()
            return
        body = b'{"error":{"code":"%b","message":"%b","who":"you"}}' % (code, message)
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        self.transport.write(head % (status, len(body)) + body)
        self.transport.close()
