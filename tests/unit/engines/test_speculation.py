"""Guessing ahead changes nothing but the speed, and happens only where a text repeats itself."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import orjson
import pytest

from serai.hosting.process import ModelProcess
from serai.hub.store import GUIDE_FILE
from serai.registry import Launch

pytestmark = pytest.mark.engine
QUESTIONS = ("What is Serai?", "How do I download a model?", "Where are my chats kept?")


async def post(process: ModelProcess, path: str, **body: Any) -> dict[str, Any]:
    async with await process.post(path, orjson.dumps(body)) as response:
        answer: dict[str, Any] = orjson.loads(await response.read())
    return answer


async def asked(process: ModelProcess, question: str) -> str:
    prompt = (await post(process, "/apply-template", messages=[{"role": "user", "content": question}]))["prompt"]
    answer = await post(process, "/completion", prompt=prompt, n_predict=150, temperature=0)
    return str(answer["content"]).strip()


async def after(process: ModelProcess, read: str, text: str) -> tuple[str, int, int]:
    """What it writes after reading a text, and how much of that was guessed, and rightly."""
    told = {"n_predict": 400, "temperature": 0, "grammar": f"root ::= {json.dumps(text, ensure_ascii=False)}"}
    answer = await post(process, "/completion", prompt=f"{read}\n", **told)
    return answer["content"], answer["timings"].get("draft_n", 0), answer["timings"].get("draft_n_accepted", 0)


@pytest.mark.parametrize("on", [True, False])
async def test_a_copy_is_guessed_and_nothing_else_is(on: bool) -> None:
    launch = Launch("llama.cpp", "guide", str(GUIDE_FILE), context=2048, speculation=on, parent=os.getpid())
    process = ModelProcess(launch, environ={})
    try:
        await process.start(60)
        text = "\n".join([await asked(process, question) for question in QUESTIONS])
        other = " ".join(reversed(text.split()))
        copied, unlike = await after(process, text, text), await after(process, text, other)
    finally:
        await process.stop()
    assert (copied[0], unlike[0]) == (text, other)
    assert (copied[1] > 0) == on and copied[2] >= copied[1] / 2 and unlike[1] == 0


async def test_what_all_streams_guess_fits_into_a_small_batch() -> None:
    launch = Launch("llama.cpp", "guide", str(GUIDE_FILE), context=2048, parallel=2, batch=16, parent=os.getpid())
    process = ModelProcess(launch, environ={})
    try:
        await process.start(60)
        text = "\n".join([await asked(process, question) for question in QUESTIONS])
        copies = await asyncio.gather(*(after(process, text, text) for _ in range(2)))
    finally:
        await process.stop()
    assert [copied for copied, _, _ in copies] == [text] * 2
    assert all(right > 0 for _, _, right in copies)
