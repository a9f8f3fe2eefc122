"""Whether a llama-server works here, and says the same as the wheel's: tried with the embedded model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from serai.errors import ModelFailed, SeraiError
from serai.hosting.process import ModelProcess
from serai.registry import Launch

PROMPTS = (
    "What is Serai?",
    "How do I download a model?",
    "Where are my chats kept?",
    "Which formats can you run?",
    "Was ist Serai?",
    "Wie lade ich ein Modell herunter?",
    "سرای چیست؟",
    "چگونه یک مدل دانلود کنم؟",
)
_TOKENS = 32
_START_S = 60.0


class Unfit(SeraiError):
    """It starts, but what it says is wrong."""

    code = "engine_unfit"


@dataclass(frozen=True, slots=True)
class Trial:
    """What a server said to each prompt, in tokens, and what it told of itself."""

    tokens: tuple[tuple[int, ...], ...]
    facts: Mapping[str, Any]


async def compare(program: str, model: Path, environ: Mapping[str, str]) -> Trial:
    """Raises Unfit unless the program says the same as the wheel, LoadFailed where one of them does not start."""
    wheel, native = await run("", model, environ), await run(program, model, environ)
    for prompt, ours, theirs in zip(PROMPTS, wheel.tokens, native.tokens, strict=True):
        if ours != theirs:
            raise Unfit(
                f"The native server answers {prompt!r} otherwise than the wheel's, so it is not used.",
                hint="Its compiler may be at fault: resume the job with another one (CC, CXX).",
            )
    return native


async def run(program: str, model: Path, environ: Mapping[str, str], device: str = "cpu") -> Trial:
    """Starts the program (the wheel's server for ``""``) with the model, and asks it. Raises LoadFailed or Unfit."""
    process = ModelProcess(_launch(program, model, device), environ=environ)
    try:
        await process.start(_START_S)
        tokens = tuple([await _answer(process, prompt) for prompt in PROMPTS])
        return Trial(tokens, dict(process.facts))
    except (aiohttp.ClientError, OSError) as error:
        raise await process.crash() or ModelFailed(f"The server broke off: {error}.") from error
    finally:
        await process.stop()


def _launch(program: str, model: Path, device: str) -> Launch:
    """f32 and no flash attention: what is left of differences is the processor's rounding."""
    launch = Launch(engine="llama.cpp", model="trial", path=str(model), context=512, threads=2, device=device)
    exact = replace(launch, kv_type="f32", flash_attention=False, speculation=False, parent=os.getpid())
    return replace(exact, program=program) if program else exact


async def _answer(process: ModelProcess, question: str) -> tuple[int, ...]:
    """The likeliest answer to a question, in tokens."""
    asked = await _post(process, "/apply-template", {"messages": [{"role": "user", "content": question}]})
    body = {"n_predict": _TOKENS, "temperature": 0, "return_tokens": True, "cache_prompt": False}
    answer = await _post(process, "/completion", {"prompt": asked.get("prompt", question), **body})
    if not answer.get("tokens"):
        raise Unfit("The server starts, but it does not answer as llama-server does.", hint="Is it an old version?")
    return tuple(answer["tokens"])


async def _post(process: ModelProcess, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What it answers; nothing where that is no answer."""
    async with await process.post(path, orjson.dumps(body)) as response:
        text = await response.read()
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) and response.status == 200 else {}
