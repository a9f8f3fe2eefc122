"""Which messages of a branch the model reads. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

RESET = "reset"
USER = "user"
ASSISTANT = "assistant"


class Said(Protocol):
    """What this room needs to know of a message."""

    @property
    def role(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def state(self) -> str: ...


def context(branch: Sequence[Said], system: str = "") -> list[dict[str, Any]]:
    """The system prompt and what was said since the last reset, in OpenAI's shape.

    An answer that failed or is empty is left out. Questions that then follow each other become one message, because
    many models' templates refuse two in a row."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system.strip() else []
    for said in _since_reset(branch):
        if said.role == ASSISTANT and (said.state == "failed" or not said.text.strip()):
            continue
        if messages and messages[-1]["role"] == said.role == USER:
            messages[-1]["content"] += "\n\n" + said.text
        else:
            messages.append({"role": said.role, "content": said.text})
    return messages


def _since_reset(branch: Sequence[Said]) -> Sequence[Said]:
    for index in range(len(branch) - 1, -1, -1):
        if branch[index].role == RESET:
            return branch[index + 1 :]
    return branch
