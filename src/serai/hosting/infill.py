"""Filling a gap with llama.cpp. Its own call for that shortens long texts without a word, so the prompt is made here:
its server is asked which marks its vocabulary holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from serai.errors import BadRequest, ModelFailed
from serai.hosting.process import ModelProcess
from serai.tasks import infilling
from serai.types import TEXT_GENERATION, Call


def needed(call: Call, engine: str) -> bool:
    """Whether a call asks for it. Other engines do it themselves."""
    return call.task == TEXT_GENERATION and call.inputs.get("suffix") is not None and engine == "llama.cpp"


async def joined(call: Call, process: ModelProcess) -> Call:
    """The call with one prompt of what comes before and after. Raises BadRequest where the model has no marks."""
    held = [one for family in infilling.FAMILIES for one in family.tokens if await _is_token(process, one)]
    marks = infilling.find(held.__contains__)
    if marks is None:
        hint = "Leave suffix out, or ask a model that was made to fill gaps, such as a coder."
        text = f"{process.launch.model} cannot fill a gap: it has no tokens for that."
        raise BadRequest(text, hint=hint, field="suffix")
    return replace(call, inputs={"inputs": marks.prompt(call.inputs["inputs"], call.inputs["suffix"])})


async def _is_token(process: ModelProcess, text: str) -> bool:
    asked = {"content": text, "add_special": False, "parse_special": True}
    response = await process.post("/tokenize", orjson.dumps(asked))
    try:
        body = await response.read()
    finally:
        response.close()
    if response.status != 200:
        raise ModelFailed(f"{process.launch.model}'s process does not tell its tokens.")
    answer: Any = orjson.loads(body)
    return len(answer["tokens"]) == 1
