"""The model's side of rendering chat templates: keeps the child that does it, and ends one that does not come back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from serai.engines._serving.refused import Refused

_CHILD = (sys.executable, "-P", "-m", "serai.engines._serving.templating")
_LONGEST_LINE = 256 * 1024 * 1024


class Renderer:
    """Renders one template, one call after another. The child is started when it is first needed, or by `start`."""

    def __init__(self, template: str, *, seconds: float = 2.0, patience: float = 30.0) -> None:
        self._template = template
        self._seconds = seconds
        self._patience = patience
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def render(self, variables: Mapping[str, Any]) -> str:
        """The prompt. Raises Refused with the template's own words, or because it took too much time or memory."""
        line = json.dumps(variables).encode() + b"\n"
        async with self._turn:
            try:
                async with asyncio.timeout(self._patience):
                    answer = await self._ask(line)
            except TimeoutError:
                await self.stop()
                raise Refused("The model's chat template took too long.", status=500, kind="template_error") from None
            except BaseException:
                await self.stop()  # its answer is on the way, and would be taken for the next one's
                raise
        if "error" in answer:
            raise Refused(f"The model's chat template refused the messages: {answer['error']}.", kind="template_error")
        return str(answer["text"])

    async def start(self) -> None:
        """Gets the child under way, so that the first call need not wait for it."""
        if self._child is None:
            self._child = await asyncio.create_subprocess_exec(
                *_CHILD, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LONGEST_LINE
            )
            first = {"template": self._template, "seconds": self._seconds}
            assert self._child.stdin is not None
            self._child.stdin.write(json.dumps(first).encode() + b"\n")

    async def stop(self) -> None:
        """Ends the child; the next call starts another."""
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    async def _ask(self, line: bytes) -> dict[str, Any]:
        await self.start()
        child = self._child
        assert child is not None and child.stdin is not None and child.stdout is not None
        with contextlib.suppress(ConnectionError):
            child.stdin.write(line)
            await child.stdin.drain()
        if answer := await child.stdout.readline():
            told: dict[str, Any] = json.loads(answer)
            return told
        await self.stop()
        return {"error": "it took too much time or memory and was ended"}
