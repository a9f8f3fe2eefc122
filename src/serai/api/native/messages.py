"""Questions and answers of a session, and the stream of an answer while it is written."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Literal

from fastapi import Header, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from serai.api import envelopes, errors, sse, wishes
from serai.api.deps import PersonDep, PrincipalDep, ServicesDep
from serai.api.errors import ErrorBody
from serai.api.native.shapes import Answerer, Attempt, In, Name, Out, Usage
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.chat.draft import Changed, End, Piece, Shown

routes = router(Scope.CHAT, prefix="/api/v1", tag="messages")


class Message(Out):
    """One node of a session's tree. While it is `waiting` or `streaming`, the pieces of its stream follow `text`."""

    id: str
    session: str
    parent: str | None
    role: Literal["user", "assistant", "reset"]
    text: str
    state: Literal["done", "waiting", "streaming", "stopped", "failed", "interrupted"]
    model: str | None = Field(description="The model that was asked for.")
    answerer: Answerer | None
    usage: Usage | None
    tried: list[Attempt]
    error: ErrorBody | None
    siblings: list[str] = Field(description="The versions of this turn by time, itself included.")
    created_at: float


class Exchange(Out):
    question: Message
    answer: Message


class Answer(Out):
    answer: Message


class Wished(In):
    """How one answer wants to be routed, beside what the headers say."""

    fallback: list[Name] | None = Field(None, max_length=32, description="Models that are asked in turn.")
    serai: dict[str, Any] | None = Field(None, description="As in every dialect: `private`, `prefer`, `max_cost`, …")


class NewMessage(Wished):
    text: Annotated[str, Field(min_length=1, max_length=10_000_000, examples=["How do I load a model?"])]
    model: Name | None = Field(None, description="Answers this message; otherwise the session's model does.")
    parent: Name | None = Field(
        None,
        description="The message this one follows. Left out: the last one shown; another: a branch; null: a new root.",
    )


class Again(Wished):
    model: Name | None = Field(None, description="Another model for this answer.")


@routes.post("/sessions/{session}/messages", status_code=202)
async def ask(
    request: Request, services: ServicesDep, who: PrincipalDep, person: PersonDep, session: str, new: NewMessage
) -> Exchange:
    """Adds a question and begins its answer, whose stream is `/messages/{message}/stream`."""
    where = {"parent": new.parent} if "parent" in new.model_fields_set else {}
    how = {**where, **_wished(request, new)}
    question, answer = await services.turns.ask(who, person, session, new.text, model=new.model, **how)
    return Exchange.model_validate({"question": question, "answer": answer})


@routes.post("/sessions/{session}/messages/{message}/regenerate", status_code=202)
async def regenerate(
    request: Request,
    services: ServicesDep,
    who: PrincipalDep,
    person: PersonDep,
    session: str,
    message: str,
    again: Again | None = None,
) -> Answer:
    """Another answer beside this one."""
    how = {"model": again.model if again else None, **_wished(request, again)}
    return Answer.model_validate({"answer": await services.turns.regenerate(who, person, session, message, **how)})


@routes.post("/sessions/{session}/messages/{message}/continue", status_code=202)
async def proceed(
    request: Request, services: ServicesDep, who: PrincipalDep, person: PersonDep, session: str, message: str
) -> Answer:
    """Goes on with an answer that was stopped, interrupted or cut off."""
    how = _wished(request, None)
    return Answer.model_validate({"answer": await services.turns.proceed(who, person, session, message, **how)})


@routes.post("/sessions/{session}/messages/{message}/stop")
async def stop(services: ServicesDep, person: PersonDep, session: str, message: str) -> Message:
    """Ends an answer and returns it with all that was written."""
    return Message.model_validate(await services.turns.stop(person, session, message))


@routes.get("/messages/{message}/stream", response_class=Response, responses=sse.DESCRIBED)
async def stream(
    services: ServicesDep,
    person: PersonDep,
    message: str,
    after: Annotated[int, Query(ge=0, description="Only what follows the piece with this number.")] = 0,
    last_event_id: Annotated[str, Header(description="The same, as a browser sends it on reconnecting.")] = "",
) -> sse.EventStream:
    """Reads along: events `state` {state, note}, `piece` {seq, text}, and at last `end` with the whole message."""
    if last_event_id.isdecimal():
        after = max(after, int(last_event_id[:15]))
    return sse.EventStream(_events(services.turns.follow(person, message, after)), failed=failed)


def _wished(request: Request, body: Wished | None) -> dict[str, Any]:
    if body is not None:
        wishes.heard(request, body.model_dump(include={"fallback", "serai"}))
    said = wishes.asked(request)
    return {"wishes": said.wishes, "deadline": said.deadline}


def failed(error: Exception) -> bytes:
    """The last event of a stream that cannot go on."""
    return sse.event("error", envelopes.native(errors.understood(error), ""))


async def _events(shown: AsyncGenerator[Shown, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(shown):
        async for what in shown:
            yield encode(what)


def encode(what: Shown) -> bytes:
    match what:
        case Piece(seq, text):
            return sse.event("piece", {"seq": seq, "text": text}, seq)
        case Changed(state, note):
            return sse.event("state", {"state": state, "note": note})
        case End(message):
            return sse.event("end", message.as_dict())
