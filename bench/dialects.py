"""What a dialect costs: a request read into a Call and its whole answer written, and one message of a stream.

`python -m bench.dialects` counts processor time, which other work disturbs little, in one process and without HTTP.
Then it opens 1,000 streams to a server whose model begins and says nothing, and tells the memory they take."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import orjson
import psutil

from bench.api import serve
from serai.api import body
from serai.api.anthropic import answer as anthropic_answer
from serai.api.anthropic import events as anthropic_events
from serai.api.anthropic import request as anthropic
from serai.api.ollama import answer as ollama_answer
from serai.api.ollama import request as ollama
from serai.api.openai import answer as openai_answer
from serai.api.openai import request as openai
from serai.api.openai.responses import request as responses
from serai.api.openai.responses.writer import Writer
from serai.backend import collect
from serai.types import OWNER, Answerer, Delta, Result, Usage

ROUNDS = 3000
PIECES = 20_000
STREAMS = 1000

TOOL = {"type": "object", "properties": {name: {"type": "string"} for name in ("city", "unit", "day")}}
CHAT = [{"role": role, "content": "A question or an answer of some length. " * 5} for role in ("user", "assistant")] * 5
CHAT.append({"role": "user", "content": "And now?"})
OPENAI = {"model": "scripted", "messages": CHAT, "temperature": 0.5, "max_tokens": 100}
FLAT = {"type": "function", "name": "weather", "parameters": TOOL}
FUNCTION = {"type": "function", "function": {"name": "weather", "parameters": TOOL}}
USAGE = Usage(prompt_tokens=100, completion_tokens=50)
RESULT = Result(text="word " * 50, finish="stop", usage=USAGE, answerer=Answerer(model="scripted", backend="local"))


def read_openai() -> Any:
    return openai.chat(body.parse(_OPENAI), OWNER)


def read_anthropic() -> Any:
    return anthropic.read(body.parse(_ANTHROPIC), OWNER)


def read_ollama() -> Any:
    return ollama.chat(body.parse(_OLLAMA), OWNER)


_OPENAI = orjson.dumps({**OPENAI, "tools": [FUNCTION]})
_ANTHROPIC = orjson.dumps({**OPENAI, "tools": [{"name": "weather", "input_schema": TOOL}]})
_OLLAMA = orjson.dumps({"model": "scripted", "messages": CHAT, "options": {"temperature": 0.5}, "tools": [FUNCTION]})

_RESPONSES = orjson.dumps(
    {
        "model": "scripted",
        "input": CHAT,
        "temperature": 0.5,
        "tools": [{"type": "function", "name": "weather", "parameters": TOOL}],
    }
)


def read_responses() -> Any:
    return responses.read(body.parse(_RESPONSES), OWNER).after([])


def whole_response(asked: Any) -> bytes:
    writer = Writer(asked.call, asked.base, logprobs=False)
    delta = Delta(answerer=RESULT.answerer, text=RESULT.text)
    list(writer.begin(delta))
    list(writer.take(delta))
    list(writer.end("stop", USAGE))
    return orjson.dumps(writer.response)


async def response_events(asked: Any, source: AsyncGenerator[Delta, None]) -> AsyncGenerator[bytes, None]:
    writer, begun = Writer(asked.call, asked.base, logprobs=False), False
    async for delta in source:
        for event in [*([] if begun else writer.begin(delta)), *writer.take(delta)]:
            yield event
        begun = True
        if delta.finish is not None:
            for event in writer.end(delta.finish, delta.usage or USAGE):
                yield event


Whole = Callable[[Any], bytes]
Streamed = Callable[[Any, AsyncGenerator[Delta, None]], AsyncGenerator[bytes, None]]
DIALECTS: dict[str, tuple[Callable[[], Any], Whole, Streamed]] = {
    "OpenAI": (
        read_openai,
        lambda asked: orjson.dumps(openai_answer.completion(asked.call, [RESULT])),
        lambda asked, deltas: openai_answer.chunks(asked.call, deltas, with_usage=True),
    ),
    "Responses": (read_responses, whole_response, response_events),
    "Anthropic": (read_anthropic, lambda asked: anthropic_answer.whole(asked, RESULT), anthropic_events.events),
    "Ollama": (
        read_ollama,
        lambda asked: orjson.dumps(ollama_answer.whole(asked, RESULT, 0.0)),
        lambda asked, deltas: ollama_answer.lines(asked, deltas, lambda: 0.0),
    ),
}


async def deltas(count: int) -> AsyncGenerator[Delta, None]:
    """A model that is there at once."""
    yield Delta(answerer=RESULT.answerer)
    for _ in range(count):
        yield Delta(text="word ")
    yield Delta(finish="stop", usage=USAGE)


def spent(work: Callable[[], Any], rounds: int) -> float:
    """Microseconds of processor time of one round, the least of five tries."""
    times = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(rounds):
            work()
        times.append((time.process_time() - began) / rounds * 1e6)
    return min(times)


async def message(streamed: Streamed, asked: Any) -> float:
    """Microseconds of one message of a stream, without those of its making."""
    times = []
    for _ in range(5):
        began = time.process_time()
        async for _ in deltas(PIECES):
            pass
        without, began = time.process_time() - began, time.process_time()
        async for _ in streamed(asked, deltas(PIECES)):
            pass
        times.append((time.process_time() - began - without) / PIECES * 1e6)
    return min(times)


async def idle(folder: Path) -> str:
    """Memory of the server with so many open streams on which nothing happens, over what it had before."""
    process, path = await serve(folder / "idle", -1)
    seen = psutil.Process(process.pid)
    text = orjson.dumps({"messages": [{"role": "user", "content": "hi"}], "stream": True})
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(text)
    streams = []

    async def opened() -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(head + text)
        await reader.readuntil(b'"role":"assistant"')
        streams.append(writer)

    try:
        await opened()
        before = seen.memory_info().rss
        for _ in range(STREAMS // 50):
            await asyncio.gather(*[opened() for _ in range(50)])
        grown = seen.memory_info().rss - before
        return f"{grown / 1e6:.1f} MB for {len(streams) - 1} streams"
    finally:
        for writer in streams:
            writer.close()
        process.terminate()
        await process.wait()


async def main() -> None:
    assert (await collect(deltas(2))).text == "word word "
    for name, (read, whole, streamed) in DIALECTS.items():
        asked = read()
        request = spent(lambda read=read, whole=whole: whole(read()), ROUNDS)  # type: ignore[misc]
        print(
            f"{name:10} request and whole answer {request:6.1f} µs, a message {await message(streamed, asked):5.2f} µs"
        )
    with tempfile.TemporaryDirectory(prefix="serai-bench-") as folder:
        print("idle      ", await idle(Path(folder)))


if __name__ == "__main__":
    asyncio.run(main())
