"""One answer in the making: takes the model's numbers, gives out pieces, and knows when it is whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from serai.engines._serving.grammars import Rule
from serai.engines._serving.parts import Part, Parts
from serai.engines._serving.request import Request
from serai.engines._serving.sampling import Logits, Sampler, log_probability
from serai.engines._serving.streams import Characters, Stops
from serai.engines._serving.vocabulary import Vocabulary


@dataclass(slots=True, kw_only=True)
class Times:
    """When an answer was begun, and when its first and its last token came."""

    begun: float = field(default_factory=time.perf_counter)
    first: float = 0.0
    last: float = 0.0


@dataclass(slots=True, kw_only=True)
class Piece:
    """What an answer's stream holds: parts and log probabilities; the last one has `finish`, or `error`, and the
    stop text that was reached."""

    part: Part = field(default_factory=Part)
    logprobs: list[dict[str, Any]] = field(default_factory=list)
    finish: str = ""
    stop_text: str = ""
    error: Exception | None = None


class Answer:
    """`room` is how many tokens it may have; `tell` gets its pieces, in the thread that makes them. Who set
    `cancelled` gets no more. `goes_on` says that its text continues the prompt's."""

    def __init__(
        self,
        request: Request,
        prompt: Sequence[int],
        vocabulary: Vocabulary,
        *,
        room: int,
        tell: Callable[[Piece], None],
        rule: Rule | None = None,
        thinking: bool = False,
        goes_on: bool = True,
    ) -> None:
        self.prompt = list(prompt)
        self.tokens: list[int] = []
        self.cached = 0
        self.cancelled = False
        self.times = Times()
        self.tell = tell
        self._request = request
        self._vocabulary = vocabulary
        self._room = min(room, request.max_tokens or room)
        self._rule = rule
        words = [token for token in prompt if token >= 0]
        self._sampler = Sampler(request.sampling, words)
        self._characters = Characters(vocabulary.decode, words if goes_on else ())
        self._stops = Stops(request.stop)
        self._parts = Parts(tools=bool(request.tools), thinking=thinking)
        self._logprobs: list[dict[str, Any]] = []

    def advance(self, logits: Logits) -> bool:
        """Chooses the next token and tells what it adds; False once the answer is whole."""
        token = self._sampler.choose(logits, self._rule.allowed() if self._rule else None)
        self.times.last = time.perf_counter()
        self.times.first = self.times.first or self.times.last
        self.tokens.append(token)
        if token in self._vocabulary.ends:
            return self._finish("stop")
        if self._request.logprobs is not None:
            self._logprobs.append(self._probabilities(logits, token))
        text, stopped = self._stops.push(self._characters.push(token))
        if stopped:
            return self._finish("stop", text, cut=True)
        if self._rule is not None:
            self._rule.take(token)
            if self._rule.complete:
                return self._finish("stop", text)
        if len(self.tokens) >= self._room:
            return self._finish("length", text)
        self._say(self._parts.push(text))
        return True

    def _finish(self, why: str, text: str = "", *, cut: bool = False) -> bool:
        """Gives out what still waits; after a stop text nothing does."""
        if not cut:
            more, cut = self._stops.push(self._characters.flush())
            text += more + ("" if cut else self._stops.flush())
        self._say(self._parts.push(text))
        self._say(self._parts.flush())
        why = "tool_calls" if self._parts.called and why == "stop" else why
        self.tell(Piece(logprobs=self._logprobs, finish=why, stop_text=self._stops.reached))
        return False

    def _say(self, part: Part) -> None:
        if part.text or part.reasoning or part.calls:
            logprobs, self._logprobs = self._logprobs, []
            self.tell(Piece(part=part, logprobs=logprobs))

    def _probabilities(self, logits: Logits, token: int) -> dict[str, Any]:
        own, others = log_probability(logits, token, self._request.logprobs or 0)
        return self._entry(token, own) | {"top_logprobs": [self._entry(other, value) for other, value in others]}

    def _entry(self, token: int, value: float) -> dict[str, Any]:
        text = self._vocabulary.spell(token)
        return {
            "id": token,
            "token": text,
            "logprob": max(value, -9999.0),
            "bytes": list(text.encode("utf-8", "replace")),
        }
