"""Sessions and messages as rows. Every function works inside the caller's transaction."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from serai.chat.records import RUNNING, Message, Session
from serai.errors import Conflict, NotFound
from serai.storage.tables import messages, pieces, sessions
from serai.types import new_id


def to_session(row: RowMapping) -> Session:
    return Session(**{name: row[name] for name in Session.__dataclass_fields__ if name != "streaming"})


def to_message(row: RowMapping, siblings: Sequence[str] = ()) -> Message:
    names = [name for name in Message.__dataclass_fields__ if name not in ("siblings", "tried")]
    return Message(**{name: row[name] for name in names}, tried=tuple(row["tried"] or ()), siblings=tuple(siblings))


def find_session(c: Connection, person: str, session: str, *, deleted: bool = False) -> Session:
    """The session, if it is this person's; raises NotFound for everybody else's too."""
    query = select(sessions).where(sessions.c.id == session, sessions.c.principal == person)
    query = query.where(sessions.c.deleted_at.is_not(None) if deleted else sessions.c.deleted_at.is_(None))
    row = c.execute(query).mappings().first()
    if row is None:
        raise NotFound("There is no such chat.", hint="It may have been deleted; the list of chats shows what is here.")
    return to_session(row)


def find_message(c: Connection, person: str, message: str, session: str | None = None) -> Message:
    """The message with its siblings, if its session is this person's (and is the one named)."""
    query = (
        select(messages)
        .join(sessions, sessions.c.id == messages.c.session)
        .where(messages.c.id == message, sessions.c.principal == person, sessions.c.deleted_at.is_(None))
    )
    row = c.execute(query).mappings().first()
    if row is None or (session is not None and row["session"] != session):
        raise NotFound("There is no such message in this chat.")
    return to_message(row, siblings_of(c, row["session"], row["parent"]))


def siblings_of(c: Connection, session: str, parent: str | None) -> list[str]:
    same = messages.c.parent.is_(None) if parent is None else messages.c.parent == parent
    query = select(messages.c.id).where(messages.c.session == session, same)
    return list(c.scalars(query.order_by(messages.c.created_at, messages.c.id)))


def has_children(c: Connection, message: Message) -> bool:
    return bool(siblings_of(c, message.session, message.id))


def tree(c: Connection, session: str, *, whole: bool = False) -> dict[str, Message]:
    """Every message of a session by id, oldest first. `whole` adds the pieces of answers that are being written."""
    query = select(messages).where(messages.c.session == session).order_by(messages.c.created_at, messages.c.id)
    rows = list(c.execute(query).mappings())
    families: dict[str | None, list[str]] = {}
    for row in rows:
        families.setdefault(row["parent"], []).append(row["id"])
    found = {row["id"]: to_message(row, families[row["parent"]]) for row in rows}
    if whole:
        for message in [message for message in found.values() if message.state in RUNNING]:
            found[message.id] = replace(message, text=message.text + pieces_of(c, message.id))
    return found


def path(found: Mapping[str, Message], leaf: str | None) -> list[Message]:
    """The branch from the root to `leaf`."""
    branch: list[Message] = []
    while leaf is not None and leaf in found:
        branch.append(found[leaf])
        leaf = found[leaf].parent
    branch.reverse()
    return branch


def newest_leaf(found: Mapping[str, Message], message: str) -> str:
    """The end of the newest branch through a message."""
    newest: dict[str | None, str] = {child.parent: child.id for child in found.values()}
    while message in newest:
        message = newest[message]
    return message


def branch_to(c: Connection, session: str, leaf: str | None) -> list[Message]:
    """The branch that ends in `leaf`, on which something new is to follow; raises NotFound when the leaf is not of
    this session, Conflict while an answer on the branch is still being written."""
    found = tree(c, session)
    if leaf is not None and leaf not in found:
        raise NotFound("There is no such message in this chat.")
    branch = path(found, leaf)
    if running := next((message for message in branch if message.state in RUNNING), None):
        raise Conflict(
            "An answer is still being written on this branch.", hint="Stop it or wait for its end.", answer=running.id
        )
    return branch


def add_message(c: Connection, session: str, role: str, *, parent: str | None, **values: Any) -> Message:
    message = Message(
        id=new_id("msg"), session=session, parent=parent, role=role, **{"created_at": time.time(), **values}
    )
    insert_message(c, message)
    return replace(message, siblings=tuple(siblings_of(c, session, parent)))


def insert_message(c: Connection, message: Message) -> None:
    c.execute(insert(messages).values({k: v for k, v in message.as_dict().items() if k != "siblings"}))


def insert_session(c: Connection, person: str, session: Session) -> None:
    row = {**session.as_dict(), "leaf": session.leaf, "principal": person}
    del row["streaming"]
    c.execute(insert(sessions).values(row))


def change_message(c: Connection, message: str, **values: Any) -> None:
    c.execute(update(messages).where(messages.c.id == message).values(**values))


def change_session(c: Connection, session: str, **values: Any) -> None:
    c.execute(update(sessions).where(sessions.c.id == session).values(**values))


def add_piece(c: Connection, message: str, seq: int, text: str) -> None:
    c.execute(insert(pieces).values(message=message, seq=seq, text=text))


def pieces_of(c: Connection, message: str) -> str:
    return "".join(c.scalars(select(pieces.c.text).where(pieces.c.message == message).order_by(pieces.c.seq)))


def fold(c: Connection, message: str, **values: Any) -> str:
    """Joins an answer's pieces to its text and sets what else is known at its end; returns the whole text."""
    before = c.scalar(select(messages.c.text).where(messages.c.id == message)) or ""
    text = before + pieces_of(c, message)
    change_message(c, message, text=text, **values)
    c.execute(delete(pieces).where(pieces.c.message == message))
    return text


def end_answer(c: Connection, message: str, session: str, **values: Any) -> str:
    """The end of an answer, in one transaction; returns its whole text."""
    change_session(c, session, updated_at=time.time())
    return fold(c, message, **values)


def purge(c: Connection, before: float) -> int:
    """Removes for good what was deleted before that time; returns how many sessions."""
    return c.execute(delete(sessions).where(sessions.c.deleted_at < before)).rowcount


def fold_all(c: Connection) -> int:
    """Ends every answer that a killed server left unfinished; returns how many there were."""
    left = list(c.scalars(select(messages.c.id).where(messages.c.state.in_(RUNNING))))
    for message in left:
        fold(c, message, state="interrupted")
    return len(left)
