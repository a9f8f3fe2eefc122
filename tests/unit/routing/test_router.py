import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import pytest
from tests.fakes.scripted import ScriptedBackend

from serai.backend import collect
from serai.errors import ContextExceeded, ModelCrashed, ModelNotFound, TimedOut, WrongTask
from serai.routing.router import Router
from serai.settings import Settings
from serai.types import CHAT, Call, Delta, Model, Record, Usage

MODELS = [
    Model(name="serai-guide", task="text-generation", source="embedded"),
    Model(name="org/small:Q4_K_M", task="text-generation", added_at=1.0),
    Model(name="bert", task="fill-mask", added_at=2.0),
]


class Recorder:
    """Events and metrics in one, remembering what was told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        self.finished: list[tuple[str, str, str, Usage]] = []

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        self.events.append((topic, data))

    def ended(self, record: Record) -> None:
        self.finished.append((record.model, record.backend, record.status, record.usage))

    def states(self) -> list[str]:
        return [data["state"] for _, data in self.events]


def make(*backends: ScriptedBackend) -> tuple[Router, Recorder]:
    recorder = Recorder()
    return Router(backends or [ScriptedBackend(MODELS)], recorder, [recorder], Settings), recorder


def chat(model: str = "auto", **wishes: Any) -> Call:
    return Call(task=CHAT, model=model, inputs={"messages": [{"role": "user", "content": "hi"}]}, **wishes)


async def start(stream: AsyncGenerator[Delta, None]) -> Delta:
    return await anext(stream)


async def test_auto_is_the_newest_that_can() -> None:
    router, _ = make()
    result = await collect(router.run(chat()))
    assert result.answerer.model == "org/small:Q4_K_M"
    assert result.text == "Hello there"


async def test_every_answer_is_measured_and_counted_once() -> None:
    router, recorder = make()
    result = await collect(router.run(chat()))
    assert 0 <= (result.usage.first_token_s or -1) <= (result.usage.total_s or -1)
    assert [entry[:3] for entry in recorder.finished] == [("org/small:Q4_K_M", "scripted", "done")]
    assert recorder.states() == ["waiting", "streaming", "done"]
    assert router.live() == []


async def test_a_model_that_cannot_chat_is_refused_before_it_runs() -> None:
    backend = ScriptedBackend(MODELS)
    router, _ = make(backend)
    with pytest.raises(WrongTask, match="bert is a fill-mask model"):
        await collect(router.run(chat("bert")))
    assert backend.calls == []


async def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    router, recorder = make()
    with pytest.raises(ModelNotFound) as caught:
        await collect(router.run(chat("org/smal")))
    assert caught.value.facts["nearest"] == ["org/small:Q4_K_M"]
    assert recorder.finished[0][2] == "failed"


async def test_cancel_ends_the_stream_at_its_source() -> None:
    backend = ScriptedBackend(MODELS, ["one", asyncio.Event()])
    router, recorder = make(backend)
    call = chat()
    stream = router.run(call)
    await start(stream)
    asyncio.get_running_loop().call_soon(router.cancel, call.id)
    last = await anext(stream)
    assert last.finish == "cancelled" and last.usage and last.usage.completion_tokens == 1
    assert backend.closed == 1
    assert [delta async for delta in stream] == []
    assert recorder.finished[0][2] == "cancelled"


async def test_cancel_before_the_first_word_still_says_who() -> None:
    router, _ = make(ScriptedBackend(MODELS, [asyncio.Event()]))
    call = chat()
    asyncio.get_running_loop().call_later(0.01, router.cancel, call.id)
    result = await collect(router.run(call))
    assert result.finish == "cancelled" and result.answerer.model == "org/small:Q4_K_M"


async def test_cancelling_the_task_itself_stays_a_cancellation() -> None:
    backend = ScriptedBackend(MODELS, ["one", asyncio.Event()])
    router, recorder = make(backend)
    stream = router.run(chat())
    await anext(stream)
    task = asyncio.create_task(collect(stream))
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert backend.closed == 1 and recorder.finished[0][2] == "cancelled"


async def test_the_deadline_ends_a_call_that_stalls() -> None:
    backend = ScriptedBackend(MODELS, ["one", asyncio.Event()])
    router, _ = make(backend)
    with pytest.raises(TimedOut):
        await collect(router.run(chat(deadline=time.monotonic() + 0.02)))
    assert backend.closed == 1


async def test_a_reader_that_goes_away_stops_the_source() -> None:
    backend = ScriptedBackend(MODELS, ["one", "two"])
    router, recorder = make(backend)
    stream = router.run(chat())
    await start(stream)
    await stream.aclose()
    assert backend.closed == 1 and recorder.finished[0][2] == "cancelled"


async def test_another_backend_answers_when_the_first_fails_before_it_began() -> None:
    broken = ScriptedBackend(MODELS, [ModelCrashed("it died")], name="broken")
    router, _ = make(broken, ScriptedBackend(MODELS, ["fine"]))
    result = await collect(router.run(chat()))
    assert result.text == "fine"
    assert [(attempt.backend, attempt.reason) for attempt in result.tried] == [("broken", "it died")]


async def test_no_other_backend_takes_over_in_the_middle_of_an_answer() -> None:
    broken = ScriptedBackend(MODELS, ["half", ModelCrashed("it died")], name="broken")
    other = ScriptedBackend(MODELS, ["fine"])
    router, _ = make(broken, other)
    with pytest.raises(ModelCrashed):
        await collect(router.run(chat()))
    assert other.calls == []


class Short(ScriptedBackend):
    """Reads four messages at most."""

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        if (count := len(call.inputs["messages"])) > 4:
            raise ContextExceeded(count * 100, 400, call.model)
        async with aclosing(super().run(call)) as stream:
            async for delta in stream:
                yield delta


async def test_a_chat_that_is_too_long_is_shortened_where_that_is_allowed() -> None:
    backend = Short(MODELS)
    router, _ = make(backend)
    messages = [{"role": role, "content": "hello"} for role in ("user", "assistant") * 5]
    call = Call(task=CHAT, model="auto", inputs={"messages": messages}, settings={"truncation": "oldest"})
    result = await collect(router.run(call))
    assert result.text == "Hello there" and result.usage.left_out >= 6
    assert len(backend.calls[0].inputs["messages"]) == 10 - result.usage.left_out
    call.settings = {}
    with pytest.raises(ContextExceeded):
        await collect(router.run(call))
    assert router.live() == []


async def test_whoever_overhears_an_answer_hears_all_of_it_and_is_closed_with_it() -> None:
    heard: list[str] = []
    closed: list[str] = []

    async def overhear(asked: Call, answer: AsyncGenerator[Delta, None]) -> AsyncGenerator[Delta, None]:
        try:
            async with aclosing(answer):
                async for delta in answer:
                    heard.append(delta.text)
                    yield delta
        finally:
            closed.append(asked.id)

    backend, recorder = ScriptedBackend(MODELS), Recorder()
    router = Router([backend], recorder, [recorder], Settings, overhear=overhear)
    first, second = chat(), chat()
    await collect(router.run(first))
    async with aclosing(router.run(second)) as stream:
        await anext(stream)
    assert "".join(heard) == "Hello thereHello"
    assert closed == [first.id, second.id] and backend.closed == 1 and len(recorder.finished) == 2


async def test_queues_are_counted_by_their_backend() -> None:
    backend = ScriptedBackend(MODELS)
    backend.at_once = 1  # type: ignore[attr-defined]
    router, _ = make(backend)
    assert router.care.queues() == {}
    await collect(router.run(chat()))
    assert router.care.queues() == {"scripted": 0.0}


async def test_open_calls_are_counted_by_their_state() -> None:
    gate = asyncio.Event()
    router, _ = make(ScriptedBackend(MODELS, script=["a", gate, "b"]))
    async with aclosing(router.run(chat())) as stream:
        await anext(stream)
        assert router.counts() == {"waiting": 0.0, "streaming": 1.0}
        gate.set()
    assert router.counts() == {"waiting": 0.0, "streaming": 0.0}


async def test_a_call_that_is_stopped_at_its_end_has_one_end() -> None:
    router, _ = make(ScriptedBackend())
    call, ends = chat(), []
    async for delta in router.run(call):
        if delta.finish is not None:
            ends.append(delta.finish)
            router.cancel(call.id)
    assert ends == ["stop"]
