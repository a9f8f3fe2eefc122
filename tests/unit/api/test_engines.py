"""llama.cpp's servers over the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.fakes import llama_server
from tests.unit.api.conftest import Api

from serai import machine, registry
from serai.hosting import native

PATH = "/api/v1/engines"
MakeApi = Callable[..., Awaitable[Api]]


def built(api: Api, name: str = "9-abc") -> None:
    binary = llama_server.write(api.services.home / "made" / "llama-server")
    native.keep(api.services.home, binary, name, {"version": "9", "features": ["avx9"], "built_at": 1.0})


async def used(api: Api) -> str:
    engines = (await api.get(PATH)).json()["engines"]
    return next(engine["name"] for engine in engines if engine["in_use"])


async def test_the_wheel_is_listed_and_in_use(api: Api) -> None:
    (wheel,) = (await api.get(PATH)).json()["engines"]
    assert (wheel["name"], wheel["kind"], wheel["in_use"]) == ("wheel", "wheel", True)


async def test_what_is_to_be_gained_is_said_while_the_wheel_is_used(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cpu", lambda: {"features": ["avx2", "avx512"]})
    assert (await api.get(PATH)).json()["to_gain"] == ["avx512"]
    built(api)
    assert (await api.get(PATH)).json()["to_gain"] == []


async def test_engines_that_are_not_here_say_what_brings_them(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "missing", lambda engine: ["torch"] if engine.extra else [])
    runtimes = {one["name"]: one for one in (await api.get(PATH)).json()["runtimes"]}
    assert (runtimes["llama.cpp"]["installed"], bool(runtimes["llama.cpp"]["version"])) == (True, True)
    torch = runtimes["transformers"]
    assert (torch["installed"], torch["version"], torch["extra"]) == (False, "", "torch")


async def test_one_is_chosen_and_chosen_back(api: Api) -> None:
    built(api)
    for name, expected in {"wheel": "wheel", "9-abc": "9-abc", "auto": "9-abc"}.items():
        assert (await api.put(f"{PATH}/use", json={"name": name})).status_code == 200
        assert await used(api) == expected


async def test_one_that_is_not_there_is_not_chosen(api: Api) -> None:
    assert (await api.put(f"{PATH}/use", json={"name": "9-gone"})).status_code == 404
    refused = await api.put(f"{PATH}/use", json={"name": "/nowhere/llama-server"})
    assert (refused.status_code, "No such file" in refused.text) == (400, True)


@pytest.mark.engine
async def test_a_path_is_tried_before_it_is_chosen(api: Api, tmp_path: Path) -> None:
    program = str(llama_server.write(tmp_path / "llama-server"))
    assert (await api.put(f"{PATH}/use", json={"name": program})).status_code == 200
    assert await used(api) == program
    broken = str(llama_server.write(tmp_path / "broken", dies=3))
    assert (await api.put(f"{PATH}/use", json={"name": broken})).status_code == 503
    assert await used(api) == program


async def test_one_that_is_removed_is_no_longer_chosen(api: Api) -> None:
    built(api)
    await api.put(f"{PATH}/use", json={"name": "9-abc"})
    assert (await api.delete(f"{PATH}/9-abc")).status_code == 204
    assert await used(api) == "wheel" and api.services.settings.models.llama_server == "auto"
    assert [(await api.delete(f"{PATH}/{name}")).status_code for name in ("9-abc", "wheel")] == [404, 409]


async def test_a_build_is_a_job_and_there_is_one_at_a_time(api: Api) -> None:
    first, second = [await api.post(f"{PATH}/build") for _ in range(2)]
    assert (first.status_code, first.json()["kind"]) == (202, "engine.build")
    assert first.json()["id"] == second.json()["id"]


async def test_what_the_environment_says_stands(make_api: MakeApi) -> None:
    api = await make_api(environ={"SERAI_MODELS_LLAMA_SERVER": "wheel"})
    refused = await api.put(f"{PATH}/use", json={"name": "auto"})
    assert (refused.status_code, "SERAI_MODELS_LLAMA_SERVER" in refused.text) == (409, True)


async def test_choosing_a_program_needs_admin(make_api: MakeApi) -> None:
    api = await make_api(server_host="0.0.0.0")
    headers = {"authorization": f"Bearer {await api.key('models', 'infer')}"}
    assert (await api.put(f"{PATH}/use", json={"name": "auto"}, headers=headers)).status_code == 403
