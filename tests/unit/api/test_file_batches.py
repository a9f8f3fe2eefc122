"""Batches over files, through the API: begun, cut off, resumed, fetched."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.fakes.scripted import MODEL
from tests.fakes.waiting import until

from serai.batches.files import work
from serai.errors import Busy, ContextExceeded, LoadFailed, Unreachable
from serai.types import Model

ROWS = b"id,question\n1,one\n2,two\n3,three\n"


async def sent(api: Any, content: bytes = ROWS, name: str = "rows.csv") -> str:
    answer = await api.post("/api/v1/batches/files", params={"name": name}, content=content)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]  # type: ignore[no-any-return]


async def begun(api: Any, **wishes: Any) -> str:
    file = wishes.pop("file", None) or await sent(api)
    answer = await api.post("/api/v1/batches", json={"file": file, "model": "scripted", "column": "question", **wishes})
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]  # type: ignore[no-any-return]


async def ended(api: Any, batch: str, *states: str) -> dict[str, Any]:
    async def holds() -> bool:
        return (await api.get(f"/api/v1/batches/{batch}")).json()["state"] in (states or ("done",))

    await until(holds, 15)
    return (await api.get(f"/api/v1/batches/{batch}")).json()  # type: ignore[no-any-return]


async def output(api: Any, batch: str) -> list[dict[str, Any]]:
    answer = await api.get(f"/api/v1/batches/{batch}/output")
    assert answer.status_code == 200, answer.text
    return [orjson.loads(line) for line in answer.content.splitlines()]


async def test_every_row_is_answered_in_order(api: Any) -> None:
    job = await ended(api, batch := await begun(api, settings={"temperature": 0}))
    answers = await output(api, batch)
    assert [(one["row"], one["input"]["id"], one["output"], one["error"]) for one in answers] == [
        (number, str(number), "Hello there", None) for number in (1, 2, 3)
    ]
    assert sorted(call.inputs["messages"][0]["content"] for call in api.backend.calls) == ["one", "three", "two"]
    assert (job["result"]["done"], job["result"]["failed"], job["progress"]["note"]) == (3, 0, "3 of 3 rows")
    assert [one["id"] for one in (await api.get("/api/v1/batches")).json()["jobs"]] == [batch]
    assert not list((api.services.home / "batches").iterdir())


async def test_a_row_that_fails_says_so_and_costs_no_other(api: Any) -> None:
    file = await sent(api, b'{"question": "fine"}\nno json\n{"question": "fine"}\n', "rows.jsonl")
    api.backend.script = ["Hi"]
    run = api.backend.run

    def failing(call: Any) -> Any:
        if len(api.backend.calls) == 1:
            api.backend.script = [ContextExceeded(9000, 4096, "scripted")]
        return run(call)

    api.backend.run = failing
    job = await ended(api, batch := await begun(api, file=file, at_once=1))
    codes = [one["error"] and one["error"]["code"] for one in await output(api, batch)]
    assert codes == [None, "bad_request", "context_length_exceeded"]
    assert job["result"]["failed"] == 2


async def test_what_holds_for_all_rows_ends_the_job_which_can_be_resumed(api: Any) -> None:
    api.backend.script = [LoadFailed("It cannot be loaded.", cause="out_of_memory")]
    job = await ended(api, batch := await begun(api), "failed")
    assert job["error"]["code"] == "load_failed"
    api.backend.script = ["Hi"]
    assert (await api.post(f"/api/v1/batches/{batch}/resume")).status_code == 200
    await ended(api, batch)
    assert [one["output"] for one in await output(api, batch)] == ["Hi"] * 3


@pytest.mark.parametrize("error", [Busy("full", retry_after=0), Unreachable("away")])
async def test_what_passes_is_waited_for(api: Any, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(work.Work.__init__.__kwdefaults__, "first_pause_s", 0.0)
    run = api.backend.run

    def passing(call: Any) -> Any:
        api.backend.script = [error] if len(api.backend.calls) < 2 else ["Hi"]
        return run(call)

    api.backend.run = passing
    await ended(api, batch := await begun(api, at_once=1))
    assert len(api.backend.calls) == 5
    assert [one["error"] for one in await output(api, batch)] == [None] * 3


async def test_paused_it_shows_what_there_is_and_goes_on_where_it_was(api: Any) -> None:
    gate = asyncio.Event()
    run = api.backend.run

    def gated(call: Any) -> Any:
        api.backend.script = ["Hi"] if call.inputs["messages"][0]["content"] == "one" else [gate, "Hi"]
        return run(call)

    api.backend.run = gated
    batch = await begun(api, at_once=1)
    await until(lambda: len(api.backend.calls) == 2)
    assert (await api.post(f"/api/v1/batches/{batch}/pause")).json()["state"] == "paused"
    assert [one["row"] for one in await output(api, batch)] == [1]
    assert (await api.get(f"/api/v1/batches/{batch}/output", params={"whole": True})).status_code == 409
    gate.set()
    await api.post(f"/api/v1/batches/{batch}/resume")
    await ended(api, batch)
    assert [one["row"] for one in await output(api, batch)] == [1, 2, 3]
    asked = [call.inputs["messages"][0]["content"] for call in api.backend.calls]
    assert asked.count("one") == 1


async def test_cancelled_it_keeps_what_was_answered(api: Any) -> None:
    api.backend.script = ["Hi"]
    gate = asyncio.Event()
    batch = await begun(api, at_once=1, limit=2)
    await ended(api, batch)
    api.backend.script = [gate]
    other = await begun(api, at_once=1)
    await until(lambda: len(api.backend.calls) == 3)
    assert (await api.post(f"/api/v1/batches/{other}/cancel")).json()["state"] == "cancelled"
    assert await output(api, other) == []
    assert [one["row"] for one in await output(api, batch)] == [1, 2]


async def test_what_is_wrong_with_all_rows_is_said_at_once(api: Any) -> None:
    file = await sent(api)
    for wishes, words in (
        ({"column": "answer"}, "no column 'answer'"),
        ({"template": "{nothing}"}, "no column 'nothing'"),
        ({"settings": {"temprature": 0}}, "temprature"),
        ({"model": "nobody"}, "nobody"),
        ({"task": "fly"}, "fly"),
        ({"file": "file_x"}, "file_x"),
        ({"data_set": "acme/rows"}, "either a file"),
    ):
        asked = {"file": file, "model": "scripted", "column": "question", **wishes}
        answer = await api.post("/api/v1/batches", json=asked)
        assert 400 <= answer.status_code < 500, wishes
        assert words in answer.text
    assert (await api.get("/api/v1/batches")).json()["jobs"] == []


async def test_a_file_is_bounded_and_must_be_a_table(make_api: Any) -> None:
    api = await make_api(batches_file_mb="1")
    post = lambda name, content: api.post("/api/v1/batches/files", params={"name": name}, content=content)  # noqa: E731
    assert (await post("rows.txt", bytes(1_000_001))).status_code == 413
    assert (await post("rows.docx", b"x")).status_code == 400
    assert list((api.services.home / "uploads").iterdir()) == []


async def test_another_sees_nothing_of_it(make_api: Any) -> None:
    api = await make_api(server_host="0.0.0.0")
    one, other = await api.as_key("infer"), await api.as_key("infer")
    api.headers.update(one)
    batch = await begun(api)
    await ended(api, batch)
    for path in ("", "/output"):
        assert (await api.get(f"/api/v1/batches/{batch}{path}", headers=other)).status_code == 404
    assert (await api.post(f"/api/v1/batches/{batch}/cancel", headers=other)).status_code == 404
    assert (await api.get("/api/v1/batches", headers=other)).json()["jobs"] == []
    asked = {"data_set": "acme/rows", "model": "scripted"}
    assert (await api.post("/api/v1/batches", json=asked)).status_code == 403


async def test_a_model_of_another_kind_is_asked_what_it_was_made_for(api: Any) -> None:
    api.offer(MODEL, Model(name="sorter", task="text-classification"))
    batch = await begun(api, model="sorter")
    await ended(api, batch)
    assert {call.task for call in api.backend.calls} == {"text-classification"}
    assert api.backend.calls[0].inputs == {"inputs": "one"}


async def test_a_data_set_of_the_store_is_read_in_all_its_files(api: Any) -> None:
    snapshot: Path = api.services.home / "hub" / "datasets--acme--rows" / "snapshots" / "c0ffee"
    snapshot.mkdir(parents=True)
    for number in (1, 2):
        (snapshot / f"train-{number}.jsonl").write_text(f'{{"question": "q{number}"}}\n')
    (snapshot / "README.md").write_text("x")
    asked = {"data_set": "acme/rows", "model": "scripted"}
    refused = await api.post("/api/v1/batches", json=asked)
    assert refused.status_code == 400 and "train-1.jsonl" in refused.text
    batch = (await api.post("/api/v1/batches", json={**asked, "files": "train*"})).json()["id"]
    await ended(api, batch)
    assert [one["input"]["question"] for one in await output(api, batch)] == ["q1", "q2"]
    for name in ("../rows", "acme/rows/..", "/etc", "nobody/rows"):
        assert (await api.post("/api/v1/batches", json={**asked, "data_set": name})).status_code == 404


async def test_what_grew_for_a_job_that_is_off_the_list_goes(api: Any) -> None:
    gone, here = api.services.home / "batches" / "job_x", api.services.home / "batches"
    gone.mkdir(parents=True)
    await api.services.file_batches.tidy()
    assert list(here.iterdir()) == []
