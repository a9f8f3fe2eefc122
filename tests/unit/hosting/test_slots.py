"""What a model has read outlives it; whatever goes wrong costs only time."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from serai.hosting import slots as slots_module
from serai.hosting.llama import LlamaProcess
from serai.hosting.slots import Slots
from serai.registry import Launch

pytestmark = pytest.mark.engine
PROMPT = "the cat sat on the mat " * 8


@pytest_asyncio.fixture
async def start(tiny: Path, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    made: list[LlamaProcess] = []

    async def one(limit: int = 1 << 30, **fields: Any) -> LlamaProcess:
        launch = Launch(
            "llama.cpp", "tiny", str(tiny), **{"context": 512, "parallel": 2, "parent": os.getpid(), **fields}
        )
        made.append(LlamaProcess(launch, environ={}, slots=Slots(tmp_path / "kept", limit)))
        await made[-1].start(30)
        return made[-1]

    yield one
    for process in made:
        await process.stop()


async def cached(process: LlamaProcess, prompt: str = PROMPT) -> int:
    """How many tokens of the prompt it had not to read."""
    body = {"prompt": prompt, "n_predict": 1, "temperature": 0}
    async with await process.post("/completion", orjson.dumps(body)) as response:
        return int(orjson.loads(await response.read())["timings"]["cache_n"])


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "kept").glob("*/*"))


async def test_a_chat_goes_on_after_the_model_was_unloaded(start: Callable[..., Any], tmp_path: Path) -> None:
    first = await start()
    assert await cached(first) == 0
    await first.stop()
    (file,) = kept(tmp_path)
    assert file.stat().st_mode & 0o077 == 0 and file.parent.stat().st_mode & 0o077 == 0
    assert await cached(await start()) > 40


async def test_another_context_or_type_of_cache_is_another_cache(start: Callable[..., Any]) -> None:
    first = await start()
    await cached(first)
    await first.stop()
    assert await cached(await start(kv_type="f32")) == 0


async def test_what_is_damaged_is_deleted_and_the_model_runs(start: Callable[..., Any], tmp_path: Path) -> None:
    first = await start()
    await cached(first)
    await first.stop()
    (file,) = kept(tmp_path)
    file.write_bytes(file.read_bytes()[:-100] + b"x" * 100)
    assert await cached(await start()) == 0 and kept(tmp_path) == []


async def test_what_the_model_does_not_take_is_deleted(start: Callable[..., Any], tmp_path: Path) -> None:
    first = await start()
    await cached(first)
    await first.stop()
    (file,) = kept(tmp_path)
    file.write_bytes(b"no slot at all")
    digest = __import__("hashlib").sha256(b"no slot at all").hexdigest()
    file.rename(file.with_name(f"0.{digest}.bin"))
    assert await cached(await start()) == 0 and kept(tmp_path) == []


async def test_no_more_is_kept_than_is_allowed(start: Callable[..., Any], tmp_path: Path) -> None:
    first = await start(limit=1000)
    await cached(first)
    await first.stop()
    assert kept(tmp_path) == []


async def test_a_model_that_was_killed_keeps_nothing_and_nothing_waits(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    first = await start()
    await cached(first)
    first.kill()
    await first.gone.wait()
    await first.stop()
    assert kept(tmp_path) == []


async def test_a_link_that_a_hostile_model_put_there_is_not_followed(start: Callable[..., Any], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the owner's")
    process = await start()
    for path in ("0.bin", "1.bin"):
        (process.scratch / "slots" / path).symlink_to(secret)
    with pytest.raises(OSError):  # noqa: PT011 - ELOOP, whose class has no name
        slots_module._opened(process.scratch, "0.bin", os.O_RDONLY)
    with pytest.raises(OSError):  # noqa: PT011
        slots_module._opened(process.scratch, "1.bin", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    assert secret.read_text() == "the owner's"
