"""A model's process that misbehaves: every fault is an error of ours, in words, and never a hang."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import aclosing

import pytest
from tests.contract.subject import LocalSubject

from serai.backend import collect
from serai.errors import BadRequest, ContextExceeded, LoadFailed, ModelCrashed, ModelFailed

pytestmark = pytest.mark.engine
Make = Callable[..., LocalSubject]


async def test_a_process_that_dies_in_the_middle_is_a_crash(scripted: Make) -> None:
    subject = scripted({"text": "half"}, {"die": signal.SIGKILL})
    stream = subject.backend.run(subject.chat())
    assert (await anext(stream)).text == "half"
    with pytest.raises(ModelCrashed, match="SIGKILL"):
        await anext(stream)


async def test_the_next_call_after_a_crash_starts_the_model_again(scripted: Make, tmp_path: object) -> None:
    subject = scripted({"text": "a"}, {"die": signal.SIGSEGV})
    for _ in range(2):
        with pytest.raises(ModelCrashed, match="SIGSEGV"):
            await collect(subject.backend.run(subject.chat()))


async def test_all_calls_in_a_dying_process_learn_of_it(scripted: Make) -> None:
    subject = scripted({"text": "a"}, {"stall": True})
    streams = [subject.backend.run(subject.chat()) for _ in range(3)]
    for stream in streams:
        await anext(stream)
    subject.pool._entries["tiny"].worker.process.kill()
    ends = await asyncio.gather(*(anext(stream) for stream in streams), return_exceptions=True)
    assert [type(end) for end in ends] == [ModelCrashed] * 3


async def test_unloading_ends_the_calls_in_it_with_the_true_reason(scripted: Make) -> None:
    subject = scripted({"text": "a"}, {"stall": True})
    stream = subject.backend.run(subject.chat())
    await anext(stream)
    rest = asyncio.create_task(anext(stream))
    await subject.pool.unload("tiny")
    with pytest.raises(ModelFailed, match="unloaded"):
        await rest


@pytest.mark.parametrize("text", ["😀 سلام‌دنیا ß", "👩‍👩‍👧", "\u200c", '\\n"quoted"'])
async def test_characters_stay_whole_however_the_bytes_are_cut(scripted: Make, text: str) -> None:
    subject = scripted({"cut": text}, {"text": text})
    deltas = [delta.text async for delta in subject.backend.run(subject.chat())]
    assert deltas == [text, text, ""]


async def test_a_line_of_garbage_is_an_error_in_words(scripted: Make) -> None:
    subject = scripted({"text": "a"}, {"raw": "data: {not json}\n\n"})
    with pytest.raises(ModelFailed, match="not JSON"):
        await collect(subject.backend.run(subject.chat()))


async def test_comments_and_foreign_fields_are_skipped(scripted: Make) -> None:
    subject = scripted({"raw": ": ping\n\nevent: x\nid: 4\nretry: 5\n\n"}, {"text": "a"}, {"raw": 'data: {"x":1}\r\n'})
    assert (await collect(subject.backend.run(subject.chat()))).text == "a"


async def test_a_stream_that_ends_too_soon_is_no_answer(scripted: Make) -> None:
    subject = scripted({"text": "a"}, {"raw": "data: [DONE]\n\n"})
    with pytest.raises(ModelFailed, match="ended before"):
        await collect(subject.backend.run(subject.chat()))


async def test_an_error_in_the_stream_is_raised(scripted: Make) -> None:
    subject = scripted({"text": "a"}, {"error": {"code": 500, "message": "no more cells"}})
    with pytest.raises(ModelFailed, match="no more cells"):
        await collect(subject.backend.run(subject.chat()))


async def test_a_source_that_stalls_is_left_by_closing(scripted: Make) -> None:
    subject = scripted({"text": "a"}, {"stall": True})
    async with aclosing(subject.backend.run(subject.chat())) as stream:
        await anext(stream)
        assert await subject.at_work() == 1
    assert await subject.rests_within(0.5)


async def test_a_prompt_that_is_too_long_is_refused_with_both_numbers(scripted: Make) -> None:
    error = {"type": "exceed_context_size_error", "message": "…", "n_prompt_tokens": 900, "n_ctx": 512}
    subject = scripted({"refuse": 400, "body": {"error": error}})
    with pytest.raises(ContextExceeded) as caught:
        await collect(subject.backend.run(subject.chat()))
    assert caught.value.facts == {"prompt_tokens": 900, "context_length": 512}


@pytest.mark.parametrize(("status", "kind"), [(400, BadRequest), (500, ModelFailed), (502, ModelFailed)])
async def test_other_refusals_keep_the_engines_words(scripted: Make, status: int, kind: type[Exception]) -> None:
    subject = scripted({"refuse": status, "body": {"error": {"message": "bad grammar"}}})
    with pytest.raises(kind, match="bad grammar"):
        await collect(subject.backend.run(subject.chat()))


async def test_more_calls_than_places_wait_in_order_and_leave_at_once(scripted: Make) -> None:
    subject = scripted({"text": "a"}, {"stall": True})
    taken = [subject.backend.run(subject.chat()) for _ in range(4)]
    for stream in taken:
        await anext(stream)
    waiting = asyncio.create_task(anext(subject.backend.run(subject.chat())))
    assert await subject.at_work() == 4
    await taken[0].aclose()
    assert (await waiting).text == "a"
    for stream in taken:
        await stream.aclose()


async def test_a_process_that_ends_while_loading_tells_why(scripted: Make) -> None:
    subject = scripted(load=[{"stderr": "the last words"}, {"exit": 3}])
    with pytest.raises(LoadFailed, match="exit status 3") as caught:
        await collect(subject.backend.run(subject.chat()))
    assert caught.value.cause == "crashed" and caught.value.facts["log"] == ["the last words"]
    assert subject.pool.status("tiny").state == "failed"
