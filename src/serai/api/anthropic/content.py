"""Anthropic's messages to the neutral ones. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from serai.api.body import fault, kind

Block = dict[str, Any]

_ELSEWHERE = {
    "document": "Serai reads no documents in a chat: send their text.",
    "search_result": "Send its text.",
    "container_upload": "Serai runs no code for a model.",
}
_WRITTEN_BY_OTHERS = "Serai has no server tools, so it takes no blocks of theirs."
_BILLING = "x-anthropic-billing-header:"
"""Claude Code says this in the system prompt. It means nothing to a model, and differs in every request, so that no
prompt would ever be known from the one before."""


def system(given: str | list[Any]) -> list[dict[str, Any]]:
    """The system prompt as a message, or none."""
    texts = [given] if isinstance(given, str) else _texts("system", given)
    text = "\n\n".join(text for text in texts if text and not text.startswith(_BILLING))
    return [{"role": "system", "content": text}] if text else []


def read(messages: Sequence[Any], ignored: list[str]) -> list[dict[str, Any]]:
    """The messages in neutral shape; raises BadRequest naming the place that does not fit."""
    if not messages:
        raise fault("messages", "messages: at least one message is required.")
    names: dict[str, str] = {}
    made: list[dict[str, Any]] = []
    for place, role, blocks in _turns(messages):
        if role == "assistant":
            made.append(_assistant(place, blocks, names, ignored))
        elif role == "system":
            made.extend(system(blocks))
        else:
            made.extend(_user(place, blocks, names))
    return made


def _turns(messages: Sequence[Any]) -> Iterator[tuple[str, str, list[Any]]]:
    """Place, role and blocks of each turn; messages of one role that follow each other are one turn."""
    turn: tuple[str, str, list[Any]] | None = None
    for index, message in enumerate(messages):
        place = f"messages.{index}"
        kind(place, message, dict, "an object")
        role = message.get("role")
        if role not in ("user", "assistant", "system"):
            raise fault(f"{place}.role", f"{place}.role must be user, assistant or system.")
        content = kind(f"{place}.content", message.get("content"), (str, list), "a text or a list of blocks")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if turn is not None and turn[1] == role:
            turn[2].extend(blocks)
            continue
        if turn is not None:
            yield turn
        turn = (place, role, list(blocks))
    if turn is not None:
        yield turn


def _user(place: str, blocks: list[Any], names: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Results of tools are messages of their own; what is said before and after them keeps its place."""
    parts: list[Block] = []
    for index, block in enumerate(blocks):
        where = f"{place}.content.{index}"
        if _kind(where, block) == "tool_result":
            if parts:
                yield {"role": "user", "content": _joined(parts)}
                parts = []
            yield _result(where, block, names)
        else:
            parts.append(_part(where, block))
    if parts or not blocks:
        yield {"role": "user", "content": _joined(parts)}


def _assistant(place: str, blocks: list[Any], names: dict[str, str], ignored: list[str]) -> dict[str, Any]:
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[dict[str, Any]] = []
    for index, block in enumerate(blocks):
        where = f"{place}.content.{index}"
        what = _kind(where, block)
        if what == "text":
            texts.append(_text(where, block, "text"))
        elif what == "thinking":
            thoughts.append(_text(where, block, "thinking"))
        elif what == "tool_use":
            calls.append(_call(where, block))
            names[calls[-1]["id"]] = calls[-1]["function"]["name"]
        elif what == "redacted_thinking":
            ignored.append(where)  # only who wrote it can read it
        else:
            raise fault(where, f"{where} is {what[:40]!r}. {_ELSEWHERE.get(what, _WRITTEN_BY_OTHERS)}")
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts or not calls else None}
    if thought := "".join(thoughts):
        message["reasoning_content"] = thought
    return message | ({"tool_calls": calls} if calls else {})


def _call(where: str, block: Block) -> dict[str, Any]:
    given = kind(f"{where}.input", block.get("input", {}), dict, "an object")
    function = {"name": _text(where, block, "name"), "arguments": orjson.dumps(given).decode()}
    return {"id": _text(where, block, "id"), "type": "function", "function": function}


def _result(where: str, block: Block, names: dict[str, str]) -> dict[str, Any]:
    """An error is told to the model in words: it has no other sign for it."""
    call = _text(where, block, "tool_use_id")
    given = kind(f"{where}.content", block.get("content") or "", (str, list), "a text or a list of blocks")
    blocks = [{"type": "text", "text": given}] if isinstance(given, str) else given
    parts = [_part(f"{where}.content.{index}", part) for index, part in enumerate(blocks)]
    if block.get("is_error") is True:
        parts.insert(0, {"type": "text", "text": "Error:"})
    message = {"role": "tool", "tool_call_id": call, "content": _joined(parts)}
    return message | ({"name": names[call]} if call in names else {})


def _part(where: str, block: Any) -> Block:
    what = _kind(where, block)
    if what == "text":
        return {"type": "text", "text": _text(where, block, "text")}
    if what == "image":
        return {"type": "image_url", "image_url": {"url": _picture(f"{where}.source", block.get("source"))}}
    raise fault(where, f"{where} is {what[:40]!r}. {_ELSEWHERE.get(what, _WRITTEN_BY_OTHERS)}")


def _picture(where: str, source: Any) -> str:
    what = _kind(where, source)
    if what == "base64":
        return f"data:{_text(where, source, 'media_type')};base64,{_text(where, source, 'data')}"
    if what == "url":
        return _text(where, source, "url")
    raise fault(where, f"{where} is {what[:40]!r}; Serai takes pictures as base64 or url.")


def _joined(parts: list[Block]) -> str | list[Block]:
    """Text in one piece; where there are pictures, the parts in their order."""
    if all(part["type"] == "text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    return parts


def _texts(place: str, blocks: list[Any]) -> list[str]:
    for index, block in enumerate(blocks):
        if _kind(f"{place}.{index}", block) != "text":
            raise fault(f"{place}.{index}", f"{place}.{index} must be a text block.")
    return [_text(f"{place}.{index}", block, "text") for index, block in enumerate(blocks)]


def _kind(where: str, block: Any) -> str:
    what = block.get("type") if isinstance(block, dict) else None
    if not isinstance(what, str):
        raise fault(where, f"{where} must be an object with a type.")
    return what


def _text(where: str, block: Block, name: str) -> str:
    text: str = kind(f"{where}.{name}", block.get(name), str, "a text")
    return text
