"""A text's tokens, as engines are asked for them. Pure."""

from __future__ import annotations

from typing import Any

from serai.tasks import tokenize
from serai.types import Call, Delta, Usage

TOKENIZE = tokenize.NAME
PATH = "/tokenize"


def body(call: Call) -> dict[str, Any]:
    """The request's body. Raises BadRequest."""
    inputs = tokenize.TASK.check_inputs(TOKENIZE, call.inputs)
    tokenize.TASK.check_settings(call.settings)
    return {"content": inputs["inputs"], "add_special": True, "parse_special": True, "with_pieces": True}


def read(answer: Any) -> Delta:
    """The answer; part of a character is told by its bytes alone. Raises KeyError or TypeError for what is none."""
    tokens = [_token(token["id"], token["piece"]) for token in answer["tokens"]]
    return Delta(data=tokens, finish="stop", usage=Usage(prompt_tokens=len(tokens)))


def _token(number: int, piece: str | list[int]) -> dict[str, Any]:
    content = piece.encode("utf-8", "replace") if isinstance(piece, str) else bytes(piece)
    return {"id": number, "text": content.decode("utf-8", "replace"), "bytes": list(content)}
