"""What a chat is made of: Session and Message, as every edge shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from serai.types import OWNER

Role = Literal["user", "assistant", "reset"]
State = Literal["done", "waiting", "streaming", "stopped", "failed", "interrupted"]

RUNNING: Final[frozenset[str]] = frozenset({"waiting", "streaming"})
"""States of an answer that is still being written; it waits while its model loads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A chat. `private`: it never leaves this machine. `streaming`: an answer in it is being written."""

    id: str
    title: str = ""
    model: str | None = None
    system: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    folder: str | None = None
    pinned: bool = False
    private: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0
    streaming: bool = False
    leaf: str | None = None
    principal: str = OWNER.id

    def as_dict(self) -> dict[str, Any]:
        """The shape of the API, where the leaf follows from the messages, and whose it is from who asks."""
        shape = asdict(self)
        del shape["leaf"], shape["principal"]
        return shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One node of a session's tree. While the answer is written, `text` is what it had before: the pieces of its
    stream come after it. `siblings` are the versions of this turn by time, itself included."""

    id: str
    session: str
    parent: str | None
    role: str
    text: str = ""
    state: str = "done"
    model: str | None = None
    answerer: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] | None = None
    tried: Sequence[Mapping[str, Any]] = ()
    error: Mapping[str, Any] | None = None
    siblings: Sequence[str] = ()
    created_at: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
