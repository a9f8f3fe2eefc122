from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.unit.api.conftest import Api

from serai import __version__
from serai.api.all import describe
from serai.errors import StorageFailed

MakeApi = Callable[..., Awaitable[Api]]
ROOT = Path(__file__).parents[3]


async def test_health_and_version(api: Api) -> None:
    assert (await api.get("/health")).json() == {"status": "ok"}
    assert (await api.get("/api/v1/version")).json() == {"version": __version__}


async def test_ready_says_what_is_not(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await api.get("/ready")).json() == {"ready": True, "problems": {}}

    async def away(_: object) -> None:
        raise StorageFailed("The database is away.", cause="unreachable")

    monkeypatch.setattr(api.services.db, "read", away)
    response = await api.get("/ready")
    assert (response.status_code, response.json()["problems"]) == (503, {"database": "The database is away."})


async def test_metrics_count_calls(api: Api) -> None:
    await api.chat()
    text = (await api.get("/metrics")).text
    assert 'model="scripted"' in text


async def test_the_document_of_the_api_is_served_and_complete(api: Api) -> None:
    document = (await api.get("/api/v1/openapi.json")).json()
    assert document == json.loads(json.dumps(describe().openapi()))
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["operationId"] and operation["responses"], path
            assert operation.get("description") or operation.get("summary"), path
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(names)) == len(names)


def test_the_document_is_printed_without_starting_anything() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "serai.api.schema"],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert json.loads(printed.stdout)["paths"]["/api/v1/sessions"]
