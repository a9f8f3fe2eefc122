"""The HTTP server inside a model's process: /health, /slots, chats and completions as Server-Sent Events."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from serai.engines._serving import embeddings, wire
from serai.engines._serving import request as requests
from serai.engines._serving.answer import Answer, Piece
from serai.engines._serving.batch import Batch, Decoder
from serai.engines._serving.grammars import Grammars
from serai.engines._serving.prompts import Prompts, Sees
from serai.engines._serving.refused import CannotLoad, Refused, too_long
from serai.engines._serving.vocabulary import Vocabulary
from serai.registry import Launch

_LARGEST = 256 * 1024 * 1024
_CAN = "text-generation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model that is ready: what `load` of an engine returns. `width` is how many numbers the decoder gives for a
    token; `source` says that a prompt is read as a source, and the answer does not go on from it; `embeds` is for
    models that make embeddings instead, `sees` for those that read pictures; `facts` are told to the server besides."""

    vocabulary: Vocabulary
    context: int
    decoder: Decoder | None = None
    width: int = 0
    source: bool = False
    embeds: embeddings.Embeds | None = None
    sees: Sees | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def run(launch: Launch, load: Callable[[], Loaded], report: Callable[[Mapping[str, Any]], None]) -> None:
    """Serves until the process is ended; until `load` is done /health says that it is not ready. Where loading fails,
    reports why and ends the process."""

    def loaded() -> Loaded:
        made = load()
        report(made.facts)
        return made

    try:
        asyncio.run(Server(launch).serve(loaded))
    except CannotLoad as error:
        report({"failed": error.cause, "message": error.message})
        raise SystemExit(1) from None


class Server:
    """`serve` does not return; what `load` raises ends it."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._loaded: Loaded | None = None
        self._batch: Batch | None = None
        self._prompts: Prompts | None = None
        self._grammars: Grammars | None = None
        self._embeddings: embeddings.Embeddings | None = None

    async def serve(self, load: Callable[[], Loaded]) -> None:
        runner = web.AppRunner(self.app(), access_log=None, handler_cancellation=True, shutdown_timeout=0)
        await runner.setup()
        await self._site(runner).start()
        try:
            await self.use(await asyncio.to_thread(load))
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()
            if self._prompts is not None:
                await self._prompts.close()

    async def use(self, loaded: Loaded) -> None:
        """From now on it is ready."""
        self._prompts = Prompts(loaded.vocabulary, loaded.sees)
        self._grammars = Grammars(loaded.vocabulary, loaded.width)
        if loaded.embeds is not None:
            self._embeddings = embeddings.Embeddings(loaded.embeds)
        if loaded.decoder is not None:
            await self._prompts.start()
            self._batch = Batch(loaded.decoder, fatal=lambda _error: os._exit(70))
            self._batch.start()
        self._loaded = loaded

    def app(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST, middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/health", self.health),
                web.get("/slots", self.slots),
                web.post("/v1/chat/completions", self.chat),
                web.post("/v1/completions", self.completion),
                web.post("/v1/chat/completions/input_tokens", self.count_chat),
                web.post("/tokenize", self.count_text),
                web.post("/v1/embeddings", self.embeddings),
            ]
        )
        return app

    def _site(self, runner: web.AppRunner) -> web.BaseSite:
        if self._launch.socket:
            return web.UnixSite(runner, self._launch.socket)
        return web.TCPSite(runner, "127.0.0.1", self._launch.port)

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Only who knows the token of this process is heard; refusals get their body."""
        token = f"Bearer {self._launch.token}"
        try:
            if self._launch.token and not hmac.compare_digest(request.headers.get("authorization", ""), token):
                raise Refused("The token is wrong.", status=401, kind="authentication_error")
            if self._loaded is None and request.path != "/slots":
                raise Refused("The model is loading.", status=503, kind="unavailable_error")
            return await handler(request)
        except Refused as refused:
            return web.json_response(refused.body(), status=refused.status)

    async def health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def slots(self, _request: web.Request) -> web.Response:
        busy = self._batch.busy() if self._batch else []
        return web.json_response([{"id": number, "is_processing": at_work} for number, at_work in enumerate(busy)])

    async def chat(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, chat=True)

    async def completion(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, chat=False)

    async def _answer(self, request: web.Request, *, chat: bool) -> web.StreamResponse:
        """Streams one answer. The handler is cancelled when the caller goes away, and the answer with it."""
        asked = requests.read(await _json(request))
        pieces: asyncio.Queue[Piece] = asyncio.Queue()
        answer = await self._begin(asked, pieces, chat=chat)
        assert self._batch is not None
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        try:
            self._batch.submit(answer)
            await response.prepare(request)
            async for made in _until_finish(pieces):
                if not response.body_length:
                    await response.write(wire.progress(answer))
                await response.write(wire.failure(made.error) if made.error else wire.piece(made, chat=chat))
            await response.write(wire.measurements(answer) + wire.DONE)
        except ConnectionError:
            answer.cancelled = True
        finally:
            answer.cancelled = True
        return response

    async def _begin(self, asked: requests.Request, pieces: asyncio.Queue[Piece], *, chat: bool) -> Answer:
        """The answer, not under way yet. Raises Refused, also where the prompt leaves no room for one."""
        loaded, loop = self._loaded, asyncio.get_running_loop()
        assert loaded is not None and self._prompts is not None and self._grammars is not None
        if loaded.decoder is None:
            raise Refused(f"This model does not do {_CAN}.", status=404)
        prompt = await self._prompts.chat(asked) if chat else await self._prompts.text(asked)
        room = loaded.context + 1 if loaded.source else loaded.context
        if len(prompt.tokens) >= room:
            raise too_long(len(prompt.tokens), loaded.context)
        rule = await asyncio.to_thread(self._grammars.rule, asked.grammar) if asked.grammar else None
        return Answer(
            prompt.extend(asked),
            prompt.tokens,
            loaded.vocabulary,
            room=loaded.context if loaded.source else loaded.context - len(prompt.tokens),
            tell=lambda piece: _tell(loop, pieces, piece),
            rule=rule,
            thinking=prompt.thinking,
            goes_on=not loaded.source,
        )

    async def count_chat(self, request: web.Request) -> web.Response:
        """How many tokens a chat's prompt has."""
        asked = requests.read(await _json(request))
        assert self._prompts is not None
        return web.json_response({"input_tokens": len((await self._prompts.chat(asked)).tokens)})

    async def count_text(self, request: web.Request) -> web.Response:
        """The tokens of a text that is to be gone on from."""
        body = await _json(request)
        assert self._prompts is not None
        prompt = await self._prompts.text(requests.read({"prompt": body.get("content", "")}))
        tokens: list[Any] = prompt.tokens
        if body.get("with_pieces"):
            tokens = [{"id": token, "piece": self._prompts.spell(token)} for token in tokens]
        return web.json_response({"tokens": tokens})

    async def embeddings(self, request: web.Request) -> web.Response:
        """Vectors of one text or a list of texts, in OpenAI's shape."""
        texts = embeddings.texts_of(await _json(request))
        if self._embeddings is None:
            raise Refused("This model does not make embeddings.", status=404)
        vectors, tokens = await self._embeddings.of(texts)
        body = orjson.dumps(embeddings.answer(self._launch.model, vectors, tokens))
        return web.Response(body=body, content_type="application/json")


async def _json(request: web.Request) -> Any:
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise Refused("The request is not JSON.") from error


def _tell(loop: asyncio.AbstractEventLoop, pieces: asyncio.Queue[Piece], piece: Piece) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: the process is ending
        loop.call_soon_threadsafe(pieces.put_nowait, piece)


async def _until_finish(pieces: asyncio.Queue[Piece]) -> AsyncGenerator[Piece, None]:
    while True:
        piece = await pieces.get()
        yield piece
        if piece.finish or piece.error:
            return
