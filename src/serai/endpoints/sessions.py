"""Chats that Serai keeps: sessions, and their questions and answers, the turns."""

from __future__ import annotations

from typing import Any

from serai.endpoints._request import NATIVE, Json, Request, as_it_is, given, nothing, pick, segment

SESSIONS = f"{NATIVE}/sessions"


def sessions(q: str = "", *, limit: int = 50, folder: str | None = None) -> Request[list[Json]]:
    """The newest sessions, of a folder or of all, or those whose title or text has `q`."""
    params = {**given(q=q or None, folder=folder), "limit": limit}
    return Request("GET", SESSIONS, pick("sessions"), params=params)


def session(session_id: str) -> Request[Json]:
    """A session with the messages of its shown branch: `{"session", "messages"}`."""
    return Request("GET", _of(session_id), dict)


def create_session(
    title: str = "",
    *,
    model: str | None = None,
    system: str = "",
    settings: Json | None = None,
    folder: str | None = None,
) -> Request[Json]:
    """A new, empty session; without a title, it gets one from its first message."""
    return Request(
        "POST", SESSIONS, dict, given(title=title, model=model, system=system, settings=settings, folder=folder)
    )


def change_session(session_id: str, **changes: Any) -> Request[Json]:
    """Changes `title`, `model`, `system`, `settings`, `folder` or `pinned`; what is not named stays."""
    return Request("PATCH", _of(session_id), dict, changes)


def delete_session(session_id: str) -> Request[None]:
    """Stops what is written in it and deletes it; `restore_session` undoes that."""
    return Request("DELETE", _of(session_id), nothing)


def restore_session(session_id: str) -> Request[Json]:
    """Undoes a deletion."""
    return Request("POST", f"{_of(session_id)}/restore", dict)


def export_session(session_id: str) -> Request[Json]:
    """A session as Serai's JSON, which `import_session` reads."""
    return Request("GET", f"{_of(session_id)}/export", dict, params={"format": "json"})


def export_markdown(session_id: str) -> Request[str]:
    """The shown branch of a session as Markdown."""
    return Request("GET", f"{_of(session_id)}/export", str, params={"format": "markdown"}, plain=True)


def import_session(document: Json) -> Request[Json]:
    """Makes a session of Serai's JSON."""
    return Request("POST", f"{SESSIONS}/import", dict, document)


def ask(session_id: str, text: str, *, model: str | None = None, **where: str | None) -> Request[Json]:
    """Adds a question and begins its answer: `{"question", "answer"}`; `read` reads along. `parent` is the message
    that it follows: left out, the last one shown; None, a new beginning."""
    body = {"text": text, **given(model=model), **where}
    return Request("POST", f"{_of(session_id)}/messages", dict, body)


def regenerate(session_id: str, message_id: str, *, model: str | None = None) -> Request[Json]:
    """Begins another answer beside that one, and returns it."""
    return Request("POST", f"{_of(session_id, message_id)}/regenerate", _answer, given(model=model))


def proceed(session_id: str, message_id: str) -> Request[Json]:
    """Goes on with an answer that was stopped or cut off, and returns it."""
    return Request("POST", f"{_of(session_id, message_id)}/continue", _answer)


def stop(session_id: str, message_id: str) -> Request[Json]:
    """Ends an answer and returns it with all that was written."""
    return Request("POST", f"{_of(session_id, message_id)}/stop", dict)


def select_branch(session_id: str, message_id: str) -> Request[Json]:
    """Shows the newest branch through that message: `{"session", "messages"}`."""
    return Request("POST", f"{_of(session_id)}/select", dict, {"message": message_id})


def reset_context(session_id: str) -> Request[Json]:
    """The context starts anew from here; the history stays."""
    return Request("POST", f"{_of(session_id)}/reset", dict)


def reading(message_id: str, after: int = 0) -> Request[Any]:
    """The stream of an answer from the piece that follows the one with that number."""
    path = f"{NATIVE}/messages/{segment(message_id)}/stream"
    return Request("GET", path, as_it_is, params={"after": after}, slow=True)


def _of(session_id: str, message_id: str | None = None) -> str:
    path = f"{SESSIONS}/{segment(session_id)}"
    return path if message_id is None else f"{path}/messages/{segment(message_id)}"


def _answer(body: Json) -> Json:
    return dict(body["answer"])
