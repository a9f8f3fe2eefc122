import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from serai.hosting.worker import Worker
from serai.registry import Launch
from serai.types import CHAT, Call, Model, Usage

CALL = Call(task=CHAT, model="m", inputs={})


@pytest.fixture
def worker() -> Worker:
    launch = Launch(engine="e", model="m", path="", parallel=2, context=64)
    process: Any = SimpleNamespace(launch=launch, facts={"device": "cpu"}, pid=2**22 + 1, load_s=0.5)
    return Worker(Model(name="m", task="text-generation"), process)


async def test_it_has_as_many_places_as_the_engine_answers_at_once(worker: Worker) -> None:
    async with worker.place(CALL), worker.place(CALL):
        assert worker.streams == 2
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), worker.place(CALL):
                pass
    assert worker.streams == 0


async def test_one_that_leaves_the_queue_takes_no_place(worker: Worker) -> None:
    async with worker.place(CALL), worker.place(CALL):
        waiting = asyncio.create_task(worker.place(CALL).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
    async with asyncio.timeout(1), worker.place(CALL), worker.place(CALL):
        assert worker.streams == 2


def test_the_speed_is_that_of_recent_answers(worker: Worker) -> None:
    assert worker.running(0).tokens_per_second is None
    for speed in (10.0, None, 20.0):
        worker.note_usage(Usage(tokens_per_second=speed), 0)
    assert worker.running(0).tokens_per_second == 15


def test_tokens_that_came_several_at_once_are_counted_at_the_end(worker: Worker) -> None:
    worker.tokens = 3
    worker.note_usage(Usage(completion_tokens=10), counted=3)
    worker.note_usage(Usage(completion_tokens=2), counted=4)
    assert worker.running(0).tokens == 10


def test_what_protects_the_process_and_which_server_it_is_are_told(worker: Worker) -> None:
    worker.process.facts["sandbox"] = {"network": True, "files": True, "memory": False, "how": "Landlock"}
    running = worker.running(0)
    assert (running.sandbox["how"], running.engine) == ("Landlock", worker.process.launch.engine)


def test_a_process_that_is_gone_takes_no_memory(worker: Worker) -> None:
    assert worker.running(0).memory == 0
