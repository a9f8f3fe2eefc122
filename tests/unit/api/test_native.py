"""The smaller nouns of the native API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.unit.api.conftest import Api, until

from serai.telemetry import logs

MakeApi = Callable[..., Awaitable[Api]]


async def test_status(api: Api) -> None:
    status = (await api.get("/api/v1/status")).json()
    assert (status["place"], status["principal"]["id"], status["models_count"]) == ("local", "owner", 1)
    assert 0 < status["memory"]["used"] < status["memory"]["total"]


async def test_models_are_described_with_their_state(api: Api) -> None:
    (model,) = (await api.get("/api/v1/models")).json()["models"]
    assert (model["name"], model["state"], model["running"]) == ("scripted", "on_disk", None)
    assert (await api.get("/api/v1/models/scripted")).json() == model


async def test_a_model_is_added_changed_and_forgotten(api: Api) -> None:
    added = await api.post("/api/v1/models", json={"path": "/somewhere/x.gguf", "name": "org/x:Q4_K_M"})
    assert added.status_code == 201
    path = "/api/v1/models/org/x:Q4_K_M"
    changed = (await api.patch(path, json={"pinned": True, "settings": {"top_k": 5}})).json()
    assert (changed["pinned"], changed["settings"]) == (True, {"top_k": 5})
    assert (await api.patch(path, json={"settings": {"top_k": "x"}})).status_code == 400
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


async def test_how_a_model_is_loaded_is_set_and_checked_by_name(api: Api) -> None:
    path = "/api/v1/models/scripted"
    changed = (await api.patch(path, json={"loading": {"context": 4096, "kv_type": "q8_0"}})).json()
    assert changed["loading"] == {"context": 4096, "kv_type": "q8_0"}
    refused = await api.patch(path, json={"loading": {"contxt": 1}})
    assert (refused.status_code, "contxt" in refused.text) == (422, True)


async def test_a_model_is_loaded_in_the_background_and_unloaded(api: Api) -> None:
    api.services.pool.gate = asyncio.Event()
    begun = await api.post("/api/v1/running", json={"model": "scripted"})
    assert (begun.status_code, begun.json()["state"]) == (202, "loading")
    api.services.pool.gate.set()
    await until(api.services.pool.running)
    (running,) = (await api.get("/api/v1/running")).json()["running"]
    assert (running["name"], running["running"]["pid"]) == ("scripted", 1)
    (device,) = (await api.get("/api/v1/running")).json()["budget"]["devices"]
    assert (device["name"], device["models"]) == ("CPU", [{"name": "scripted", "memory": 1000}])
    assert (await api.delete("/api/v1/running/scripted")).status_code == 204
    assert (await api.get("/api/v1/running")).json()["running"] == []


async def test_the_log_of_a_model_is_followed_and_hides_what_logs_hide(api: Api) -> None:
    logs.redact("sesame-sesame")
    for text in ("one", "the key is sesame-sesame"):
        api.services.pool.journal.note("scripted", text)
    first, second = (await api.get("/api/v1/running/scripted/log")).json()["lines"]
    assert first["text"] == "one" and "sesame" not in second["text"]
    assert (await api.get(f"/api/v1/running/scripted/log?after={second['number']}")).json()["lines"] == []
    assert (await api.get("/api/v1/running/none/log")).status_code == 404


async def test_what_is_not_there_cannot_be_loaded(api: Api) -> None:
    assert (await api.post("/api/v1/running", json={"model": "scriptd"})).status_code == 404
    assert (await api.delete("/api/v1/running/none")).status_code == 404


async def test_a_load_in_the_background_ends_with_the_server(make_api: MakeApi) -> None:
    api = await make_api()
    api.services.pool.gate = asyncio.Event()
    await api.post("/api/v1/running", json={"model": "scripted"})


async def test_suggestions_fit_this_machine(api: Api) -> None:
    (first, *_) = found = (await api.get("/api/v1/suggestions")).json()["suggestions"]
    assert len(found) == 3
    assert first["name"].startswith(first["repo"])
    assert first["fit"]["verdict"] in ("fits", "tight", "no") and "GB" in first["fit"]["text"]
    assert (await api.get("/api/v1/suggestions?language=fa")).status_code == 200


async def test_settings_are_described_and_changed(api: Api, tmp_path: Path) -> None:
    described = (await api.get("/api/v1/settings")).json()
    by_key = {one["key"]: one for one in described["settings"]}
    assert by_key["server.port"] == by_key["server.port"] | {"value": 7372, "source": "default", "restart": True}
    assert "server" in described["groups"]
    changed = await api.patch("/api/v1/settings", json={"models.idle_minutes": 5, "page.theme": "dark"})
    by_key = {one["key"]: one for one in changed.json()["settings"]}
    assert (by_key["models.idle_minutes"]["value"], by_key["page.theme"]["source"]) == (5, "serai.toml")
    assert api.services.settings.models.idle_minutes == 5
    reset = await api.patch("/api/v1/settings", json={"page.theme": None})
    assert {one["key"]: one for one in reset.json()["settings"]}["page.theme"]["source"] == "default"


async def test_a_setting_that_the_environment_sets_is_not_changed(make_api: MakeApi) -> None:
    api = await make_api(models_idle_minutes="7")
    response = await api.patch("/api/v1/settings", json={"models.idle_minutes": 5})
    assert (response.status_code, "SERAI_MODELS_IDLE_MINUTES" in response.text) == (409, True)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"nothing.here": 1}, 422),
        ({"page.theme": "blue"}, 400),
        ({"page.theme": "dark", "server.port": -1}, 400),
        ([], 422),
    ],
)
async def test_of_changes_that_do_not_fit_none_is_made(api: Api, changes: object, status: int) -> None:
    assert (await api.patch("/api/v1/settings", json=changes)).status_code == status
    assert api.services.settings_file.load().settings == api.services.settings
    assert not api.services.settings_file.path.exists()


async def test_secrets_are_never_shown(api: Api) -> None:
    put = await api.put("/api/v1/secrets/hf_token", json={"value": "hf_verysecret"})
    listed = await api.get("/api/v1/secrets")
    assert listed.json() == {"secrets": [{"name": "hf_token", "set": True, "source": "stored"}]}
    assert "verysecret" not in put.text + listed.text
    assert await api.services.secrets.get("hf_token") == "hf_verysecret"
    assert (await api.delete("/api/v1/secrets/hf_token")).status_code == 204
    assert (await api.delete("/api/v1/secrets/hf_token")).status_code == 404


async def test_a_secret_of_the_environment_is_not_replaced(make_api: MakeApi) -> None:
    api = await make_api(environ={"HF_TOKEN": "hf_outside"})
    assert (await api.get("/api/v1/secrets")).json()["secrets"][0]["source"] == "environment"
    response = await api.put("/api/v1/secrets/hf_token", json={"value": "x"})
    assert (response.status_code, "HF_TOKEN" in response.text) == (409, True)


async def test_calls_are_seen_and_cancelled(make_api: MakeApi) -> None:
    api = await make_api("a", asyncio.Event())
    asking = asyncio.create_task(api.chat())
    await until(lambda: api.services.router.live() and api.services.router.live()[0].tokens)
    (call,) = (await api.get("/api/v1/calls")).json()["calls"]
    assert (call["model"], call["state"], call["tokens"]) == ("scripted", "streaming", 1)
    assert (await api.delete(f"/api/v1/calls/{call['id']}")).status_code == 204
    answer = (await asking).json()
    assert answer["choices"][0]["message"]["content"] == "a"
    assert (await api.delete(f"/api/v1/calls/{call['id']}")).status_code == 404


async def test_events_tell_of_changes_and_are_taken_up_again(make_server: MakeApi) -> None:
    api = await make_server()
    async with api.stream("GET", "/api/v1/events") as response:
        lines = response.aiter_lines()
        await anext(lines)
        session = await api.session(title="seen")
        seen = {}
        async for line in lines:
            name, _, value = line.partition(": ")
            seen[name] = value
            if name == "data":
                break
    assert (seen["event"], json.loads(seen["data"])["id"]) == ("session", session)
    await api.delete(f"/api/v1/sessions/{session}")
    async with api.stream("GET", "/api/v1/events", headers={"last-event-id": seen["id"]}) as response:
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                assert line == "event: session.deleted"
                break


async def test_who_may_not_read_chats_hears_nothing_of_them(make_server: MakeApi) -> None:
    api = await make_server(server_host="0.0.0.0")
    headers = {"authorization": f"Bearer {await api.key('monitor')}"}
    async with api.stream("GET", "/api/v1/events", headers=headers) as response:
        lines = response.aiter_lines()
        await anext(lines)
        api.services.events.publish("session", {"title": "private"})
        api.services.events.publish("settings", {"keys": []})
        heard = [await anext(lines) for _ in range(4)]
    assert "event: settings" in heard and "private" not in str(heard)


async def test_unknown_events_begin_with_a_reset(make_server: MakeApi) -> None:
    api = await make_server()
    async with api.stream("GET", "/api/v1/events", headers={"last-event-id": "other-5"}) as response:
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                assert line == "event: reset"
                break


async def test_a_download_is_a_job_that_can_be_held_and_given_up(api: Api) -> None:
    begun = await api.post("/api/v1/downloads", json={"model": "org/name:Q4_K_M"})
    job = begun.json()
    assert (begun.status_code, job["kind"], job["args"]) == (202, "download", {"model": "org/name:Q4_K_M"})
    path = f"/api/v1/jobs/{job['id']}"
    assert (await api.post(f"{path}/pause")).status_code == 200
    assert (await api.post(f"{path}/resume")).json()["state"] in ("queued", "running")
    assert [one["id"] for one in (await api.get("/api/v1/jobs")).json()["jobs"]] == [job["id"]]
    assert (await api.post(f"{path}/cancel")).status_code == 200
    assert (await api.get("/api/v1/jobs/none")).status_code == 404
    assert (await api.post("/api/v1/downloads", json={"model": "../etc"})).status_code == 400


async def test_jobs_that_have_ended_leave_the_list_and_others_are_told(api: Api) -> None:
    first, second = [(await api.post("/api/v1/downloads", json={"model": f"org/{name}"})).json()["id"] for name in "ab"]
    assert (await api.delete(f"/api/v1/jobs/{first}")).status_code == 409
    for job in (first, second):
        await api.post(f"/api/v1/jobs/{job}/cancel")
    assert (await api.delete(f"/api/v1/jobs/{first}")).status_code == 204
    assert (await api.delete("/api/v1/jobs?kind=engine.build")).json() == {"removed": []}
    assert (await api.delete("/api/v1/jobs?kind=download")).json() == {"removed": [second]}
    assert (await api.get("/api/v1/jobs")).json()["jobs"] == []
    told = [event.data["id"] for event in api.services.events._ring if event.topic == "job.removed"]
    assert told == [first, second]


async def test_suggestions_for_another_machine_with_the_command_that_fetches_them(api: Api) -> None:
    found = (await api.get("/api/v1/suggestions?machine=large-gpu&language=de")).json()["suggestions"]
    assert len(found) == 3 and found[-1]["command"] == f"serai pull {found[-1]['name']}"
    assert "auf einem solchen Rechner" in found[0]["fit"]["text"]
    assert (await api.get("/api/v1/suggestions?machine=moon")).status_code == 422


async def test_a_suggestion_that_is_being_fetched_says_so(api: Api) -> None:
    (first, *_) = (await api.get("/api/v1/suggestions")).json()["suggestions"]
    job = (await api.post("/api/v1/downloads", json={"model": first["name"]})).json()
    (again, *_) = (await api.get("/api/v1/suggestions")).json()["suggestions"]
    assert (again["state"], again["job"]) == ("downloading", job["id"])


async def test_a_key_is_shown_once_and_revoked_at_once(make_api: MakeApi) -> None:
    api = await make_api(server_host="0.0.0.0")
    owner = {"authorization": f"Bearer {await api.key()}"}
    created = await api.post("/api/v1/keys", json={"name": "phone", "scopes": ["infer"]}, headers=owner)
    key = created.json()
    assert (created.status_code, key["scopes"], key["plain"].startswith(key["prefix"])) == (201, ["infer"], True)
    assert key["plain"] not in (await api.get("/api/v1/keys", headers=owner)).text
    phone = {"authorization": f"Bearer {key['plain']}"}
    assert (await api.get("/v1/models", headers=phone)).status_code == 200
    assert (await api.delete(f"/api/v1/keys/{key['id']}", headers=owner)).status_code == 204
    assert (await api.get("/v1/models", headers=phone)).status_code == 401
    assert (await api.post("/api/v1/keys", json={"name": "x", "scopes": ["king"]}, headers=owner)).status_code == 422


async def test_hardware_has_numbers_and_advice(api: Api) -> None:
    hardware = (await api.get("/api/v1/hardware")).json()
    assert hardware["cpu"]["cores"] >= 1 and hardware["memory"]["total"] > 0 and hardware["advice"]
    assert hardware["disk"]["path"] == str(api.services.home)


async def test_logs_are_read_by_part(api: Api) -> None:
    folder = api.services.home / "logs"
    folder.mkdir()
    (folder / "server.jsonl").write_text('{"message": "one"}\n{"message": "two"}\n', "utf-8")
    logs = (await api.get("/api/v1/logs", params={"lines": 1})).json()
    assert (logs["parts"], [line["message"] for line in logs["lines"]]) == (["server"], ["two"])
    assert (await api.get("/api/v1/logs", params={"part": "../secret"})).status_code == 422
    assert (await api.get("/api/v1/logs", params={"part": "none"})).status_code == 404


@pytest.mark.parametrize("hub", [False, True])
async def test_the_doctor_is_asked(api: Api, monkeypatch: pytest.MonkeyPatch, hub: bool) -> None:
    async def check(services: object, *, hub: bool, language: str) -> list[dict[str, object]]:
        return [{"part": "hub", "ok": hub, "level": "ok" if hub else "warning", "text": "x"}]

    monkeypatch.setattr("serai.doctor.check", check)
    (found,) = (await api.get("/api/v1/doctor", params={"hub": hub})).json()["checks"]
    assert (found["ok"], found["mend"]) == (hub, None)


@pytest.mark.parametrize(("path", "field"), [("hardware", "advice"), ("suggestions", "suggestions")])
async def test_sentences_are_told_in_the_language_of_the_page(api: Api, path: str, field: str) -> None:
    english, persian = [
        (await api.get(f"/api/v1/{path}", params={"language": language})).json()[field] for language in ("en", "fa")
    ]
    assert english and english != persian
    assert "م" in str(persian) and (await api.get(f"/api/v1/{path}?language=tlh")).status_code == 422
