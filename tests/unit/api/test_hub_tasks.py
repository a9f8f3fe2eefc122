"""Tasks behind Hugging Face's router, asked in the dialects that have them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.fakes.hub_tasks import ANSWERS, PICTURE, SOUND
from tests.fakes.huggingface import FakeRouter, serving
from tests.fakes.service import KEY
from tests.unit.api.conftest import Api


@pytest_asyncio.fixture
async def router(api: Api) -> AsyncIterator[FakeRouter]:
    async with serving(FakeRouter()) as twin:
        assert isinstance(twin, FakeRouter)
        named = ["acme/fill-mask=fill-mask"]
        new = {"name": "hf", "kind": "huggingface", "url": twin.url, "keys": [KEY], "models": named}
        assert (await api.post("/api/v1/providers", json=new)).status_code == 201
        yield twin
        await api.services.providers.close()


async def test_openais_dialect_reaches_models_that_nobody_lists(api: Api, router: FakeRouter) -> None:
    asked = {"model": "hf/acme/text-to-image", "prompt": "a caravan", "response_format": "b64_json"}
    picture = (await api.post("/v1/images/generations", json=asked)).json()
    assert base64.b64decode(picture["data"][0]["b64_json"]) == PICTURE
    spoken = await api.post("/v1/audio/speech", json={"model": "hf/acme/text-to-speech", "input": "hi"})
    assert (spoken.content, spoken.headers["content-type"]) == (SOUND, "audio/wav")
    vectors = await api.post("/v1/embeddings", json={"model": "hf/acme/feature-extraction", "input": "hi"})
    assert vectors.json()["data"][0]["embedding"] == [0.6, 0.8]


async def test_a_model_that_was_named_with_its_task_has_an_address(api: Api, router: FakeRouter) -> None:
    answer = await api.post("/hf/models/hf/acme/fill-mask", json={"inputs": "The [MASK]."})
    assert answer.json() == ANSWERS["fill-mask"]


@pytest.mark.parametrize("named", ["=fill-mask", "a b", "m=no-such-task", "m="])
async def test_a_name_by_hand_is_checked(api: Api, router: FakeRouter, named: str) -> None:
    answer = await api.patch("/api/v1/providers/hf", json={"models": [named]})
    assert answer.status_code == 400 and "models" in answer.text


async def test_a_model_of_another_task_is_refused_before_it_is_asked(api: Api, router: FakeRouter) -> None:
    answer = await api.post("/v1/embeddings", json={"model": "hf/acme/summarization", "input": "hi"})
    assert answer.status_code == 400 and "summarization model" in answer.text and not router.asked
