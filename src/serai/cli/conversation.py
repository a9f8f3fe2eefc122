"""A chat of the terminal: what was said, with whom and how; it lives here until it is saved as a session."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from serai.types import AUTO

if TYPE_CHECKING:
    from serai.answers import Answer
    from serai.client import Client

NO_VALUE = ("", "none", "null", "default")


@dataclass
class Conversation:
    """The messages of a chat in OpenAI's shape, and the wishes that hold for its next answer."""

    client: Client
    model: str = AUTO
    system: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, str]] = field(default_factory=list)
    last: Answer | None = None

    def ask(self, text: str) -> Generator[str, None, None]:
        """The pieces of the answer. What was stopped half-way is kept as far as it came; a question that could not
        be answered at all is forgotten, so that it can be asked again."""
        asked = [*self.messages, {"role": "user", "content": text}]
        stream = self.client.stream(asked, self.model, system=self.system or None, **self.settings)
        try:
            yield from stream
        finally:
            stream.close()
            self.last = stream.answer
            if self.last.text:
                self.messages = [*asked, {"role": "assistant", "content": self.last.text}]

    def set(self, name: str, value: str) -> None:
        """Sets one generation setting, or takes it back. Raises SeraiError for what does not fit."""
        from serai.tasks import text_generation

        wished = None if value.lower() in NO_VALUE else _read(value)
        checked = text_generation.check({name: wished})
        self.settings.pop(name, None)
        self.settings |= checked

    def reset(self) -> None:
        self.messages = []

    def save(self, title: str) -> dict[str, Any]:
        """Makes a session of it, which the page shows too."""
        title = title or next((m["content"][:60] for m in self.messages), "")
        document = {"serai": "session", "version": 1, "title": title, "system": self.system, "settings": self.settings}
        document |= {"model": None if self.model == AUTO else self.model, "leaf": str(len(self.messages) - 1)}
        return self.client.import_session(document | {"messages": list(self._numbered())})

    def load(self, wanted: str) -> dict[str, Any] | None:
        """Goes on with the session of that id, or with the newest whose title or text has those words."""
        found = self.client.sessions(wanted, limit=1) if not wanted.startswith("ses_") else [{"id": wanted}]
        if not found:
            return None
        opened = self.client.session(found[0]["id"])
        session: dict[str, Any] = opened["session"]
        since = [index + 1 for index, message in enumerate(opened["messages"]) if message["role"] == "reset"]
        self.messages = [
            {"role": message["role"], "content": message["text"]}
            for message in opened["messages"][since[-1] if since else 0 :]
            if message["text"]
        ]
        self.model = session.get("model") or AUTO
        self.system = session.get("system") or ""
        self.settings = dict(session.get("settings") or {})
        return session

    def _numbered(self) -> Iterator[dict[str, Any]]:
        now = time.time()
        for index, message in enumerate(self.messages):
            parent = str(index - 1) if index else None
            said = {"role": message["role"], "text": message["content"]}
            yield {"id": str(index), "parent": parent, "created_at": now, **said}


def _read(value: str) -> Any:
    """`0.2` is a number, `["a"]` a list, and what is no JSON is text."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def statistics(answer: Answer) -> str:
    """The measurements of an answer in one line."""
    usage = answer.usage
    parts = [answer.answerer.model if answer.answerer else answer.model]
    if answer.answerer and answer.answerer.device:
        parts.append(answer.answerer.device)
    if usage.tokens_per_second:
        parts.append(f"{usage.tokens_per_second:.1f} tokens/s")
    if usage.first_token_s is not None:
        parts.append(f"first after {usage.first_token_s:.2f} s")
    parts.append(f"{usage.prompt_tokens} tokens read ({usage.cached_tokens} from the cache)")
    parts.append(f"{usage.completion_tokens} written")
    return " · ".join(part for part in parts if part)
