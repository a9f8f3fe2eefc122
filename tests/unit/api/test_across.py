"""What must be the same in every dialect."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from tests.fakes import tiny_gguf
from tests.fakes.store import FakeStore, gguf_model
from tests.unit.api.across import DIALECTS, Dialect
from tests.unit.api.conftest import Api

from serai.errors import Busy
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool

every_dialect = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
PIECES = [
    "\U0001f469",
    "\u200d",
    "\U0001f4bb",
    "\u0645\u06cc\u200c",
    "\u062e\u0648",
    "e",
    "\u0301",
    "\u0938\u094d",
    "\u0924\u0947",
]
"""Pieces of signs that are several characters: a model's tokens end anywhere, but never inside a character."""


@every_dialect
async def test_signs_of_several_characters_arrive_whole(make_server: Any, dialect: Dialect) -> None:
    api = await make_server(*PIECES)
    body = dialect.body("scripted", "hi", stream=True, max_tokens=100)
    streamed = (await api.post(dialect.path, json=body)).content.decode("utf-8", "strict")
    whole = (await api.post(dialect.path, json={**body, "stream": False})).json()
    assert "".join(dialect.streamed(streamed)) == dialect.whole(whole) == "".join(PIECES)


@every_dialect
@pytest.mark.parametrize("stream", [False, True])
async def test_a_full_queue_says_when_to_come_again(make_server: Any, dialect: Dialect, stream: bool) -> None:
    api = await make_server(Busy("Full.", retry_after=7))
    response = await api.post(dialect.path, json=dialect.body("scripted", "hi", stream=stream, max_tokens=5))
    assert (response.status_code, response.headers["retry-after"]) in [(503, "7"), (529, "7")]


@every_dialect
async def test_a_requests_id_goes_through(make_server: Any, dialect: Dialect) -> None:
    api = await make_server()
    headers = {"x-request-id": "mine-1"}
    response = await api.post(dialect.path, json={}, headers=headers)
    assert (response.headers["x-request-id"], response.status_code) == (
        "mine-1",
        422 if "ollama" in dialect.path else response.status_code,
    )
    assert "mine-1" in response.text


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, '"><script>'])
async def test_an_id_that_is_unfit_is_replaced(make_server: Any, given: str) -> None:
    api = await make_server()
    assert (await api.get("/health", headers={"x-request-id": given})).headers["x-request-id"].startswith("req_")


@pytest_asyncio.fixture
async def real(make_server: Any, make_pool: Callable[..., Pool], tmp_path: Path) -> Any:
    """With a real model that writes any bytes, and does so for a long time."""
    model = gguf_model(tiny_gguf.write(tmp_path / "tiny.gguf", context=32_768))
    api = await make_server()
    api.pool, api.model = make_pool(context=32_768, parallel=1), model
    api.services.router.backends.append(LocalBackend(FakeStore(model), api.pool))
    return api


async def answer(api: Api, dialect: Dialect, *, stream: bool = False, **wished: Any) -> Any:
    body = dialect.body("tiny", "hi", stream=stream, **{"temperature": 0.9, "seed": 5, "max_tokens": 60, **wished})
    response = await api.post(dialect.path, json=body)
    assert response.status_code == 200, response.text
    return dialect.streamed(response.text) if stream else response.json()


@pytest.mark.engine
async def test_the_same_seed_gives_the_same_text_everywhere(real: Any) -> None:
    texts = {DIALECTS["openai"].whole(await answer(real, DIALECTS["openai"]))}
    for dialect in DIALECTS.values():
        texts.add(dialect.whole(await answer(real, dialect)))
        texts.add("".join(await answer(real, dialect, stream=True)))
    assert len(texts) == 1
    assert len(texts.pop().encode()) > 20


@pytest.mark.engine
@every_dialect
async def test_no_part_of_a_stop_text_leaks(real: Any, dialect: Dialect) -> None:
    if dialect.path == "/v1/responses":
        pytest.skip("responses have no stop texts")
    text = dialect.whole(await answer(real, dialect, stop=["\x01\x02"]))
    stops = re.findall("(?<=[!-~])[!-~]{4}", text)[:3]  # of four tokens each
    assert stops
    for stop in stops:
        pieces = await answer(real, dialect, stream=True, stop=[stop])
        assert "".join(pieces) == text[: text.index(stop)]


@pytest.mark.engine
async def test_tokens_are_counted_alike(real: Any) -> None:
    counted = await real.post(
        "/v1/messages/count_tokens", json={"model": "tiny", "messages": [{"role": "user", "content": "hi"}]}
    )
    for dialect in DIALECTS.values():
        found = await answer(real, dialect, max_tokens=7)
        assert (dialect.prompt(found), dialect.written(found)) == (counted.json()["input_tokens"], 7)


@pytest.mark.engine
@every_dialect
@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_goes_stops_the_model(real: Any, dialect: Dialect, stream: bool) -> None:
    """The engine itself says so, by its slots."""
    await answer(real, dialect, max_tokens=1)
    async with real.pool.lease(real.model) as worker:

        async def at_work() -> bool:
            return any(slot["is_processing"] for slot in await worker.process.get("/slots"))

        reader, writer = await asyncio.open_connection("127.0.0.1", real.base_url.port)
        body = orjson.dumps(dialect.body("tiny", "hi", stream=stream, temperature=0, max_tokens=30_000))
        writer.write(f"POST {dialect.path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n".encode())
        writer.write(body)
        try:
            await reached(at_work, True)
        except TimeoutError:
            pytest.fail(f"the engine never began; the answer was {await asyncio.wait_for(reader.read(2000), 1)!r}")
        finally:
            writer.close()
        began = time.monotonic()
        await reached(at_work, False)
        print(f"stopped after {(time.monotonic() - began) * 1000:.1f} ms")
    assert real.services.router.live() == []


async def reached(state: Callable[[], Any], wanted: bool) -> None:
    async with asyncio.timeout(30):
        while await state() is not wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
