"""A twin in a thread with a loop of its own, for tests that are no coroutines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 60.0


@contextmanager
def apart(twin: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """What the twin's context gives, while it is open. Raises what it raises when it opens."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        found = asyncio.run_coroutine_threadsafe(twin.__aenter__(), loop).result(PATIENCE)
        try:
            yield found
        finally:
            asyncio.run_coroutine_threadsafe(twin.__aexit__(None, None, None), loop).result(PATIENCE)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
