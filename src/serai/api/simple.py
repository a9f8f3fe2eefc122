"""The simple chat call: POST /api/chat, and the same over a WebSocket. Its address is Ollama's too."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from serai.answers import revive
from serai.api import envelopes, errors, wishes
from serai.api.away import ClientGone, unless_gone
from serai.api.credentials import KEY_PROTOCOL
from serai.api.deps import person as person_of
from serai.api.deps import principal_of, services_of
from serai.api.native.shapes import Answerer, In, Name, Out, Usage
from serai.api.ollama import asking
from serai.api.ollama import request as ollama
from serai.api.ollama.asking import CHAT_FIELDS
from serai.api.routes import Direct, GuardedWebSocket, router
from serai.api.scopes import Scope, authorise, dialects
from serai.chat.draft import Piece
from serai.chat.records import Message
from serai.errors import BadRequest, SeraiError

routes = router(Scope.INFER, tag="simple", kind=Direct)

Shape = TypeVar("Shape", bound=BaseModel)

FOLDER = "API"
"""Where chats go that a call began without naming a session, so that they don't crowd a person's own."""


_OLLAMAS = frozenset({"messages", "model", "name"})
"""What a body without a `message` begins to be Ollama's with."""


class SimpleMessage(In):
    message: Annotated[str, Field(min_length=1, max_length=10_000_000, examples=["سلام"])]
    session: Name | None = Field(None, description="Goes on with this chat; left out: a new one.")
    model: Name | None = None


class SimpleAnswer(Out):
    text: str
    model: str
    session: str = Field(description="Send it with the next message to go on.")
    latency_s: float
    tokens: int
    usage: Usage
    answerer: Answerer | None


class OllamaAnswer(BaseModel):
    """What Ollama's clients get, who are known by their body. With `stream`, as they have it unless they say
    otherwise, it comes in lines, of which the last is `done`."""

    model_config = ConfigDict(extra="allow")

    model: str
    created_at: str
    message: dict[str, Any]
    done: bool


def _with_wishes(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "properties": schema["properties"] | wishes.PROPERTIES}


_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "oneOf": [
                    _with_wishes(SimpleMessage.model_json_schema()),
                    {
                        "title": "OllamaChat",
                        "type": "object",
                        "required": ["model"],
                        "properties": {name: {"description": text} for name, text in CHAT_FIELDS.items()},
                    },
                ]
            }
        }
    },
}


@routes.post(
    "/api/chat",
    response_model=SimpleAnswer | OllamaAnswer,
    openapi_extra={"requestBody": _BODY},
)
async def chat(request: Request) -> Response:
    """One message, one answer, remembered as a chat. A body with `messages` is a chat of Ollama's clients."""
    asked = await wishes.read(request)
    ollamas = "message" not in asked and not _OLLAMAS.isdisjoint(asked)
    authorise(principal_of(request), Scope.INFER, dialects("ollama" if ollamas else None))
    if ollamas:
        return await asking.respond(request, ollama.chat(asked, principal_of(request)))
    request.scope[envelopes.DIALECT] = "native"
    answer = await _simple_chat(request, _checked(SimpleMessage, asked))
    return Response(answer.model_dump_json(), media_type="application/json")


async def _simple_chat(request: Request, new: SimpleMessage) -> SimpleAnswer:
    services, who = services_of(request), principal_of(request)
    person = person_of(who)
    started = time.monotonic()
    session = new.session or (await services.sessions.create(person, model=new.model, folder=FOLDER)).id
    said = wishes.asked(request)
    _, answer = await services.turns.ask(
        who, person, session, new.message, model=new.model, wishes=said.wishes, deadline=said.deadline
    )
    try:
        message = await unless_gone(request.receive, services.turns.result(person, answer.id))
    except (ClientGone, asyncio.CancelledError):
        await services.turns.stop(person, session, answer.id)
        raise
    return _answer(message, time.monotonic() - started)


def _answer(message: Message, latency_s: float) -> SimpleAnswer:
    if message.error is not None:
        raise revive(message.error)
    usage = Usage.model_validate(message.usage or {})
    model = (message.answerer or {}).get("model") or message.model or ""
    return SimpleAnswer(
        text=message.text,
        model=model,
        session=message.session,
        latency_s=round(latency_s, 4),
        tokens=usage.completion_tokens,
        usage=usage,
        answerer=Answerer.model_validate(message.answerer) if message.answerer else None,
    )


class Say(In):
    type: Annotated[str, Field(pattern="^message$")]
    text: Annotated[str, Field(min_length=1, max_length=10_000_000)]
    session: Name | None = None
    model: Name | None = None


async def converse(socket: WebSocket) -> None:
    """Frames as JSON. In: `message` {text, session?, model?, serai?, fallback?} and `stop`. Out: `start`, `piece`,
    `end`, `error`. An answer that is being written when the connection breaks is written on; its session has it."""
    offered = [protocol for protocol in socket.scope["subprotocols"] if not protocol.startswith(KEY_PROTOCOL)]
    await socket.accept(subprotocol=offered[0] if offered else None)
    await _Conversation(socket).run()


class _Conversation:
    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._services = services_of(socket)
        self._who = principal_of(socket)
        self._person = person_of(self._who)
        self._session: str | None = None
        self._answer: Message | None = None
        self._telling: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            while True:
                await self._frame(await self._socket.receive())
        except WebSocketDisconnect:
            pass
        finally:
            if self._telling is not None:
                self._telling.cancel()
                await asyncio.wait({self._telling})

    async def _frame(self, frame: Any) -> None:
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect
        try:
            await self._take(_parse(frame))
        except Exception as error:
            if not isinstance(error, SeraiError):
                raise
            await self._send(type="error", error=error.as_dict())

    async def _take(self, data: dict[str, Any]) -> None:
        if data.get("type") == "stop":
            if self._answer is not None:
                await self._services.turns.stop(self._person, self._answer.session, self._answer.id)
            return
        said = wishes.Asked(wishes.taken(data), self._socket)
        await self._begin(_checked(Say, data), said)

    async def _begin(self, say: Say, said: wishes.Asked) -> None:
        session = say.session or self._session
        if session is None:
            new = await self._services.sessions.create(self._person, model=say.model, folder=FOLDER)
            session = new.id
        turns = self._services.turns
        _, answer = await turns.ask(
            self._who,
            self._person,
            session,
            say.text,
            model=say.model,
            wishes=said.wishes,
            deadline=said.deadline,
        )
        self._session, self._answer = session, answer
        if self._telling is not None:
            await asyncio.wait({self._telling})
        await self._send(type="start", session=session, message=answer.id)
        self._telling = asyncio.create_task(self._tell(answer.id))

    async def _tell(self, answer: str) -> None:
        async with aclosing(self._services.turns.follow(self._person, answer)) as shown:
            async for what in shown:
                if isinstance(what, Piece):
                    await self._send(type="piece", seq=what.seq, text=what.text)
        message = await self._services.turns.result(self._person, answer)
        await self._send(type="end", message=message.as_dict())

    async def _send(self, **frame: Any) -> None:
        if self._socket.application_state is WebSocketState.CONNECTED:
            await self._socket.send_text(orjson.dumps(frame, default=str).decode())


def _checked(shape: type[Shape], data: dict[str, Any]) -> Shape:
    """The data in that shape; raises what pydantic finds wrong, in words."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        raise errors.invalid([{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]) from error


def _parse(frame: Any) -> dict[str, Any]:
    try:
        data = orjson.loads(frame.get("text") or frame.get("bytes") or b"")
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The frame is not JSON: {error.msg}.") from error
    if not isinstance(data, dict):
        raise BadRequest("A frame must be a JSON object.")
    return data


socket = GuardedWebSocket("/ws/chat", converse, Scope.INFER)
