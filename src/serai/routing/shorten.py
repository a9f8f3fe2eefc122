"""What is left out of a chat that is longer than its model can read, where its asker allows that. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from serai.errors import BadRequest, ContextExceeded
from serai.tasks.text_generation import TASK
from serai.types import CHAT, Call, Model

SETTING = "truncation"
OLDEST = "oldest"

_PICTURE = 4000
"""What a picture is taken to be, in characters; its data says nothing of how many tokens it makes."""

_ANSWER = 4
"""Room for an answer: this part of the context, or what the answer may have if that is less."""

Messages = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Shortened:
    """A call as backends get it, and how many messages it lacks. `allowed` says that it may lose more."""

    call: Call
    allowed: bool
    left_out: int = 0

    def shorter(self, error: ContextExceeded) -> Shortened:
        """Without its oldest turns, so many that it should fit by the error's numbers. System messages stay, and the
        last question with all that follows it. Raises the error where nothing may go, or nothing more can."""
        cut = _cut(self.call, error) if self.allowed else None
        if cut is None:
            if self.left_out:
                error.hint = "All that may be left out was: what is left is one question. Shorten that."
            raise error
        kept, count = cut
        call = replace(self.call, inputs={**self.call.inputs, "messages": kept})
        return Shortened(call, True, self.left_out + count)


def prepared(call: Call, model: Model) -> Shortened:
    """The call for a model, without the setting, which is none of its backends' concern. Raises BadRequest where it
    is asked for what has no turns. Other tasks mean something else by the same word."""
    wanted = call.settings.get(SETTING) if call.task in TASK.calls else None
    if wanted == OLDEST and call.task != CHAT:
        raise BadRequest("Only a chat has turns that could be left out.", field=SETTING)
    allowed = call.task == CHAT and (wanted or model.settings.get(SETTING)) == OLDEST
    if wanted:
        rest = {name: value for name, value in call.settings.items() if name != SETTING}
        return Shortened(replace(call, model=model.name, settings=rest), allowed)
    return Shortened(call if call.model == model.name else replace(call, model=model.name), allowed)


def _cut(call: Call, error: ContextExceeded) -> tuple[list[Mapping[str, Any]], int] | None:
    """The messages that are kept, and how many are not."""
    messages = call.inputs.get("messages")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        return None
    prompt, context = int(error.facts["prompt_tokens"]), int(error.facts["context_length"])
    room = context - min(int(call.settings.get("max_tokens") or context), context // _ANSWER)
    sizes = [_size(message) for message in messages]
    too_much = (prompt - room) * (sum(sizes) + len(orjson.dumps(call.inputs.get("tools") or []))) / max(1, prompt)
    gone: set[int] = set()
    for turn in _turns(messages)[:-1]:
        if gone and sum(sizes[index] for index in gone) >= too_much:
            break
        gone.update(turn)
    kept = [message for index, message in enumerate(messages) if index not in gone]
    return (kept, len(gone)) if gone else None


def _turns(messages: Messages) -> list[list[int]]:
    """The places of the messages of each turn: a question and what follows it, tools and their results too."""
    turns: list[list[int]] = []
    asked = False
    for index, message in enumerate(messages):
        role = message.get("role")
        if role in ("system", "developer"):
            continue
        if not turns or (role == "user" and not asked):
            turns.append([])
        asked = role == "user"
        turns[-1].append(index)
    return turns


def _size(message: Mapping[str, Any]) -> int:
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = sum(len(str(part.get("text") or "")) if "image_url" not in part else _PICTURE for part in parts)
    return texts + len(str(message.get("tool_calls") or "")) + 16
