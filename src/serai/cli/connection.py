"""How a command reaches Serai: the server of this home if one runs, else one of the command's own.

Both speak the same API, so there is one code path, and what a command changes, a running server sees at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serai.cli.server_file import Running
    from serai.client import Client


NO_KEY = ""
"""Commands of this home speak for whoever owns it, whatever key the environment names for other servers."""


@contextmanager
def connect() -> Iterator[Client]:
    """A client for the length of one command."""
    from serai import settings
    from serai.cli import server_file
    from serai.client import Client

    if found := server_file.read(settings.home()):
        with Client(found.url, found.token or NO_KEY) as client:
            yield client
    else:
        with private_server() as client:
            yield client


def running() -> Running | None:
    """The server of this home that answers now."""
    from serai import settings
    from serai.cli import server_file
    from serai.client import Client
    from serai.errors import SeraiError

    found = server_file.read(settings.home())
    if found is None:
        return None
    with Client(found.url, found.token or NO_KEY, retries=0) as client:
        try:
            client.request("GET", "/health")
        except SeraiError:
            return None
    return found


@contextmanager
def private_server() -> Iterator[Client]:
    """Serai for this command alone. It and its model processes are gone when the block ends, also by Ctrl+C or
    SIGTERM."""
    from serai import settings
    from serai.cli.private import PrivateServer

    with _terminated_like_interrupted(), PrivateServer(settings.settings_file()) as server, server.client() as client:
        yield client


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM unwinds the stack as Ctrl+C does, so that nothing is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
