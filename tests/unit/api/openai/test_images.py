"""The official client has pictures made, and texts judged, over a scripted model."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import openai
import pytest
import pytest_asyncio
from tests.fakes.scripted import ScriptedBackend

from serai.tasks.media import WHITE, unpack
from serai.types import Delta, Model

PNG = unpack(WHITE)[0]


@pytest_asyncio.fixture
async def able(client: Any) -> Callable[..., Any]:
    """Gives the client a model for a task that answers so."""

    def make(task: str, *script: Any) -> Any:
        client.backend = ScriptedBackend([Model(name="able", task=task)], script, name="able")
        client.api.services.router.backends.append(client.backend)
        return client

    return make


async def test_pictures_of_words(able: Callable[..., Any]) -> None:
    client = able("text-to-image", Delta(data={"image": WHITE}))
    told = await client.images.generate(
        prompt="a camel", model="auto", n=2, size="64x32", quality="high", extra_body={"seed": 4}
    )
    assert [base64.b64decode(one.b64_json) for one in told.data] == [PNG, PNG] and told.created
    first, second = sorted(client.backend.calls, key=lambda call: call.settings["seed"])
    assert first.settings == {"seed": 4, "width": 64, "height": 32} and second.settings["seed"] == 5
    assert first.inputs == {"inputs": "a camel"}


async def test_a_picture_as_an_address(able: Callable[..., Any]) -> None:
    client = able("text-to-image", Delta(data={"image": WHITE}))
    told = await client.images.generate(prompt="a camel", model="able", response_format="url")
    assert told.data[0].url == WHITE


async def test_a_picture_is_changed(able: Callable[..., Any]) -> None:
    client = able("image-to-image", Delta(data={"image": WHITE}))
    await client.images.edit(image=("a.png", PNG), mask=("m.png", PNG), prompt="at night", model="able", size="8x8")
    call = client.backend.calls[0]
    assert call.inputs == {"inputs": WHITE, "mask": WHITE}
    assert call.settings == {"prompt": "at night", "target_size": {"width": 8, "height": 8}}


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
async def test_pictures_like_a_picture(able: Callable[..., Any]) -> None:
    client = able("image-to-image", Delta(data={"image": WHITE}))
    told = await client.images.create_variation(image=("a.png", PNG), model="able", n=2)
    assert len(told.data) == 2 and client.backend.calls[0].inputs == {"inputs": WHITE}


@pytest.mark.parametrize(
    ("field", "value"),
    [("prompt", ""), ("n", 11), ("n", 0), ("size", "big"), ("size", "0x8"), ("stream", True), ("response_format", "x"),
     ("background", "transparent"), ("output_format", "webp"), ("model", 3)],
)  # fmt: skip
async def test_what_does_not_fit_is_named(able: Callable[..., Any], field: str, value: Any) -> None:
    client = able("text-to-image", Delta(data={"image": WHITE}))
    with pytest.raises(openai.BadRequestError) as caught:
        await client.images.generate(**{"prompt": "a camel", "model": "able", field: value})
    assert caught.value.param in (field, "width") and not client.backend.calls


async def test_one_picture_is_changed_at_a_time(able: Callable[..., Any]) -> None:
    client = able("image-to-image", Delta(data={"image": WHITE}))
    with pytest.raises(openai.BadRequestError, match="image was given 2 times"):
        await client.images.edit(image=[("a.png", PNG), ("b.png", PNG)], prompt="at night", model="able")
    with pytest.raises(openai.BadRequestError, match="not a picture"):
        await client.images.edit(image=("a.png", b"text"), prompt="at night", model="able")


async def test_where_nobody_paints_that_is_said(client: Any) -> None:
    with pytest.raises(openai.InternalServerError, match="text-to-image") as caught:
        await client.images.generate(prompt="a camel", model="gpt-image-1")
    assert caught.value.status_code == 501


async def test_texts_are_judged(able: Callable[..., Any]) -> None:
    rows = [{"label": "toxic", "score": 0.75}, {"label": "severe_toxic", "score": 0.25}, {"label": "V", "score": 0.1}]
    client = able("text-classification", Delta(data=rows))
    told = await client.moderations.create(input=["bad", "worse"], model="auto")
    assert told.model == "able" and len(told.results) == 2
    judged = told.results[0]
    assert judged.flagged and judged.categories.harassment and not judged.categories.violence
    assert (judged.category_scores.harassment, judged.category_scores.violence) == (0.75, 0.1)
    assert judged.category_applied_input_types.violence == ["text"]
    assert judged.category_applied_input_types.self_harm == []
    assert [call.inputs["inputs"] for call in client.backend.calls] == ["bad", "worse"]


async def test_parts_are_one_text(able: Callable[..., Any]) -> None:
    client = able("text-classification", Delta(data=[{"label": "toxic", "score": 0.1}]))
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert not (await client.moderations.create(input=parts)).results[0].flagged
    assert client.backend.calls[0].inputs == {"inputs": "a\nb"}


async def test_a_model_that_knows_nothing_of_harm_is_no_judge(able: Callable[..., Any]) -> None:
    client = able("text-classification", Delta(data=[{"label": "POSITIVE", "score": 0.9}]))
    with pytest.raises(openai.BadRequestError, match="POSITIVE"):
        await client.moderations.create(input="nice")


@pytest.mark.parametrize(
    "given", ["", [], [""], [3], 3, [{"type": "image_url", "image_url": {"url": "x"}}], ["x"] * 257]
)
async def test_what_is_no_text_is_not_judged(able: Callable[..., Any], given: Any) -> None:
    client = able("text-classification", Delta(data=[]))
    with pytest.raises(openai.BadRequestError) as caught:
        await client.moderations.create(input=given)
    assert caught.value.param.startswith("input")
