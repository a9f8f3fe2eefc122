"""Continuous batching: many answers at once over one decoder, each token's step shared by all that are ready for it.

A thread of its own runs the decoder. Between two steps it takes new answers, leaves cancelled ones, and reads at most
one chunk of one prompt, so that a long prompt delays the others no longer than that."""

from __future__ import annotations

import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from serai.engines._serving.answer import Answer, Piece
from serai.engines._serving.sampling import Logits


class Decoder(Protocol):
    """A model with `slots` caches, one for each answer at work. Called from one thread only."""

    slots: int
    chunk: int
    """How many tokens of a prompt are read in one go."""

    def read(self, slot: int, tokens: Sequence[int]) -> Logits:
        """Adds tokens of a prompt to a slot; the numbers for what follows the last one."""
        ...

    def step(self, tokens: Mapping[int, int]) -> Mapping[int, Logits]:
        """Adds one token to each of these slots; for each, the numbers for what follows."""
        ...

    def keep(self, slot: int, count: int) -> int:
        """Forgets all of a slot but its first `count` tokens, or more if it must; how many are left."""
        ...


class Slot:
    """What is in one of the decoder's caches, and the answer that works with it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.held: list[int] = []
        self.answer: Answer | None = None
        self.used = 0

    def common(self, prompt: Sequence[int]) -> int:
        """How many tokens of the prompt are here already. The last one is read anyway: its numbers are needed.
        Pictures, which are negative, are read with all that stands before them, and not forgotten in part."""
        count = min(len(self.held), len(prompt) - 1)
        for index, (held, wanted) in enumerate(zip(self.held, prompt[:-1], strict=False)):
            if held != wanted:
                count = index
                break
        return 0 if min(*prompt[count:], *self.held[count:], 0) < 0 else count


class Batch:
    """Runs until the process ends; `fatal` is called if its thread cannot go on."""

    def __init__(self, decoder: Decoder, fatal: Callable[[BaseException], None] = lambda _error: None) -> None:
        self._decoder = decoder
        self._fatal = fatal
        self._new: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._waiting: list[Answer] = []
        self._slots = [Slot(number) for number in range(decoder.slots)]
        self._turn = 0
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after the step at hand."""
        self._new.put(None)
        self._thread.join()

    def submit(self, answer: Answer) -> None:
        self._new.put(answer)

    def busy(self) -> list[bool]:
        """For each slot, whether an answer is at work in it."""
        return [slot.answer is not None for slot in self._slots]

    def _run(self) -> None:
        try:
            while self._take():
                self._leave_cancelled()
                self._admit()
                self._read()
                self._step()
        except BaseException as error:
            traceback.print_exc(file=sys.stderr)
            self._fatal(error)

    def _take(self) -> bool:
        """Takes what is new; waits where there is nothing to do. False when it is time to end."""
        while True:
            idle = not self._waiting and not any(self.busy())
            try:
                answer = self._new.get(block=idle)
            except queue.Empty:
                return True
            if answer is None:
                return False
            self._waiting.append(answer)

    def _leave_cancelled(self) -> None:
        self._waiting = [answer for answer in self._waiting if not answer.cancelled]
        for slot in self._slots:
            if slot.answer is not None and slot.answer.cancelled:
                slot.answer = None

    def _admit(self) -> None:
        """Gives waiting answers the free slot that knows most of their prompt; else the one unused for longest."""
        while self._waiting and (free := [slot for slot in self._slots if slot.answer is None]):
            answer = self._waiting.pop(0)
            slot = max(free, key=lambda slot: (slot.common(answer.prompt), -slot.used, -slot.number))
            known = self._decoder.keep(slot.number, slot.common(answer.prompt))
            slot.held = answer.prompt[:known]
            answer.cached, answer.times.begun = known, time.perf_counter()
            self._turn += 1
            slot.used, slot.answer = self._turn, answer

    def _read(self) -> None:
        """A chunk of the prompt that has waited longest."""
        reading = [slot for slot in self._slots if slot.answer and len(slot.held) < len(slot.answer.prompt)]
        if not reading:
            return
        slot = min(reading, key=lambda slot: slot.used)
        assert slot.answer is not None
        done = len(slot.held)
        tokens = slot.answer.prompt[done : done + self._decoder.chunk]
        try:
            logits = self._decoder.read(slot.number, tokens)
            slot.held += tokens
            if len(slot.held) == len(slot.answer.prompt):
                self._advance(slot, logits)
        except Exception as error:
            self._failed([slot], error)

    def _step(self) -> None:
        """One token for every answer that has begun."""
        ready = {slot.number: slot for slot in self._slots if slot.answer and len(slot.held) >= len(slot.answer.prompt)}
        tokens = {number: slot.answer.tokens[-1] for number, slot in ready.items() if slot.answer}
        if not tokens:
            return
        try:
            numbers = self._decoder.step(tokens)
        except Exception as error:
            self._failed(list(ready.values()), error)
            return
        for number, slot in ready.items():
            slot.held.append(tokens[number])
            try:
                self._advance(slot, numbers[number])
            except Exception as error:
                self._failed([slot], error)

    @staticmethod
    def _advance(slot: Slot, logits: Logits) -> None:
        if slot.answer is not None and not slot.answer.cancelled and not slot.answer.advance(logits):
            slot.answer = None

    def _failed(self, slots: Sequence[Slot], error: Exception) -> None:
        """Tells those whom it concerns, and trusts nothing that is left in their slots."""
        traceback.print_exception(error, file=sys.stderr)
        for slot in slots:
            answer, slot.answer, slot.held = slot.answer, None, []
            self._decoder.keep(slot.number, 0)
            if answer is not None:
                answer.tell(Piece(error=error))
