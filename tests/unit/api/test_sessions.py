from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.unit.api.conftest import Api, events, until

from serai.errors import LoadFailed

MakeApi = Callable[..., Awaitable[Api]]
PATH = "/api/v1/sessions"


async def ask(api: Api, session: str, **body: Any) -> dict[str, Any]:
    response = await api.post(f"{PATH}/{session}/messages", json={"text": "hi", **body})
    assert response.status_code == 202, response.text
    return response.json()  # type: ignore[no-any-return]


async def read(api: Api, message: str, **query: Any) -> list[tuple[str, Any]]:
    response = await api.get(f"/api/v1/messages/{message}/stream", params=query)
    assert response.headers["content-type"].startswith("text/event-stream")
    return events(response.text)


async def answered(api: Api, session: str, **body: Any) -> dict[str, Any]:
    """Asks, and gives the answer when it has ended."""
    return (await read(api, (await ask(api, session, **body))["answer"]["id"]))[-1][1]  # type: ignore[no-any-return]


async def shown(api: Api, session: str) -> list[str]:
    return [message["text"] for message in (await api.get(f"{PATH}/{session}")).json()["messages"]]


async def test_a_chat_from_its_beginning(api: Api) -> None:
    created = await api.post(PATH, json={"title": "First", "settings": {"temperature": 0}})
    session = created.json()
    assert (created.status_code, session["title"], session["streaming"]) == (201, "First", False)
    asked = await ask(api, session["id"])
    assert (asked["question"]["text"], asked["answer"]["state"]) == ("hi", "waiting")
    names = [name for name, _ in await read(api, asked["answer"]["id"])]
    assert names[-1] == "end" and "piece" in names
    whole = (await api.get(f"{PATH}/{session['id']}")).json()
    assert [message["text"] for message in whole["messages"]] == ["hi", "Hello there"]
    assert whole["messages"][1]["answerer"]["backend"] == "scripted"


async def test_the_stream_of_an_answer(make_api: MakeApi) -> None:
    api = await make_api("Hello")
    asked = await ask(api, await api.session())
    stream = await read(api, asked["answer"]["id"])
    pieces = [data for name, data in stream if name == "piece"]
    assert pieces == [{"seq": 1, "text": "Hello"}]
    assert stream[-1][1]["text"] == "Hello"
    assert await read(api, asked["answer"]["id"], after=1) == [stream[-1]]


async def test_a_stream_is_taken_up_by_its_last_event(api: Api) -> None:
    answer = await answered(api, await api.session())
    path = f"/api/v1/messages/{answer['id']}/stream"
    resumed = events((await api.get(path, headers={"last-event-id": "99"})).text)
    assert [name for name, _ in resumed] == ["end"]
    assert (await api.get(path, headers={"last-event-id": "nonsense"})).status_code == 200


async def test_a_reader_who_goes_away_does_not_end_the_answer(make_server: MakeApi) -> None:
    gate = asyncio.Event()
    api = await make_server("a", gate, "b")
    session = await api.session()
    answer = (await ask(api, session))["answer"]["id"]
    async with api.stream("GET", f"/api/v1/messages/{answer}/stream") as response:
        async for line in response.aiter_lines():
            if "piece" in line:
                break
    gate.set()
    assert (await read(api, answer))[-1][1]["text"] == "ab"
    assert api.backend.closed == 0


async def test_stop_continue_and_regenerate(make_api: MakeApi) -> None:
    gate = asyncio.Event()
    api = await make_api("half", gate)
    session = await api.session()
    answer = (await ask(api, session))["answer"]["id"]
    await until(lambda: api.backend.calls)
    path = f"{PATH}/{session}/messages/{answer}"
    assert (await api.post(f"{path}/stop")).json()["state"] == "stopped"
    gate.set()
    assert (await api.post(f"{path}/continue")).json()["answer"]["id"] == answer
    assert (await read(api, answer))[-1][1]["text"] == "halfhalf"
    again = await api.post(f"{path}/regenerate", json={"model": "scripted"})
    assert (again.status_code, again.json()["answer"]["siblings"][0]) == (202, answer)
    await read(api, again.json()["answer"]["id"])
    assert (await api.post(f"{path}/regenerate")).status_code == 202


async def test_edit_and_choose_a_branch(api: Api) -> None:
    session = await api.session()
    first = await answered(api, session)
    await answered(api, session, text="two")
    await answered(api, session, text="zwei", parent=first["id"])
    assert (await shown(api, session))[2] == "zwei"
    await answered(api, session, text="root", parent=None)
    assert await shown(api, session) == ["root", "Hello there"]
    selected = await api.post(f"{PATH}/{session}/select", json={"message": first["id"]})
    assert [message["text"] for message in selected.json()["messages"]][2] == "zwei"


async def test_a_question_too_soon_is_a_conflict(make_api: MakeApi) -> None:
    api = await make_api(asyncio.Event())
    session = await api.session()
    await ask(api, session)
    response = await api.post(f"{PATH}/{session}/messages", json={"text": "too soon"})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")


async def test_reset(api: Api) -> None:
    session = await api.session()
    await answered(api, session)
    assert (await api.post(f"{PATH}/{session}/reset")).json()["role"] == "reset"
    await answered(api, session, text="anew")
    assert [message["content"] for message in api.backend.calls[-1].inputs["messages"]] == ["anew"]


async def test_a_failed_answer_says_why(make_api: MakeApi) -> None:
    api = await make_api(LoadFailed("No memory.", cause="out_of_memory", hint="Take a smaller one."))
    answer = await answered(api, await api.session())
    assert (answer["state"], answer["error"]["code"]) == ("failed", "load_failed")
    assert answer["error"]["hint"] == "Take a smaller one."


async def test_an_unknown_model_fails_the_answer_with_the_nearest_names(api: Api) -> None:
    answer = await answered(api, await api.session(), model="scriptd")
    assert answer["error"]["facts"]["nearest"] == ["scripted"]


async def test_change_search_delete_restore(api: Api) -> None:
    session = await api.session(title="Camels")
    await api.session(title="Other")
    changed = await api.patch(f"{PATH}/{session}", json={"pinned": True, "folder": "work"})
    assert (changed.json()["pinned"], changed.json()["title"]) == (True, "Camels")
    found = (await api.get(PATH, params={"q": "camel"})).json()
    assert ([one["id"] for one in found["sessions"]], found["next"]) == ([session], None)
    assert (await api.delete(f"{PATH}/{session}")).status_code == 204
    assert (await api.get(f"{PATH}/{session}")).status_code == 404
    assert (await api.post(f"{PATH}/{session}/restore")).json()["title"] == "Camels"


async def test_pages(api: Api) -> None:
    for title in "abc":
        await api.session(title=title)
    first = (await api.get(PATH, params={"limit": 2})).json()
    second = (await api.get(PATH, params={"limit": 2, "before": first["next"]})).json()
    assert [one["title"] for one in first["sessions"] + second["sessions"]] == ["c", "b", "a"]


async def test_export_and_import(api: Api) -> None:
    session = await api.session(title="Export")
    await answered(api, session)
    markdown = await api.get(f"{PATH}/{session}/export", params={"format": "markdown"})
    assert markdown.text.startswith("# Export\n") and "attachment" in markdown.headers["content-disposition"]
    exported = (await api.get(f"{PATH}/{session}/export")).json()
    imported = await api.post(f"{PATH}/import", json=exported)
    assert imported.status_code == 201
    assert await shown(api, imported.json()["id"]) == ["hi", "Hello there"]
    assert (await api.post(f"{PATH}/import", json={**exported, "version": 9})).status_code == 422


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": 5}, {"text": "x", "model": ""}, {"text": "x", "to": 1}])
async def test_a_bad_message_is_refused(api: Api, body: dict[str, Any]) -> None:
    response = await api.post(f"{PATH}/{await api.session()}/messages", json=body)
    assert response.status_code == 422
    assert not api.backend.calls
