"""A prompt's tokens, as TGI tells them and cuts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from serai.api import wishes
from serai.api.huggingface.asked import Asked
from serai.api.huggingface.reading import text
from serai.errors import NotOffered
from serai.tasks.tokenize import NAME as TOKENIZE


async def tokenize(asked: Asked) -> Response:
    """The tokens of a text, with where in it they stand."""
    body = await wishes.read(asked.request)
    await asked.take(body.get("options"))
    asked.ignored += [name for name in body if name not in ("inputs", "options", "add_special_tokens", "parameters")]
    prompt = text(body.get("inputs"))
    result = (await asked.run(asked.call(TOKENIZE, {"inputs": prompt})))[0]
    told = places(prompt, result.data)
    return Response(orjson.dumps(told), media_type="application/json", headers=asked.headers([result]))


async def refused(asked: Asked) -> Response:
    """What is not told of tokens. Raises NotOffered."""
    what = {
        "decode": "Tokens are not made text again.",
        "chat_tokenize": "Tokens are told of texts, not of chats: see /tokenize.",
    }
    raise NotOffered(what[asked.verb])


async def cut(asked: Asked, prompt: str, most: int) -> str | list[int]:
    """The prompt, or its last tokens where it has more than `most`; the answer's headers say so then."""
    tokens = (await asked.run(asked.call(TOKENIZE, {"inputs": prompt})))[0].data
    if len(tokens) <= most:
        return prompt
    asked.cut = f"{most} of {len(tokens)} tokens"
    return [token["id"] for token in tokens[-most:]]


def places(prompt: str, tokens: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """TGI's form. A token that is not in the text, such as one for its beginning, stands between two characters."""
    content, at = prompt.encode("utf-8", "replace"), 0
    told = []
    for token in tokens:
        own = bytes(token["bytes"])
        if not content.startswith(own, at) and content.startswith(own.lstrip(b" "), at):
            own = own.lstrip(b" ")  # some vocabularies put a space before the first word
        start, at = at, at + len(own) if own and content.startswith(own, at) else at
        told.append(
            {"id": token["id"], "text": token["text"], "start": _letters(content, start), "stop": _letters(content, at)}
        )
    return told


def _letters(content: bytes, at: int) -> int:
    """How many characters are whole before this byte."""
    return len(content[:at].decode("utf-8", "ignore"))
