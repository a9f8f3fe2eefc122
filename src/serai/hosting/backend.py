"""The models of this machine as a Backend: a Call becomes a request to the model's own process."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator, Coroutine, Sequence
from dataclasses import replace
from typing import Any, NoReturn, Protocol

import aiohttp
import orjson

from serai import stream
from serai.errors import BadRequest, Busy, ContextExceeded, Internal, ModelFailed, SeraiError, WrongTask
from serai.hosting import infill, lengths, wire
from serai.hosting.pool import Pool
from serai.hosting.tokens import TOKENIZE
from serai.hosting.worker import Worker
from serai.types import LOCAL, TOKEN_COUNT, Call, Delta, Model

_TOUCH_S = 10.0
_FRESH_S = 0.1


class Store(Protocol):
    """What is needed of `hub.store.Store`."""

    async def models(self) -> Sequence[Model]: ...

    async def find(self, name: str) -> Model: ...

    def touch(self, name: str) -> Coroutine[Any, Any, None]: ...


class LocalBackend:
    """One local engine over the pool of its models' processes."""

    def __init__(self, store: Store, pool: Pool, engine: str = "llama.cpp") -> None:
        self.name = engine
        self.place = LOCAL
        self._store = store
        self._pool = pool
        self._stored: Sequence[Model] = ()
        self._own: Sequence[Model] = ()
        self._listed: dict[str, Model] = {}
        self._listed_at = 0.0
        self._touched: dict[str, float] = {}
        self._notes: set[asyncio.Task[None]] = set()

    async def models(self) -> Sequence[Model]:
        stored = await self._store.models()
        if stored is not self._stored:
            self._stored = stored
            self._own = [model for model in stored if model.engine == self.name]
            self._listed = {model.name: model for model in self._own}
        self._listed_at = time.monotonic()
        return self._own

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        model = await self._find(call.model)
        if call.loading:
            model = await self._pool.wished(model, call.loading)
        request = wire.encode(call, _as_loaded(model, self._pool.held(model.name)))
        self._touch(model.name)
        try:
            async with contextlib.aclosing(self._once(model, call, request)) as source:
                async for delta in source:
                    yield delta
        except aiohttp.ClientConnectorError:  # the process was dead before it heard of the call: start it anew, once
            async with contextlib.aclosing(self._once(model, call, request, again=True)) as source:
                async for delta in source:
                    yield delta

    async def _once(
        self, model: Model, call: Call, request: bytes, *, again: bool = False
    ) -> AsyncGenerator[Delta, None]:
        """One try. Raises ClientConnectorError for a process that had died unnoticed, unless it is tried `again`."""
        async with self._pool.lease(model) as worker, _place(worker, call):
            if worker.model.loading != model.loading:
                request = wire.encode(call, _as_loaded(model, worker.model))
            lengths.check(call, worker.context, worker.answerer.model)
            if infill.needed(call, self.name):
                request = wire.encode(await infill.joined(call, worker.process), _as_loaded(model, worker.model))
            ask = self._stream if wire.is_stream(call) else self._whole
            source = ask(worker, call, request)
            written = 0
            try:
                async for delta in source:
                    written += 1
                    worker.tokens += 1
                    if delta.usage is not None:
                        worker.note_usage(delta.usage, written)
                    yield delta
            except aiohttp.ClientConnectorError as error:
                if again or worker.unloading or await worker.process.crash() is None:
                    await _broken(worker, error)
                raise
            except (aiohttp.ClientError, OSError, stream.CutShort) as error:
                await _broken(worker, error)
            finally:
                await source.aclose()

    async def close(self) -> None:
        """Ends the notes it keeps; the processes belong to the pool."""
        for note in list(self._notes):
            note.cancel()
        await asyncio.gather(*self._notes, return_exceptions=True)

    async def _stream(self, worker: Worker, call: Call, request: bytes) -> AsyncGenerator[Delta, None]:
        most = int({**worker.model.settings, **call.settings}.get("top_logprobs") or 0)
        response = await worker.process.post(wire.path(call), request)
        try:
            if response.status != 200:
                raise _refused(response.status, await response.read(), worker.answerer.model)
            async with contextlib.aclosing(stream.deltas(response.content.iter_any(), worker.answerer)) as deltas:
                async for delta in deltas:
                    yield wire.trim(delta, most) if delta.logprobs else delta
        finally:
            response.close()  # also the connection, which is what stops the engine

    async def _whole(self, worker: Worker, call: Call, request: bytes) -> AsyncGenerator[Delta, None]:
        response = await worker.process.post(wire.path(call), request)
        try:
            answer = await response.read()
            if response.status == 404 and call.task == TOKEN_COUNT:
                raise WrongTask(f"What runs {worker.answerer.model} does not count tokens.", task=call.task)
            if response.status != 200:
                raise _too_long(answer, worker) or _refused(response.status, answer, worker.answerer.model)
            delta = wire.whole(call, orjson.loads(answer))
        except orjson.JSONDecodeError as error:
            raise ModelFailed("The model sent something that is not JSON.") from error
        finally:
            response.close()
        delta.answerer = worker.answerer
        yield delta

    async def _find(self, name: str) -> Model:
        """The model as it was listed just now, which the router does before every call, else from the store."""
        if name in self._listed and time.monotonic() - self._listed_at < _FRESH_S:
            return self._listed[name]
        return await self._store.find(name)

    def _touch(self, name: str) -> None:
        """Notes the use of a model without making the call wait; at most every few seconds."""
        now = time.monotonic()
        if now - self._touched.get(name, -_TOUCH_S) >= _TOUCH_S:
            self._touched[name] = now
            note = asyncio.create_task(self._store.touch(name))
            self._notes.add(note)
            note.add_done_callback(self._notes.discard)


def _place(worker: Worker, call: Call) -> contextlib.AbstractAsyncContextManager[None]:
    """One of the model's places; counting needs none."""
    return contextlib.nullcontext() if call.task in (TOKEN_COUNT, TOKENIZE) else worker.place(call)


def _as_loaded(model: Model, held: Model | None) -> Model:
    """The model with what it was loaded with: its adapters stand in a call by the numbers that they have there."""
    return model if held is None or held.loading == model.loading else replace(model, loading=held.loading)


async def _broken(worker: Worker, error: Exception) -> NoReturn:
    """The connection broke in the middle of a call: says whose fault it was."""
    name = worker.answerer.model
    if worker.unloading:
        raise ModelFailed(f"{name} was unloaded while it was answering.", hint="Ask again.") from error
    if (crash := await worker.process.crash()) is not None:
        raise crash from error
    if isinstance(error, ModelFailed):
        raise error
    raise ModelFailed(f"The connection to the process of {name} broke.", hint="Try again.") from error


def _too_long(answer: bytes, worker: Worker) -> ContextExceeded | None:
    """llama.cpp has no type for a text that is too long to embed, only these words."""
    found = re.search(rb"input \((\d+) tokens\) is too large", answer)
    return ContextExceeded(int(found[1]), worker.context, worker.answerer.model) if found else None


def _refused(status: int, body: bytes, model: str) -> SeraiError:
    """The engine's own refusal as one of ours."""
    problem: Any = {}
    with contextlib.suppress(ValueError):
        problem = orjson.loads(body).get("error", {})
    if not isinstance(problem, dict):
        problem = {"message": str(problem)}
    if problem.get("type") == "exceed_context_size_error":
        return ContextExceeded(int(problem["n_prompt_tokens"]), int(problem["n_ctx"]), model)
    message = str(problem.get("message") or f"The model's process answered with status {status}.")
    if status == 400:
        return BadRequest(f"{model} refused the request: {message}")
    if status == 503:
        return Busy(f"{model} cannot take more calls now: {message}", retry_after=5)
    if status in {401, 403, 404}:
        return Internal(f"{model}'s process does not serve this call: {message}")
    return ModelFailed(f"{model} failed: {message}")
