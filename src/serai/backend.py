"""The Backend protocol, whole. A local engine, a provider, a cluster replica and a route all are one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol, runtime_checkable

from serai.types import Call, Delta, Model, Result


@runtime_checkable
class Backend(Protocol):
    """Anything that runs a Call. `tests/contract` holds every Backend to the promises made here."""

    name: str
    """Unique among the backends of one Serai; shown to people as who answered."""

    async def models(self) -> Sequence[Model]:
        """The models it can run now or after loading them: the same list, unchanged, as long as they are the same.
        Never raises because a service is away: it returns what it knows."""
        ...

    def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        """Runs the call, whose `model` is a name from `models()`.

        Yields at least one Delta: the first carries `answerer`, the last (only) `finish` and `usage`. Text is whole
        characters, never half of one. Raises a SeraiError, before or after the first Delta, when it cannot go on.
        Closing the generator (`aclose`, cancellation) stops the work at its source at once."""
        ...

    async def close(self) -> None:
        """Frees everything it holds. May be called twice."""
        ...


async def whole(run: Callable[[Call], AsyncGenerator[Delta, None]], call: Call) -> Result:
    """The whole answer to a call of which nobody reads the beginning before its end."""
    call.whole = True
    return await collect(run(call))


async def collect(stream: AsyncGenerator[Delta, None]) -> Result:
    """Reads a stream to its end and returns the whole answer."""
    text: list[str] = []
    reasoning: list[str] = []
    tool_calls: dict[int, dict[str, object]] = {}
    logprobs: list[dict[str, object]] = []
    data: object = None
    first: Delta | None = None
    last: Delta | None = None
    try:
        async for delta in stream:
            first = first or delta
            last = delta
            data = delta.data if delta.data is not None else data
            text.append(delta.text)
            reasoning.append(delta.reasoning)
            for part in delta.tool_calls or ():
                _merge_tool_call(tool_calls, part)
            if delta.logprobs:
                logprobs.extend(delta.logprobs.get("content") or ())
    finally:
        await stream.aclose()
    if first is None or first.answerer is None or last is None or last.finish is None or last.usage is None:
        raise RuntimeError("a backend broke its contract: no answerer, finish or usage in its stream")
    return Result(
        text="".join(text),
        finish=last.finish,
        usage=last.usage,
        answerer=first.answerer,
        tried=first.tried,
        reasoning="".join(reasoning),
        tool_calls=[tool_calls[index] for index in sorted(tool_calls)],
        logprobs=logprobs,
        data=data,
        stop_text=last.stop_text,
    )


def _merge_tool_call(calls: dict[int, dict[str, object]], part: dict[str, object]) -> None:
    """OpenAI streams a tool call as an opening part and then pieces of its arguments."""
    index = part.get("index", 0)
    assert isinstance(index, int)
    function = part.get("function")
    piece = function if isinstance(function, dict) else {}
    call = calls.setdefault(index, {"type": "function", "function": {"name": "", "arguments": ""}})
    if part.get("id"):  # some servers send an empty one with every later piece
        call["id"] = part["id"]
    whole = call["function"]
    assert isinstance(whole, dict)
    whole["name"] = str(whole["name"]) + str(piece.get("name") or "")
    whole["arguments"] = str(whole["arguments"]) + str(piece.get("arguments") or "")
