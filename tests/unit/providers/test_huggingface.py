"""The router with its providers, and Endpoints in both of their shapes; the official client speaks to the same ones."""

from __future__ import annotations

from typing import Any

import pytest
from huggingface_hub import AsyncInferenceClient
from tests.fakes.huggingface import MODEL, FakeEndpoint, FakeRouter, serving
from tests.fakes.service import KEY
from tests.unit.providers.conftest import chat, opened

from serai.backend import collect
from serai.errors import BadRequest, Busy, ModelFailed, ModelNotFound
from serai.providers import _plain
from serai.types import FEATURE_EXTRACTION, TEXT_GENERATION, Call, Result

SAY: Any = [{"role": "user", "content": "hi"}]


async def ask(service: Any, call: Call, **more: Any) -> Result:
    async with opened(service.url, "huggingface", **more) as backend:
        await backend.models()
        return await collect(backend.run(call))


async def test_the_twins_are_what_the_official_client_takes_them_for() -> None:
    async with serving(FakeRouter(["a"])) as router, AsyncInferenceClient(base_url=router.url, api_key=KEY) as client:
        assert (await client.chat_completion(SAY, model=MODEL)).choices[0].message.content == "a"
    async with serving(FakeEndpoint()) as endpoint, AsyncInferenceClient(model=endpoint.url, token=KEY) as client:
        assert await client.text_generation("Where?") == endpoint.says


async def test_the_router_lists_models_with_what_their_providers_read() -> None:
    async with serving(FakeRouter()) as router, opened(router.url, "huggingface") as backend:
        (model,) = await backend.models()
        assert (model.name, model.context_length) == (f"shore/{MODEL}", 4096)


@pytest.mark.parametrize("suffix", ["", ":together", ":fastest"])
async def test_a_provider_can_be_chosen(suffix: str) -> None:
    async with serving(FakeRouter(["a"])) as router:
        assert (await ask(router, chat(model=f"shore/{MODEL}{suffix}"))).text == "a"
    assert router.asked[0]["model"] == f"{MODEL}{suffix}"


async def test_only_providers_that_have_the_model_now_are_offered() -> None:
    async with serving(FakeRouter()) as router, opened(router.url, "huggingface") as backend:
        await backend.models()
        assert backend.unlisted(f"shore/{MODEL}:together").name == f"shore/{MODEL}:together"
        assert backend.unlisted(f"shore/{MODEL}:groq") is None
        assert backend.unlisted("shore/other:together") is None
        with pytest.raises(ModelNotFound):
            await collect(backend.run(chat(model=f"shore/{MODEL}:groq")))


async def test_the_router_gives_vectors_at_its_own_address() -> None:
    async with serving(FakeRouter()) as router:
        for inputs, count in (("a", 1), (["a", "b"], 2)):
            call = Call(task=FEATURE_EXTRACTION, model=f"shore/{MODEL}", inputs={"inputs": inputs})
            assert (await ask(router, call)).data == [[0.6, 0.8]] * count


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("repeats", [False, True])
async def test_an_endpoint_that_knows_no_chat_is_asked_in_one_text(bare: bool, repeats: bool) -> None:
    async with serving(FakeEndpoint(bare=bare, repeats=repeats)) as endpoint:
        result = await ask(endpoint, chat("Where?", model="shore/endpoint", max_tokens=5, temperature=0, system="Be."))
    assert (result.text, result.finish) == ("I rest.", "stop")
    assert endpoint.asked[0]["inputs"] == "System: Be.\nUser: Where?\nAssistant:"
    wanted = {"return_full_text": False, "max_new_tokens": 5, "do_sample": False, "stop": ["\nUser:"]}
    assert endpoint.asked[0]["parameters"] == wanted


async def test_an_endpoint_goes_on_from_a_text() -> None:
    async with serving(FakeEndpoint()) as endpoint:
        call = Call(task=TEXT_GENERATION, model="shore/mine", inputs={"inputs": "Once"})
        assert (await ask(endpoint, call, models=("mine",))).text == endpoint.says


async def test_an_endpoint_that_wakes_up_says_how_long_and_a_gated_model_why() -> None:
    loading = (503, {"error": "Model is currently loading", "estimated_time": 12.5}, {})
    async with serving(FakeEndpoint(refuse=loading)) as endpoint:
        with pytest.raises(Busy, match="loading") as caught:
            await ask(endpoint, chat(model="shore/endpoint"))
    assert caught.value.retry_after == 13
    gated = (403, {"error": "Access to model acme/tiny-llm is gated"}, {})
    async with serving(FakeRouter(refuse=gated)) as router:
        with pytest.raises(ModelFailed, match="gated"):
            await ask(router, chat(model=f"shore/{MODEL}"))


def test_what_is_no_text_is_refused() -> None:
    picture = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]
    with pytest.raises(BadRequest, match="text only"):
        _plain.prompt(picture)
    with pytest.raises(BadRequest, match="min_p"):
        _plain.body("shore", chat(min_p=0.1))
