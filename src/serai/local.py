"""`serai.load(name)`: a model in a program's own hands, without a server.

The model runs in a process of its own, as it does under the server; the two share the list of models and the settings
of SERAI_HOME, and may run side by side."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self, TypeVar

from serai import loading, settings
from serai.backend import collect
from serai.monitor.report import By, question, report
from serai.services import Services
from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_GENERATION, Call, Delta, Model, Result
from serai.wiring import build

T = TypeVar("T")
Messages = str | Sequence[Mapping[str, Any]]


class LocalModel:
    """A loaded model. Made by `load`; leaving a `with` block unloads it."""

    def __init__(self, house: _House, model: Model) -> None:
        self._house = house
        self._model = model

    @property
    def name(self) -> str:
        return self._model.name

    def generate(self, prompt: str, **settings: Any) -> Result:
        """Goes on with a text. Raises a SeraiError when it cannot."""
        return self._house.wait(self._answer(self._call(TEXT_GENERATION, {"inputs": prompt}, settings)))

    def chat(self, messages: Messages, **settings: Any) -> Result:
        """Answers a message, or a list of them in OpenAI's shape. Raises a SeraiError when it cannot."""
        return self._house.wait(self._answer(self._call(CHAT, {"messages": _messages(messages)}, settings)))

    def embed(self, texts: str | Sequence[str]) -> list[list[float]]:
        """A vector of length 1 for each text, in their order. Raises a SeraiError when it cannot."""
        inputs = {"inputs": texts if isinstance(texts, str) else list(texts)}
        vectors: list[list[float]] = self._house.wait(self._answer(self._call(FEATURE_EXTRACTION, inputs, {}))).data
        return vectors

    def stream(self, messages: Messages, callback: Callable[[str], object], **settings: Any) -> Result:
        """Answers like `chat`, giving each piece of text to `callback` in the caller's thread as it comes. The answer
        stops, in the model too, when that returns False (its finish is then `cancelled`) or raises."""
        call = self._call(CHAT, {"messages": _messages(messages)}, settings)
        pieces: SimpleQueue[str | None] = SimpleQueue()
        answer = self._house.start(self._answer(call, pieces.put))
        try:
            while (piece := pieces.get()) is not None:
                if callback(piece) is False:
                    self._house.cancel(call)
                    break
            return answer.result()
        except BaseException:
            self._house.cancel(call)
            raise

    def info(self) -> dict[str, Any]:
        """The model's facts, and of its process: device and why, memory, context, tokens per second."""
        status = self._house.services.pool.status(self.name)
        return asdict(self._model) | {"state": status.state, "running": status.running and asdict(status.running)}

    def unload(self) -> None:
        """Ends the model's process; all its memory returns. May be called twice."""
        self._house.wait(self._house.services.pool.unload(self.name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unload()

    def _call(self, task: str, inputs: Mapping[str, Any], wanted: Mapping[str, Any]) -> Call:
        return Call(task=task, model=self.name, inputs=inputs, settings=wanted)

    async def _answer(self, call: Call, hear: Callable[[str | None], None] = lambda _piece: None) -> Result:
        """The whole answer; `hear` gets its pieces, and None at the end."""
        try:
            await self._house.services.pool.load(self._model)  # anew and as it was, should its process have died
            return await collect(_overheard(self._house.services.router.run(call), hear))
        finally:
            hear(None)


class _House:
    """Serai's services on a loop in a thread of their own, until the program ends."""

    def __init__(self, file: settings.SettingsFile) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="serai", daemon=True)
        self._thread.start()
        self.services: Services = self.wait(_built(file))
        atexit.register(self._leave)

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of work on the loop. Whoever interrupts the waiting ends the work."""
        future = self.start(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def cancel(self, call: Call) -> None:
        self._loop.call_soon_threadsafe(self.services.router.cancel, call.id)

    def close(self) -> None:
        """Ends the models' processes and everything else."""
        atexit.unregister(self._leave)
        self.wait(self.services.close())
        self._stop()

    def _leave(self) -> None:
        """At the program's end threads can no longer be started, so all but the models' processes is left as a kill
        would leave it, which it is made to bear."""
        self.wait(self.services.pool.close())
        self.wait(self.services.monitor.close())
        self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _live(self) -> None:
        self._loop.run_forever()
        self._loop.close()


_houses: dict[str, _House] = {}
_door = threading.Lock()


def load(name: str, **options: Any) -> LocalModel:
    """Loads a model of this machine by name, or by the path of its file or folder, which is then among the models;
    `options` are those of `serai.loading` (context, device, …). Raises ModelNotFound with the nearest names, or
    LoadFailed with the reason."""
    house = _house()
    model = house.wait(_found(house.services, name))
    model = replace(model, loading={**model.loading, **loading.check(options)})
    house.wait(house.services.pool.load(model))
    return LocalModel(house, model)


def stats(by: By = "model", **asked: Any) -> dict[str, Any]:
    """What calls came to, of this program and of every other Serai of this SERAI_HOME, a server too, which may be some
    seconds behind: `Client.stats` without a server. Raises BadRequest."""
    monitor = (house := _house()).services.monitor
    house.wait(monitor.flush())
    return house.wait(report(monitor.statistics, question(by, **asked)))


def _house() -> _House:
    """One for each SERAI_HOME of this program."""
    file = settings.settings_file()
    with _door:
        if str(file.home) not in _houses:
            _houses[str(file.home)] = _House(file)
        return _houses[str(file.home)]


async def _found(services: Services, name: str) -> Model:
    """A model by its name, else by a path. A folder's path begins like one, as names may hold a slash too."""
    path, models = Path(name).expanduser(), await services.store.models()
    named = any(model.name == name for model in models)
    if named or not (path.is_file() or (path.is_dir() and name.startswith(("/", ".", "~")))):
        return await services.store.find(name)
    known = [model for model in models if model.path == str(path.resolve())]
    return known[0] if known else await services.store.add(path)


async def _built(file: settings.SettingsFile) -> Services:
    return build(file, private=True)


async def _overheard(
    stream: AsyncGenerator[Delta, None], hear: Callable[[str | None], None]
) -> AsyncGenerator[Delta, None]:
    try:
        async for delta in stream:
            if delta.text:
                hear(delta.text)
            yield delta
    finally:
        await stream.aclose()


def _messages(given: Messages) -> list[dict[str, Any]]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return [dict(message) for message in given]
