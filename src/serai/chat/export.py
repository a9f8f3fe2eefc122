"""A session as a file: Markdown for people, JSON for Serai. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from serai.chat.records import RUNNING, Message, Session
from serai.errors import BadRequest
from serai.types import new_id

Moment = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]


class ExportedMessage(BaseModel):
    """One message of an exported session; `parent` is the id of a message in the same file."""

    model_config = ConfigDict(extra="forbid")

    id: str
    parent: str | None = None
    role: Literal["user", "assistant", "reset"]
    text: str = ""
    state: Literal["done", "stopped", "failed", "interrupted"] = "done"
    model: str | None = None
    answerer: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    tried: list[dict[str, Any]] = []
    error: dict[str, Any] | None = None
    created_at: Moment = 0.0


class Exported(BaseModel):
    """A session with all its branches, as Serai exports it and reads it again."""

    model_config = ConfigDict(extra="forbid")

    serai: Literal["session"] = Field(description="Says what kind of file this is.")
    version: Literal[1] = 1
    title: str = Field("", max_length=1000)
    model: str | None = None
    system: str = ""
    settings: dict[str, Any] = {}
    folder: str | None = None
    created_at: Moment = 0.0
    updated_at: Moment = 0.0
    leaf: str | None = Field(None, description="The last message of the branch that is shown.")
    messages: list[ExportedMessage] = Field([], max_length=100_000)


def pack(session: Session, tree: Mapping[str, Message]) -> Exported:
    """An answer that is still being written is exported as far as it got."""
    named = session.as_dict()
    kept = {name: named[name] for name in Exported.model_fields if name in named}
    return Exported(serai="session", **kept, leaf=session.leaf, messages=[_pack(m) for m in tree.values()])


def _pack(message: Message) -> ExportedMessage:
    shape = {name: value for name, value in message.as_dict().items() if name in ExportedMessage.model_fields}
    if shape["state"] in RUNNING:
        shape["state"] = "interrupted"
    return ExportedMessage.model_validate({**shape, "tried": list(shape["tried"])})


def unpack(exported: Exported) -> tuple[Session, list[Message]]:
    """A new session and its messages under new ids; raises BadRequest when they do not form a tree."""
    if len({message.id for message in exported.messages}) != len(exported.messages):
        raise BadRequest("Two messages in the file have the same id.")
    _check(exported)
    ids = {message.id: new_id("msg") for message in exported.messages}
    now = time.time()
    session = Session(
        id=new_id("ses"),
        **exported.model_dump(include={"title", "model", "system", "settings", "folder"}),
        created_at=exported.created_at or now,
        updated_at=exported.updated_at or now,
        leaf=ids[exported.leaf] if exported.leaf else None,
    )
    return session, [_unpack(message, session.id, ids) for message in exported.messages]


def _unpack(message: ExportedMessage, session: str, ids: Mapping[str, str]) -> Message:
    plain = Message(session=session, **message.model_dump())
    return replace(plain, id=ids[message.id], parent=ids[message.parent] if message.parent else None)


def _check(exported: Exported) -> None:
    parents = {message.id: message.parent for message in exported.messages}
    for named in (exported.leaf, *parents.values()):
        if named is not None and named not in parents:
            raise BadRequest(f"The file speaks of a message {named!r} that is not in it.")
    rooted: set[str] = set()
    for start in parents:
        trail: set[str] = set()
        at: str | None = start
        while at is not None and at not in rooted:
            if at in trail:
                raise BadRequest("The messages in the file follow each other in a circle.")
            trail.add(at)
            at = parents[at]
        rooted |= trail


def markdown(session: Session, branch: Sequence[Message]) -> str:
    """The shown branch for reading."""
    return "\n".join(_lines(session, branch)).strip() + "\n"


def _lines(session: Session, branch: Sequence[Message]) -> Iterable[str]:
    yield f"# {session.title or 'Chat'}\n"
    if session.system:
        yield "\n".join(f"> {line}".rstrip() for line in session.system.splitlines()) + "\n"
    for message in branch:
        if message.role == "reset":
            yield "---\n"
            continue
        who = "You" if message.role == "user" else (message.answerer or {}).get("model") or message.model or "Answer"
        yield f"**{who}**\n\n{message.text}\n"
        if message.state not in ("done", *RUNNING):
            yield f"*({message.state})*\n"
