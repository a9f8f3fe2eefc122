"""/v1/batches by the official client."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.fakes import tiny_gguf, waiting
from tests.fakes.store import FakeStore, gguf_model
from tests.unit.api.conftest import until

from serai.batches.lines import Answers
from serai.errors import Busy, ModelCrashed
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import FEATURE_EXTRACTION

CHAT = "/v1/chat/completions"


def line(name: str, body: Any = None, **fields: Any) -> bytes:
    body = {"model": "scripted", "messages": [{"role": "user", "content": name}]} if body is None else body
    return json.dumps({"custom_id": name, "method": "POST", "url": CHAT, "body": body, **fields}).encode() + b"\n"


async def begin(client: Any, *lines: bytes, endpoint: str = CHAT, **fields: Any) -> Any:
    file = await client.files.create(file=("in.jsonl", io.BytesIO(b"".join(lines))), purpose="batch")
    return await client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", **fields)


async def ended(client: Any, batch: str) -> Any:
    async def over() -> bool:
        return (await client.batches.retrieve(batch)).status in ("completed", "failed", "cancelled")

    assert await waiting.until(over, 20)
    return await client.batches.retrieve(batch)


async def answers(client: Any, file: str) -> dict[str, Any]:
    text = (await client.files.content(file)).text
    found = [json.loads(one) for one in text.splitlines()]
    assert len({one["custom_id"] for one in found}) == len(found)
    return {one["custom_id"]: one for one in found}


async def test_every_line_is_answered_and_faults_go_apart(client: Any) -> None:
    asked = [*(line(f"n{number}") for number in range(7)), b"\n", line("bad", {"messages": []})]
    batch = await begin(client, *asked, metadata={"a": "b"})
    assert (batch.object, batch.metadata) == ("batch", {"a": "b"})
    done = await ended(client, batch.id)
    counts = done.request_counts
    assert (done.status, counts.total, counts.completed, counts.failed) == ("completed", 8, 7, 1)
    good, bad = await answers(client, done.output_file_id), await answers(client, done.error_file_id)
    assert set(good) == {f"n{number}" for number in range(7)}
    response = good["n3"]["response"]
    assert response["status_code"] == 200 and good["n3"]["error"] is None
    assert response["body"]["choices"][0]["message"]["content"] == "Hello there"
    assert bad["bad"]["response"]["status_code"] == 400
    assert bad["bad"]["response"]["body"]["error"]["param"] == "messages"
    assert done.completed_at and done.in_progress_at
    file = await client.files.retrieve(done.output_file_id)
    assert file.purpose == "batch_output" and file.filename.endswith(".jsonl")


@pytest.mark.parametrize(
    ("endpoint", "body", "path"),
    [
        ("/v1/completions", {"model": "scripted", "prompt": "x"}, ("choices", 0, "text")),
        ("/v1/responses", {"model": "scripted", "input": "x"}, ("output", 0, "content", 0, "text")),
    ],
)
async def test_other_endpoints_are_answered_too(client: Any, endpoint: str, body: Any, path: tuple[Any, ...]) -> None:
    batch = await begin(client, line("one", body, url=endpoint), endpoint=endpoint)
    done = await ended(client, batch.id)
    found = (await answers(client, done.output_file_id))["one"]["response"]["body"]
    for step in path:
        found = found[step]
    assert found == "Hello there" and done.error_file_id is None


@pytest.mark.parametrize(
    ("lines", "code", "number"),
    [
        ([], "empty_file", None),
        ([line("a"), b"{half\n"], "invalid_json_line", 2),
        ([line("a"), line("a")], "duplicate_custom_id", 2),
        ([line("a", method="GET")], "invalid_method", 1),
        ([line("a", url="/v1/embeddings")], "invalid_url", 1),
        ([line("a", body="x")], "missing_required_parameter", 1),
        ([b"[]\n"], "invalid_request", 1),
    ],
)
async def test_a_file_that_cannot_be_asked_fails_with_the_line(
    client: Any, lines: list[bytes], code: str, number: int | None
) -> None:
    done = await ended(client, (await begin(client, *lines)).id)
    problem = done.errors.data[0]
    assert (done.status, problem.code, problem.line) == ("failed", code, number)
    assert done.output_file_id is None and not client.api.backend.calls


async def test_a_cancelled_batch_keeps_what_was_answered(make_client: Callable[..., Any]) -> None:
    gate = asyncio.Event()
    client = await make_client("Hello", gate)
    batch = await begin(client, *(line(f"n{number}") for number in range(6)))
    await until(lambda: len(client.api.backend.calls) == 2)
    with pytest.raises(openai.ConflictError, match="still reads"):
        await client.files.delete(batch.input_file_id)
    cancelled = await client.batches.cancel(batch.id)
    assert (cancelled.status, cancelled.request_counts.completed) == ("cancelled", 0)
    assert client.api.backend.closed == 2 and client.api.services.router.live() == []
    with pytest.raises(openai.ConflictError):
        await client.batches.cancel(batch.id)
    await client.files.delete(batch.input_file_id)


async def test_few_lines_at_once_so_that_others_are_answered(make_client: Callable[..., Any]) -> None:
    gate = asyncio.Event()
    client = await make_client(gate, "Hello")
    batch = await begin(client, *(line(f"n{number}") for number in range(6)))
    await until(lambda: len(client.api.services.router.live()) == 2)
    assert (await client.batches.retrieve(batch.id)).status == "in_progress"
    gate.set()
    assert (await ended(client, batch.id)).request_counts.completed == 6


async def test_a_busy_model_is_asked_again(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run, times = client.api.backend.run, []

    async def busy_first(call: Any) -> Any:
        times.append(call)
        if len(times) == 1:
            raise Busy("Full.", retry_after=0)
        async for delta in run(call):
            yield delta

    monkeypatch.setattr(client.api.backend, "run", busy_first)
    body = {"model": "scripted", "messages": [{"role": "user", "content": "a"}], "serai": {"private": True}}
    done = await ended(client, (await begin(client, line("a", body))).id)
    assert done.request_counts.completed == 1 and [call.wishes.private for call in times] == [True, True]


async def test_a_models_fault_is_that_lines_alone(make_client: Callable[..., Any]) -> None:
    client = await make_client("half", ModelCrashed("It died."))
    done = await ended(client, (await begin(client, line("a"), line("b"))).id)
    assert (done.status, done.request_counts.failed) == ("completed", 2)
    assert (await answers(client, done.error_file_id))["a"]["response"]["status_code"] == 502


async def test_a_restart_goes_on_and_does_no_line_twice(make_client: Callable[..., Any]) -> None:
    """The job is interrupted after some lines, with half a line at the end of the file, and begun by another."""
    client = await make_client("Hello")
    services = client.api.services
    await services.jobs.stop()
    batch = await begin(client, *(line(f"n{number}") for number in range(6)))
    row = await services.batches.get("owner", batch.id)
    first = b"".join(
        json.dumps({"id": f"{batch.id}_{number}", "custom_id": f"n{number - 1}", "response": {}}).encode() + b"\n"
        for number in (2, 1)
    )
    services.uploads.path(row.output).write_bytes(first + b'{"id": "' + batch.id.encode() + b'_3", "cus')
    await services.jobs.start()
    done = await ended(client, batch.id)
    found = await answers(client, done.output_file_id)
    assert set(found) == {f"n{number}" for number in range(6)}
    assert sorted(call.inputs["messages"][0]["content"] for call in client.api.backend.calls) == [
        "n2",
        "n3",
        "n4",
        "n5",
    ]
    assert done.request_counts.completed == 6


async def test_a_batch_whose_job_was_never_made_begins_at_the_next_start(client: Any) -> None:
    services = client.api.services
    batch = await begin(client, line("a"))
    await ended(client, batch.id)
    await services.db.write(
        lambda c: c.exec_driver_sql(
            "UPDATE batches SET job = NULL, state = 'validating', output = 'file_new', errors = 'file_newer'"
        )
    )
    await services.batches.tidy()
    assert (await ended(client, batch.id)).status == "completed"


async def test_batches_are_listed_and_belong_to_their_asker(make_client: Callable[..., Any]) -> None:
    client = await make_client(server_host="0.0.0.0")
    one, other = [client.with_options(api_key=await client.api.key("infer")) for _ in range(2)]
    ids = [(await begin(one, line("a"))).id for _ in range(3)]
    assert [batch.id async for batch in one.batches.list(limit=2)] == ids[::-1]
    assert [batch.id async for batch in other.batches.list()] == []
    for use in (other.batches.retrieve, other.batches.cancel):
        with pytest.raises(openai.NotFoundError):
            await use(ids[0])
    for batch in ids:
        await ended(one, batch)


@pytest.mark.parametrize(
    ("fields", "param"),
    [({"endpoint": "/v1/images/generations"}, "endpoint"), ({"completion_window": "1h"}, "completion_window")],
)
async def test_what_cannot_be_honoured_is_refused_by_name(client: Any, fields: Any, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.batches.create(**{"input_file_id": "x", "endpoint": CHAT, "completion_window": "24h", **fields})
    assert refused.value.param == param


async def test_a_file_for_something_else_is_refused(client: Any) -> None:
    file = await client.files.create(file=("a", io.BytesIO(line("a"))), purpose="user_data")
    with pytest.raises(openai.BadRequestError, match="purpose"):
        await client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")


async def test_a_full_disk_stops_a_batch_until_it_is_resumed(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add = Answers.add

    def full(self: Any, batch: str, line: Any, answer: Any) -> None:
        if len(self.done) >= 2:
            raise OSError(28, "No space left on device")
        add(self, batch, line, answer)

    monkeypatch.setattr(Answers, "add", full)
    batch = await begin(client, *(line(f"n{number}") for number in range(6)))
    failed = await ended(client, batch.id)
    assert failed.status == "failed" and "disk is full" in failed.errors.data[0].message
    monkeypatch.setattr(Answers, "add", add)
    await client.api.services.jobs.resume((await client.api.services.batches.get("owner", batch.id)).job)
    done = await until_completed(client, batch.id)
    assert len(await answers(client, done.output_file_id)) == 6


async def until_completed(client: Any, batch: str) -> Any:
    async def over() -> bool:
        return (await client.batches.retrieve(batch)).status == "completed"

    assert await waiting.until(over, 20)
    return await client.batches.retrieve(batch)


@pytest.mark.engine
async def test_a_real_batch_of_embeddings_and_bad_lines(
    client: Any, make_pool: Callable[..., Pool], tmp_path: Path
) -> None:
    model = gguf_model(tiny_gguf.write(tmp_path / "e.gguf", pooling=1), "embeds", task=FEATURE_EXTRACTION)
    client.api.services.router.backends.append(LocalBackend(FakeStore(model), make_pool()))
    bodies = [
        {"model": "embeds", "input": "the cat"},
        {"model": "embeds", "input": []},
        {"model": "none", "input": "x"},
    ]
    asked = [line(f"n{number}", body, url="/v1/embeddings") for number, body in enumerate(bodies)]
    done = await ended(client, (await begin(client, *asked, endpoint="/v1/embeddings")).id)
    good, bad = await answers(client, done.output_file_id), await answers(client, done.error_file_id)
    assert len(good["n0"]["response"]["body"]["data"][0]["embedding"]) == 64
    assert [bad[name]["response"]["status_code"] for name in ("n1", "n2")] == [400, 404]
