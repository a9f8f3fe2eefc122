"""llama.cpp's process: a native server where one was chosen, the wheel's where that does not start, and what it had
read, across its loads. Nothing of this in silence."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from serai.errors import LoadFailed
from serai.hosting.process import ModelProcess
from serai.hosting.slots import Slots
from serai.registry import Launch

_THE_MODELS_OWN = frozenset({"missing", "not_gguf", "truncated", "mismatched", "out_of_memory", "timed_out"})


class LlamaProcess(ModelProcess):
    """Says in its `device_reason`, which every answer carries, when the native server could not be used."""

    def __init__(self, launch: Launch, *, slots: Slots | None = None, **rest: Any) -> None:
        super().__init__(launch, **rest)
        # What a slot holds says nothing of the adapters that it was read with.
        self._slots = None if launch.adapters else slots
        self._served = False

    async def start(self, timeout: float) -> None:
        """As for every process; raises LoadFailed when neither starts."""
        try:
            await super().start(timeout)
        except LoadFailed as error:
            if not self.launch.program or error.cause in _THE_MODELS_OWN:
                raise
            await self._start_wheel(timeout, error.message)
        self._served = True
        if self._slots is not None:
            await self._slots.restore(self)

    async def _start_wheel(self, timeout: float, why: str) -> None:
        notice = f"The native server did not start, so the wheel's runs: {why} (`serai engine list` shows both.)"
        self._log(f"{notice} It is {self.launch.program}.")
        self._renew(replace(self.launch, program=""))
        await super().start(timeout)
        self.facts["device_reason"] = f"{self.facts.get('device_reason', '')} {notice}".strip()

    async def _end_process(self, process: asyncio.subprocess.Process) -> None:
        if self._served and self._slots is not None and not self.gone.is_set():
            await self._slots.save(self)
        await super()._end_process(process)
