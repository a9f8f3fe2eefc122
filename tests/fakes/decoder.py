"""A decoder without a model: what it answers depends on the tokens that it was given, and it can be held."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import numpy as np

from serai.engines._serving.sampling import Logits


class FakeDecoder:
    """Says `script` token by token, each after the one before it; after anything else, its first. `gate` lets steps
    through, `reads` and `steps` are what was asked of it."""

    def __init__(self, script: Sequence[int], size: int, *, slots: int = 2, chunk: int = 4) -> None:
        self.slots, self.chunk = slots, chunk
        self.gate = threading.Event()
        self.gate.set()
        self.reads: list[tuple[int, list[int]]] = []
        self.steps: list[dict[int, int]] = []
        self.held: list[list[int]] = [[] for _ in range(slots)]
        self.error: Exception | None = None
        self._script = list(script)
        self._size = size

    def read(self, slot: int, tokens: Sequence[int]) -> Logits:
        self._wait()
        self.reads.append((slot, list(tokens)))
        self.held[slot] += tokens
        return self._numbers(0)

    def step(self, tokens: Mapping[int, int]) -> Mapping[int, Logits]:
        self._wait()
        self.steps.append(dict(tokens))
        for slot, token in tokens.items():
            self.held[slot].append(token)
        return {slot: self._numbers(self._after(slot)) for slot in tokens}

    def keep(self, slot: int, count: int) -> int:
        del self.held[slot][count:]
        return len(self.held[slot])

    def _wait(self) -> None:
        self.gate.wait(10)
        if self.error is not None:
            raise self.error

    def _after(self, slot: int) -> int:
        """How far the script was said at the end of what the slot holds."""
        held = self.held[slot]
        for size in range(min(len(held), len(self._script)), 0, -1):
            if held[-size:] == self._script[:size]:
                return size
        return 0

    def _numbers(self, at: int) -> Logits:
        logits = np.zeros(self._size, dtype=np.float32)
        logits[self._script[at % len(self._script)]] = 9
        return logits
