"""An event loop whose time goes on by itself: it jumps to the next timer as soon as nothing else can happen.

What works in threads (a database) is waited for in real time, in which the loop's time stands still."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import Any


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        super().__init__(_Selector(self))  # type: ignore[arg-type]
        self.now = 1_000.0
        self.at_work = 0

    def time(self) -> float:
        return self.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        self.at_work += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(lambda _: self._rests())
        return future

    def _rests(self) -> None:
        self.at_work -= 1


class _Selector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if found or timeout == 0:
            return found
        if timeout is None or self._loop.at_work:
            return super().select(0.05)
        self._loop.now += max(timeout, 0.0)
        return found
