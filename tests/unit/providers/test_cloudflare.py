"""Cloudflare Workers AI in its two languages."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.fakes import cloudflare_service as twin
from tests.fakes.cloudflare_service import ACCOUNT, MODEL, MP3, PNG, FakeCloudflare, failed, row, serving
from tests.fakes.service import KEY
from tests.unit.providers.conftest import chat, opened

from serai.backend import collect
from serai.errors import BadRequest, Busy, ModelFailed, ModelNotFound, TimedOut, WrongTask
from serai.tasks import media
from serai.types import FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING, Call, Result

PICTURE, SOUND = media.pack(PNG, "image/png"), media.pack(MP3, "audio/mpeg")
HEARING = "automatic-speech-recognition"
TINY = f"shore/{MODEL}"


def call(task: str, model: str = MODEL, settings: dict[str, Any] | None = None, **inputs: Any) -> Call:
    return Call(task=task, model=f"shore/{model}", inputs=inputs, settings=settings or {})


async def ask(service: FakeCloudflare, asked: Call, **more: Any) -> Result:
    async with opened(service.url, "cloudflare", **more) as backend:
        return await collect(backend.run(asked))


async def answered(task: str, model: str, settings: dict[str, Any] | None = None, **inputs: Any) -> tuple[Any, Any]:
    """What a model of this name answers, and what it was sent."""
    async with serving(FakeCloudflare(models=[row(model)])) as service:
        result = await ask(service, call(task, model, settings, **inputs))
    return (result.text if result.data is None else result.data), service.asked[0]


async def test_the_twin_is_what_the_official_client_takes_it_for() -> None:
    sdk = pytest.importorskip("cloudflare", reason="requirements/dev.txt is not installed")
    fake = FakeCloudflare(["a", "b"], models=[row(MODEL), row("@cf/embed", "Text Embeddings")])
    async with serving(fake) as service:
        client = sdk.AsyncCloudflare(api_token=KEY, base_url=service.url, max_retries=0)
        async with client:
            assert [account.id async for account in client.accounts.list()] == [ACCOUNT]
            listed = client.ai.models.list(account_id=ACCOUNT)
            assert [model["name"] async for model in listed] == [MODEL, "@cf/embed"]
            assert (await client.ai.run(MODEL, account_id=ACCOUNT, prompt="x"))["response"] == "ab"
            assert (await client.ai.run("@cf/embed", account_id=ACCOUNT, text=["a"]))["shape"] == [2, 2]
            with pytest.raises(sdk.BadRequestError) as caught:
                await client.ai.run("@cf/nobody", account_id=ACCOUNT, text="a")
    assert caught.value.errors[0].code == 5007


async def test_models_of_all_pages_are_listed_by_what_they_are_for() -> None:
    rows = [row(f"@cf/x/m{number}") for number in range(100)]
    rows += [row("@cf/baai/bge", "Text Embeddings"), row("@cf/baai/bge-reranker", "Text Classification")]
    rows += [row("@cf/x/sd-img2img", "Text-to-Image"), row("@cf/x/vad", "Voice Activity Detection"), row("bad name")]
    rows += [row(MODEL, context_window="8192")]
    async with serving(FakeCloudflare(models=rows)) as service, opened(service.url, "cloudflare") as backend:
        found = {model.name.removeprefix("shore/"): model for model in await backend.models()}
    assert len(found) == 104 and "@cf/x/vad" not in found
    assert found["@cf/baai/bge"].task == FEATURE_EXTRACTION and found["@cf/baai/bge-reranker"].task == TEXT_RANKING
    assert found["@cf/x/sd-img2img"].task == "image-to-image" and found[MODEL].context_length == 8192


async def test_prices_are_taken_from_the_list_where_it_tells_both() -> None:
    told = [
        {"unit": f"per M {name} tokens", "price": cost, "currency": "USD"}
        for name, cost in (("input", 0.3), ("output", 2))
    ]
    rows = [row(MODEL, price=told), row("@cf/half", price=told[:1]), row("@cf/none")]
    async with serving(FakeCloudflare(models=rows)) as service, opened(service.url, "cloudflare") as backend:
        await backend.models()
        quotes = [backend.quoted(name) for name in (MODEL, "@cf/half", "@cf/none")]  # type: ignore[attr-defined]
    assert (quotes[0]["input"], quotes[0]["output"], quotes[0]["currency"]) == (0.3, 2.0, "USD")
    assert quotes[1:] == [None, None]


@pytest.mark.parametrize("below", ["", f"/accounts/{ACCOUNT}", f"/accounts/{ACCOUNT}/ai/v1", f"/accounts/{ACCOUNT}/ai"])
async def test_the_account_stands_in_the_url_or_is_the_keys_only_one(below: str) -> None:
    async with serving(FakeCloudflare(["a", "b"])) as service, opened(service.url + below, "cloudflare") as backend:
        result = await collect(backend.run(chat(model=TINY, top_k=3, system="Be.")))
        assert [model.name for model in await backend.models()] == [TINY]
    assert result.text == "ab" and result.usage.prompt_tokens == 5
    assert (service.asked[0]["model"], service.asked[0]["top_k"]) == (MODEL, 3)


@pytest.mark.parametrize("accounts", [(), ("one", "two"), ("../../zones",)])
async def test_of_several_accounts_none_is_guessed(accounts: tuple[str, ...]) -> None:
    async with serving(FakeCloudflare(accounts=accounts)) as service:
        with pytest.raises(BadRequest, match="which account"):
            await ask(service, chat(model=TINY))
    assert service.asked == []


async def test_an_account_that_is_not_known_is_said() -> None:
    async with serving(FakeCloudflare()) as service, opened(f"{service.url}/accounts/other", "cloudflare") as backend:
        with pytest.raises(ModelFailed, match="account in its URL"):
            await collect(backend.run(chat(model=TINY)))


@pytest.mark.parametrize(("longest", "finish"), [(2, "length"), (9, "stop")])
async def test_a_text_is_gone_on_with_in_its_own_language(longest: int, finish: str) -> None:
    async with serving(FakeCloudflare(["سلام", " 🙂"])) as service:
        result = await ask(service, call(TEXT_GENERATION, settings={"max_tokens": longest}, inputs="once"))
    assert (result.text, result.finish, result.usage.completion_tokens) == ("سلام 🙂", finish, 2)
    assert service.asked[0] == {"prompt": "once", "raw": True, "stream": True, "max_tokens": longest}


async def test_vectors_rankings_and_labels() -> None:
    data, asked = await answered(FEATURE_EXTRACTION, "@cf/embed", inputs=["a", "b"])
    assert data == [[0.6, 0.8]] * 2 and asked == {"text": ["a", "b"]}
    data, asked = await answered(TEXT_RANKING, "@cf/rerank", query="q", texts=["a", "b"])
    assert data == [{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}]
    assert asked == {"query": "q", "contexts": [{"text": "a"}, {"text": "b"}], "top_k": 2}
    data, _ = await answered("text-classification", "@cf/sentiment", {"top_k": 1}, inputs="good")
    assert data == [{"label": "POSITIVE", "score": 0.75}]


async def test_translations_and_summaries() -> None:
    settings = {"src_lang": "en", "tgt_lang": "fr"}
    data, asked = await answered("translation", "@cf/m2m", settings, inputs="hello")
    assert data == "bonjour" and asked == {"text": "hello", "source_lang": "en", "target_lang": "fr"}
    with pytest.raises(BadRequest, match="language"):
        await answered("translation", "@cf/m2m", inputs="hello")
    data, asked = await answered("summarization", "@cf/bart", {"generate_parameters": {"max_length": 9}}, inputs="long")
    assert data == "short" and asked == {"input_text": "long", "max_length": 9}


async def test_pictures_are_painted_and_changed() -> None:
    settings = {"num_inference_steps": 4, "seed": 1}
    data, asked = await answered("text-to-image", "@cf/flux-1-schnell", settings, inputs="a cat")
    assert data == {"image": PICTURE} and asked == {"prompt": "a cat", "steps": 4, "seed": 1}
    data, asked = await answered("text-to-image", "@cf/diffusion", {**settings, "guidance_scale": 2}, inputs="a cat")
    assert data == {"image": PICTURE}
    assert asked == {"prompt": "a cat", "num_steps": 4, "seed": 1, "guidance": 2}
    data, asked = await answered("image-to-image", "@cf/img2img", {"prompt": "night"}, inputs=PICTURE)
    assert data == {"image": PICTURE} and base64.b64decode(asked["image_b64"]) == PNG
    with pytest.raises(BadRequest, match="what shall be seen"):
        await answered("image-to-image", "@cf/img2img", inputs=PICTURE)


async def test_pictures_are_looked_at() -> None:
    data, asked = await answered("image-classification", "@cf/resnet", {"top_k": 1}, inputs=PICTURE)
    assert data == [{"label": "cat", "score": 0.5}] and asked == PNG
    data, _ = await answered("object-detection", "@cf/detr", {"threshold": 0.5}, inputs=PICTURE)
    assert data == [{"label": "cat", "score": 0.9, "box": {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}}]
    data, asked = await answered("image-to-text", "@cf/uform", {"max_new_tokens": 9}, inputs=PICTURE)
    assert data == "a caravan" and asked == {"image": list(PNG), "max_tokens": 9}


@pytest.mark.parametrize("model", ["whisper", "turbo", "nova"])
async def test_speech_is_heard_with_its_times(model: str) -> None:
    data, asked = await answered(HEARING, f"@cf/{model}", {"return_timestamps": "word"}, inputs=SOUND)
    assert data["text"] == "hello there"
    assert data["chunks"][1] == {"text": "there", "timestamp": [0.5, 1.0]}
    assert asked == ({"audio": base64.b64encode(MP3).decode()} if model == "turbo" else MP3)
    data, _ = await answered(HEARING, f"@cf/{model}", {"return_timestamps": "segment"}, inputs=SOUND)
    assert data["chunks"] == [{"text": "hello there", "timestamp": [0.0, 1.0]}]


async def test_what_one_model_hears_another_does_not() -> None:
    data, asked = await answered(HEARING, "@cf/turbo", {"language": "en", "translate": True}, inputs=SOUND)
    assert (asked["language"], asked["task"]) == ("en", "translate")
    assert (data["language"], data["duration"]) == ("en", 1.0)
    with pytest.raises(BadRequest, match="language"):
        await answered(HEARING, "@cf/whisper", {"language": "en"}, inputs=SOUND)


@pytest.mark.parametrize(("model", "field"), [("@cf/melotts", "prompt"), ("@cf/aura", "text")])
async def test_texts_are_read_aloud(model: str, field: str) -> None:
    data, asked = await answered("text-to-speech", model, inputs="hello")
    assert data == {"audio": SOUND, "sampling_rate": 44_100} and asked[field] == "hello"
    with pytest.raises(BadRequest, match="MP3"):
        await answered("text-to-speech", model, {"format": "wav"}, inputs="hello")


@pytest.mark.parametrize(
    ("refusal", "kind", "words"),
    [
        ((401, failed(10000, "Authentication error"), {}), ModelFailed, "refused the key"),
        ((403, failed(5016, "agree to the terms"), {}), ModelFailed, "agree to the terms"),
        ((403, failed(9109, "Invalid access token"), {}), ModelFailed, "refused the key"),
        ((429, failed(3040, "Out of capacity"), {"retry-after": "7"}), Busy, "Out of capacity"),
        ((400, failed(5007, "No such model"), {}), ModelNotFound, "no model"),
        ((400, failed(5004, "bad data"), {}), BadRequest, "bad data"),
        ((408, failed(3007, "slow"), {}), TimedOut, "slow"),
        ((302, {}, {"location": "http://127.0.0.1:9"}), ModelFailed, "redirects"),
        ((200, failed(1, "inner"), {}), ModelFailed, "inner"),
        ((200, {"odd": 1}, {}), ModelFailed, "no answer"),
    ],
)
async def test_every_refusal_becomes_its_error(refusal: Any, kind: type[Exception], words: str) -> None:
    async with serving(FakeCloudflare(refuse=refusal)) as service:
        with pytest.raises(kind, match=words):
            async with opened(f"{service.url}/accounts/{ACCOUNT}", "cloudflare") as backend:
                await collect(backend.run(call(FEATURE_EXTRACTION, inputs="a")))


@pytest.mark.parametrize(
    ("faults", "kind", "words"),
    [
        ({"cut_after": 1}, ModelFailed, "broke"),
        ({"raw_after": 1, "raw": b"data: {no json\n\n"}, ModelFailed, "no answer"),
        ({"raw_after": 1, "raw": twin.event(failed(3040, "no more room"))}, ModelFailed, "no more room"),
        ({"raw_after": 1, "raw": b": silence\n"}, TimedOut, "silent"),
    ],
)
async def test_faults_in_the_middle_are_blamed_on_it(faults: Any, kind: type[Exception], words: str) -> None:
    async with serving(FakeCloudflare(**faults)) as service:
        with pytest.raises(kind, match=words) as caught:
            await ask(service, call(TEXT_GENERATION, inputs="once"), patience_s=0.2)
    assert caught.value.who == "shore"  # type: ignore[attr-defined]


async def test_what_it_does_not_have_is_said_before_anything_is_asked() -> None:
    refused = [
        chat(model=TINY, min_p=0.1),
        call(TEXT_GENERATION, inputs=[1, 2]),
        call(FEATURE_EXTRACTION, inputs=[[1, 2]]),
        call("image-classification", inputs="data:image/png;base64,A"),
    ]
    async with serving(FakeCloudflare()) as service:
        for asked in refused:
            with pytest.raises(BadRequest):
                await ask(service, asked)
        with pytest.raises(WrongTask, match="fill-mask"):
            await ask(service, call("fill-mask", inputs="a"))
        assert service.asked == [] and service.shown == []


async def test_check_says_whether_the_key_is_taken() -> None:
    from serai.providers.checking import check

    async with serving(FakeCloudflare()) as service:
        for key, state in ((KEY, "accepted"), ("wrong", "refused")):
            async with opened(service.url, "cloudflare", keys=(key,)) as backend:
                assert (await check(backend, has_key=True)).key == state
