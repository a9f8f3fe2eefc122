"""Which model an address means, who may ask, and how errors are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub.errors import HfHubHTTPError
from tests.unit.api.conftest import until

from serai.api.huggingface.address import Address, read
from serai.errors import Internal, LoadFailed

TASK = "text-generation"


@pytest.mark.parametrize(
    ("path", "means"),
    [
        ("org/model", Address("org/model")),
        ("org/model:Q4_K_M@main/", Address("org/model:Q4_K_M@main")),
        ("org/model@refs/pr/1/generate", Address("org/model@refs/pr/1", "generate")),
        ("alias/v1/chat/completions", Address("alias", "v1/chat/completions")),
        ("org/model/generate_stream", Address("org/model", "generate_stream")),
        ("org/model/pipeline/fill-mask", Address("org/model", "", "fill-mask")),
        ("org/info", Address("org/info")),
        ("org/info/info", Address("org/info", "info")),
        ("other/info", Address("other", "info")),
        ("generate", Address("generate")),
    ],
)
def test_names_and_what_is_wanted_are_told_apart(path: str, means: Address) -> None:
    assert read(path, ["org/model", "Org/Info"]) == means


@pytest.mark.parametrize("name", ["org/model:Q4_K_M", "org/model@refs/pr/1", "alias"])
async def test_names_with_variant_and_revision(door: Callable[..., Any], name: str) -> None:
    at = await door(TASK, name=name)
    assert await at.ask("text_generation", "Once") == "Hello there"
    assert at.backend.calls[0].model == name


async def test_a_slash_may_be_quoted(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    answer = await at.api.post("/hf/models/org%2Fmodel/generate", json={"inputs": "Once"})
    assert answer.json()["generated_text"] == "Hello there"


async def test_auto_is_what_would_answer(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    assert (await at.api.get("/hf/models/auto/info")).json()["model_pipeline_tag"] == TASK
    assert (await at.api.post("/hf/models/auto", json={"inputs": "Once"})).json()[0]["generated_text"]


async def test_the_task_may_be_named(door: Callable[..., Any]) -> None:
    at = await door("fill-mask")
    wrong = await at.post("/pipeline/summarization", inputs="long")
    assert wrong.status_code == 422 and "fill-mask" in wrong.json()["error"]
    assert (await at.post("/pipeline/mind-reading", inputs="x")).status_code == 404


async def test_what_nobody_can_do_says_what_is_missing(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    missing = await at.api.post("/hf/models/auto/pipeline/image-classification", json={"inputs": "x"})
    assert missing.status_code == 501 and "image-classification" in missing.json()["error"]


async def test_a_model_that_is_not_there(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    response = await at.api.post("/hf/models/org/modell", json={"inputs": "x"})
    assert response.status_code == 404 and "org/model" in response.json()["error"]


async def test_info_and_health_as_the_client_asks(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    at.client.provider = "hf-inference"
    told = await at.ask("get_endpoint_info")
    assert (told["model_id"], told["max_total_tokens"], told["max_input_tokens"]) == ("org/model", 4096, 4095)
    assert await at.ask("health_check") is True
    gone = at.url.replace("org/model", "org/none")
    assert await at.ask("health_check", gone) is False


async def test_info_of_a_model_that_only_reads(door: Callable[..., Any]) -> None:
    at = await door("feature-extraction")
    told = (await at.api.get("/hf/models/org/model/info")).json()
    assert told["model_type"] == {"embedding": {"pooling": "mean"}} and told["max_input_length"] == 4096
    assert (await at.api.get("/hf/models/org/model/v1/models")).json()["data"][0]["id"] == "org/model"


@pytest.mark.parametrize(("method", "path"), [("GET", "/generate"), ("POST", "/info"), ("GET", "/pipeline/fill-mask")])
async def test_the_wrong_method_is_said(door: Callable[..., Any], method: str, path: str) -> None:
    at = await door(TASK)
    response = await at.api.request(method, f"/hf/models/org/model{path}", json={"inputs": "x"})
    assert response.status_code == 405 and response.json()["error"]


async def test_a_saved_token_of_the_hub_is_neither_needed_nor_told(
    door: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    at = await door(TASK)  # the client of `door` sends one
    assert await at.ask("text_generation", "Once") == "Hello there"
    assert "hf_" not in repr(at.backend.calls) and "hf_xxxx" not in caplog.text


async def test_elsewhere_a_key_is_needed_and_the_hubs_token_is_none(make_api: Callable[..., Any]) -> None:
    api = await make_api(server_host="0.0.0.0")
    asked = {"url": "/hf/models/scripted", "json": {"inputs": "x"}}
    refused = await api.post(**asked, headers={"authorization": "Bearer hf_" + "x" * 20})
    assert refused.status_code == 401 and "not valid" in refused.json()["error"]
    key = await api.key("infer")
    assert (await api.post(**asked, headers={"authorization": f"Bearer {key}"})).status_code == 200
    other = await api.key("mirror")
    assert (await api.post(**asked, headers={"authorization": f"Bearer {other}"})).status_code == 403


async def test_who_will_not_wait_is_told_how_long(door: Callable[..., Any]) -> None:
    at = await door(TASK, size=3_000_000_000)
    at.api.services.pool.gate = asyncio.Event()
    asked = {"url": "/hf/models/org/model", "json": {"inputs": "x"}, "headers": {"x-wait-for-model": "false"}}
    response = await at.api.post(**asked)
    assert (response.status_code, response.json()["estimated_time"]) == (503, 11.0)
    assert response.headers["retry-after"] == "11"
    at.api.services.pool.gate.set()
    await until(lambda: at.api.services.pool.status("org/model").state == "ready")
    assert (await at.api.post(**asked)).status_code == 200


async def test_wishes_may_stand_in_the_body(door: Callable[..., Any]) -> None:
    at = await door(TASK)
    answer = await at.post(inputs="x", options={"wait_for_model": True, "use_cache": False, "new": 1})
    assert answer.headers["x-serai-ignored-fields"] == "options.new"
    assert at.backend.calls[-1].wishes.cache is False
    assert (await at.post(inputs="x", options={"wait_for_model": False})).status_code == 503
    await at.error(inputs="x", options={"wait_for_model": "soon"})


async def test_a_cache_is_named_as_ignored(door: Callable[..., Any]) -> None:
    at = await door("text-classification")
    answer = await at.api.post("/hf/models/org/model", json={"inputs": "x"}, headers={"x-use-cache": "0"})
    assert answer.status_code == 200 and "x-serai-ignored-fields" not in answer.headers
    assert at.backend.calls[-1].wishes.cache is False


@pytest.mark.parametrize(
    ("fault", "status"), [(LoadFailed("No memory.", cause="out_of_memory"), 503), (Internal("Something."), 500)]
)
async def test_other_faults_keep_their_status(door: Callable[..., Any], fault: Exception, status: int) -> None:
    at = await door("summarization", fault)
    with pytest.raises(HfHubHTTPError) as caught:
        await at.ask("summarization", "long")
    assert caught.value.response.status_code == status
