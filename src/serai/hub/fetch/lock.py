"""Two requests for one file share one download: the lock is the one that `huggingface_hub` takes, too."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

_LOOK_S = 0.1


@asynccontextmanager
async def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
    """Holds the lock, over all processes; `waiting` is called again and again until it is free."""
    lock: BaseFileLock = FileLock(path, mode=0o664, thread_local=False)
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            waiting()
            await asyncio.sleep(_LOOK_S)
        except NotImplementedError:  # a file system that knows no locks
            lock = SoftFileLock(path, mode=0o664, thread_local=False)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.release()


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock now."""
    if not path.exists():
        return True
    lock = FileLock(path, mode=0o664, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError, NotImplementedError):
        return False
    lock.release()
    return True
