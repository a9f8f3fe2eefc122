"""A chat in OpenAI's shape as Anthropic's messages. Pure; on nonsense it raises Python's own errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from serai.errors import BadRequest
from serai.tasks import media

Block = dict[str, Any]
Recall = Callable[[str], Sequence[Block]]
"""What was thought before a tool was called, by the call's id."""

_SYSTEM = ("system", "developer")


def split(messages: Sequence[Mapping[str, Any]], system: str | None) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """What the model is told first, and the rest of the chat."""
    count = next((at for at, message in enumerate(messages) if message["role"] not in _SYSTEM), len(messages))
    told = [_words(f"messages[{at}]", messages[at]["content"]) for at in range(count)]
    return "\n\n".join(text for text in told or [system or ""] if text), messages[count:]


def turned(messages: Sequence[Mapping[str, Any]], first: int, recall: Recall) -> list[dict[str, Any]]:
    """The messages, of which the first is number `first` of the chat. Those that follow each other in one role are one:
    results of tools must stand together in the answer to the calls."""
    turns: list[dict[str, Any]] = []
    for number, message in enumerate(messages, first):
        role = {"tool": "user", "developer": "system"}.get(message["role"], message["role"])
        blocks = list(_blocks(f"messages[{number}]", message, recall))
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    return turns


def _blocks(where: str, message: Mapping[str, Any], recall: Recall) -> Iterator[Block]:
    role, content = message["role"], message.get("content")
    if role == "tool":
        yield {"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": list(_parts(where, content))}
        return
    calls = message.get("tool_calls") or ()
    if role == "assistant" and calls:
        yield from recall(calls[0]["id"])
    yield from _parts(where, content)
    for call in calls:
        yield _use(where, call)


def _use(where: str, call: Mapping[str, Any]) -> Block:
    function = call["function"]
    given = orjson.loads(function.get("arguments") or "{}")
    if not isinstance(given, dict):
        raise BadRequest(f"The arguments in {where} are no object.", field=where)
    return {"type": "tool_use", "id": call["id"], "name": function["name"], "input": given}


def _parts(where: str, content: Any) -> Iterator[Block]:
    """Empty texts are left out: they are refused there."""
    parts: list[Any] = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    for part in parts:
        kind = part["type"]
        if kind == "image_url":
            yield {"type": "image", "source": _source(where, part["image_url"]["url"])}
        elif kind in ("text", "refusal"):
            if part[kind]:
                yield {"type": "text", "text": part[kind]}
        else:
            raise BadRequest(f"{where} has {kind!r}; this service reads texts and pictures.", field=where)


def _source(where: str, url: str) -> Block:
    if url.startswith("https://"):
        return {"type": "url", "url": url}
    try:
        _, kind = media.unpack(url)
    except ValueError as error:
        raise BadRequest(
            f"The picture in {where} is neither a data: address nor one with https.", field=where
        ) from error
    return {"type": "base64", "media_type": kind, "data": url.partition(",")[2]}


def _words(where: str, content: Any) -> str:
    blocks = list(_parts(where, content))
    if any(block["type"] != "text" for block in blocks):
        raise BadRequest(f"{where} is told to the model first, so it is text only.", field=where)
    return "\n".join(block["text"] for block in blocks)


def tools(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """`tools` and `tool_choice`, where there are tools. Raises BadRequest for a demand without any."""
    given, choice = inputs.get("tools") or (), inputs.get("tool_choice") or "auto"
    if not given:
        if choice not in ("auto", "none"):
            raise BadRequest("tool_choice demands a tool, but there are no tools.", field="tool_choice")
        return {}
    chosen = _choice(choice)
    if inputs.get("parallel_tool_calls") is False and chosen["type"] != "none":
        chosen["disable_parallel_tool_use"] = True
    return {"tools": [_tool(tool["function"]) for tool in given], "tool_choice": chosen}


def _tool(function: Mapping[str, Any]) -> dict[str, Any]:
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    said = {name: function[name] for name in ("description", "strict") if function.get(name) is not None}
    return {"name": function["name"], "input_schema": {"type": "object", **schema}, **said}


def _choice(choice: Any) -> dict[str, Any]:
    if isinstance(choice, str):
        return {"type": {"required": "any"}.get(choice, choice)}
    return {"type": "tool", "name": choice["function"]["name"]}
