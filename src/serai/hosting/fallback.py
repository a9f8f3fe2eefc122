"""A model's process that may be a native server, and the wheel's where that one does not start. Never in silence."""

from __future__ import annotations

from dataclasses import replace

from serai.errors import LoadFailed
from serai.hosting.process import ModelProcess

_THE_MODELS_OWN = frozenset({"missing", "not_gguf", "truncated", "out_of_memory", "timed_out"})


class NativeOrWheel(ModelProcess):
    """Says in its `device_reason`, which every answer carries, when the native server could not be used."""

    async def start(self, timeout: float) -> None:
        """As for every process; raises LoadFailed when neither starts."""
        try:
            await super().start(timeout)
        except LoadFailed as error:
            if not self.launch.program or error.cause in _THE_MODELS_OWN:
                raise
            native, why = self.launch.program, error.message
        else:
            return
        notice = f"The native server did not start, so the wheel's runs: {why} (`serai engine list` shows both.)"
        self._log(f"{notice} It is {native}.")
        self._renew(replace(self.launch, program=""))
        await super().start(timeout)
        self.facts["device_reason"] = f"{self.facts.get('device_reason', '')} {notice}".strip()
