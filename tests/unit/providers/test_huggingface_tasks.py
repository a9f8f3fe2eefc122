"""Every task behind the router and at an Endpoint: asked as the official client asks, answered as the task promises."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import InferenceClient
from tests.fakes.hub_tasks import ANSWERS, PICTURE, SOUND
from tests.fakes.huggingface import BEHIND, MODEL, FakeEndpoint, FakeRouter, serving
from tests.fakes.service import KEY
from tests.unit.providers.conftest import opened

from serai.backend import collect
from serai.errors import BadRequest, Busy, ModelFailed, ModelNotFound, TimedOut, Unreachable, WrongTask
from serai.outside import Outside
from serai.providers import _hub_answers
from serai.tasks import media
from serai.tasks.families import family_of
from serai.types import FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING, Answerer, Call, Result

WHO = Answerer(model="m", backend="b")
TASKS = sorted(ANSWERS.keys() - {TEXT_GENERATION})
SHOWN = media.pack(PICTURE, "image/png")
HEARD = media.pack(SOUND, "audio/wav")


def example(task: str, model: str | None = None, **settings: Any) -> Call:
    family = family_of(task)
    assert family is not None
    return Call(task=task, model=model or f"shore/acme/{task}", inputs=family.examples[0].inputs, settings=settings)


async def ask(twin: FakeRouter | FakeEndpoint, call: Call, **more: Any) -> Result:
    async with serving(twin), opened(twin.url, "huggingface", **more) as backend:
        await backend.models()
        return await collect(backend.run(call))


OFFICIAL: dict[str, Callable[[InferenceClient, dict[str, Any]], Any]] = {
    "text-classification": lambda client, of: client.text_classification(of["inputs"]),
    "token-classification": lambda client, of: client.token_classification(of["inputs"]),
    "fill-mask": lambda client, of: client.fill_mask(of["inputs"]),
    "zero-shot-classification": lambda client, of: client.zero_shot_classification(
        of["inputs"], of["candidate_labels"]
    ),
    "question-answering": lambda client, of: client.question_answering(of["question"], of["context"]),
    "table-question-answering": lambda client, of: client.table_question_answering(of["table"], of["query"]),
    "summarization": lambda client, of: client.summarization(of["inputs"]),
    "translation": lambda client, of: client.translation(of["inputs"]),
    "image-classification": lambda client, of: client.image_classification(PICTURE),
    "object-detection": lambda client, of: client.object_detection(PICTURE),
    "image-segmentation": lambda client, of: client.image_segmentation(PICTURE),
    "image-to-text": lambda client, of: client.image_to_text(PICTURE),
    "image-to-image": lambda client, of: client.image_to_image(PICTURE),
    "zero-shot-image-classification": lambda client, of: client.zero_shot_image_classification(
        PICTURE, of["candidate_labels"]
    ),
    "visual-question-answering": lambda client, of: client.visual_question_answering(PICTURE, of["question"]),
    "document-question-answering": lambda client, of: client.document_question_answering(PICTURE, of["question"]),
    "text-to-image": lambda client, of: client.text_to_image(of["inputs"]),
    "text-to-speech": lambda client, of: client.text_to_speech(of["inputs"]),
    "automatic-speech-recognition": lambda client, of: client.automatic_speech_recognition(
        media.unpack(of["inputs"])[0]
    ),
    "audio-classification": lambda client, of: client.audio_classification(media.unpack(of["inputs"])[0]),
    "audio-to-audio": lambda client, of: client.audio_to_audio(media.unpack(of["inputs"])[0]),
    "tabular-classification": lambda client, of: client.tabular_classification(of["table"]),
    "feature-extraction": lambda client, of: client.feature_extraction(of["inputs"]),
}


@pytest.mark.parametrize("task", sorted(OFFICIAL))
async def test_a_task_is_asked_as_the_official_client_asks_it(task: str) -> None:
    twin, call = FakeEndpoint(does=task), example(task)
    async with serving(twin), opened(twin.url, "huggingface", models=(f"mine={task}",)) as backend:
        call.model, call.settings = "shore/mine", {"multi_label": False} if task == "zero-shot-classification" else {}
        await collect(backend.run(call))
        client = InferenceClient(model=twin.url, token=KEY)
        with contextlib.suppress(ImportError):  # it opens pictures with a library that is not always here
            await asyncio.to_thread(OFFICIAL[task], client, dict(call.inputs))
    ours, theirs = twin.asked
    theirs.pop("kind", None)  # for bytes it says none
    ours.pop("kind", None)
    assert ours | {"parameters": {}} == theirs | {"parameters": {}} or ours == theirs
    assert ours.get("parameters", {}) == theirs.get("parameters", {})


@pytest.mark.parametrize("task", TASKS)
async def test_every_task_is_answered_as_it_promises(task: str) -> None:
    result = await ask(FakeRouter(), example(task))
    assert result.finish == "stop" and (result.text or result.data)
    own = ANSWERS[task]
    expected: dict[str, Any] = {
        "text-classification": own[0] if isinstance(own, list) else None,
        "question-answering": [own],
        "image-segmentation": [{"label": "a", "score": 0.9, "mask": SHOWN}],
        "audio-to-audio": [{"label": "clean", "audio": HEARD}],
        "text-to-image": {"image": SHOWN},
        "image-to-image": {"image": SHOWN},
        "text-to-speech": {"audio": HEARD, "sampling_rate": 16_000},
        "feature-extraction": [[0.6, 0.8]],
    }
    if family_of(task).shown == "text" or task in _hub_answers._WRITTEN:  # type: ignore[union-attr]
        assert result.text == next(iter(own[0].values()))
    else:
        assert result.data == expected.get(task, own)


async def test_a_model_that_the_router_does_not_list_is_found_with_its_task() -> None:
    async with serving(FakeRouter()) as router, opened(router.url, "huggingface") as backend:
        await backend.models()
        assert (await backend.find("shore/acme/fill-mask")).task == "fill-mask"
        assert await backend.find("shore/acme/nothing") is None
        assert await backend.find("shore/acme/fill-mask:groq") is None
        assert router.looked == [""] * 2, "the hub is shown no key, and asked once"


async def test_a_hub_that_is_away_is_named_as_such() -> None:
    async with serving(FakeRouter()) as router, opened(router.url, "huggingface") as backend:
        await backend.models()
        backend._mapped._hub = "http://127.0.0.1:9"  # type: ignore[attr-defined]
        with pytest.raises(Unreachable, match="who runs"):
            await backend.find("shore/acme/other")


PICTURES = {"status": "live", "task": "text-to-image"}


@pytest.mark.parametrize(
    ("provider", "task", "name", "settings"),
    [
        ("together", "text-to-image", "flux", {"width": 64, "height": 64, "num_inference_steps": 3}),
        ("nscale", "text-to-image", "flux", {"width": 64, "height": 64}),
        ("fal-ai", "text-to-image", "fal-ai/flux/schnell", {"width": 64, "height": 64, "seed": 3}),
        ("fal-ai", "automatic-speech-recognition", "fal-ai/whisper", {}),
        ("deepinfra", FEATURE_EXTRACTION, "bge", {}),
        ("together", TEXT_GENERATION, "base", {"max_tokens": 3}),
    ],
)
async def test_other_providers_are_asked_in_their_own_words(
    provider: str, task: str, name: str, settings: dict[str, Any]
) -> None:
    row = {"status": "live", "providerId": name, "task": task}
    twin = FakeRouter(mapping={"org/thing": {"elsewhere": {**row, "status": "error"}, provider: row}})
    call = example(task, "shore/org/thing", **settings)
    call.inputs = {"inputs": "Once"} if task == TEXT_GENERATION else call.inputs
    result = await ask(twin, call)
    assert result.text or result.data
    assert twin.asked[0]["path"] in BEHIND and twin.asked[0]["path"].startswith(f"/{provider}/")
    assert twin.asked[0].get("model", name) == name


@pytest.mark.parametrize(
    ("provider", "task", "name"),
    [
        ("fal-ai", "text-to-image", "elsewhere"),
        ("fal-ai", "text-to-speech", "speaks"),
        ("replicate", "text-to-image", "acme/painter"),
        ("replicate", "text-to-speech", "acme/voice:abc123"),
    ],
)
async def test_what_lies_at_another_host_is_fetched_without_the_key(provider: str, task: str, name: str) -> None:
    row = {"status": "live", "providerId": name, "task": task}
    twin = FakeRouter(mapping={"org/thing": {provider: row}})
    data = (await ask(twin, example(task, "shore/org/thing"), outside=Outside(lambda: True, lambda: True))).data
    assert data.get("image", SHOWN) == SHOWN and data.get("audio", HEARD) == HEARD
    assert twin.fetched == [""]
    assert twin.asked[0].get("version") == (name.partition(":")[2] or None)


@pytest.mark.parametrize(
    ("outside", "provider", "name", "words"),
    [
        ((True, False), "fal-ai", "elsewhere", "private network"),
        ((False, True), "fal-ai", "elsewhere", "set to fetch"),
        ((True, True), "fal-ai", "nowhere", "status 404"),
        ((True, True), "fal-ai", "speaks", "no answer"),
        ((True, True), "replicate", "acme/broken", "Out of paint"),
    ],
)
async def test_what_cannot_be_fetched_is_said(outside: tuple[bool, bool], provider: str, name: str, words: str) -> None:
    twin = FakeRouter(
        mapping={"org/thing": {provider: {"status": "live", "providerId": name, "task": "text-to-image"}}}
    )
    guarded = Outside(lambda: outside[0], lambda: outside[1])
    with pytest.raises(ModelFailed, match=words):
        await ask(twin, example("text-to-image", "shore/org/thing"), outside=guarded)


async def test_what_is_not_made_within_a_minute_is_no_answer() -> None:
    row = {"status": "live", "providerId": "acme/slow", "task": "text-to-image"}
    with pytest.raises(TimedOut, match="within a minute"):
        await ask(FakeRouter(mapping={"org/thing": {"replicate": row}}), example("text-to-image", "shore/org/thing"))


async def test_who_cannot_be_asked_is_said_in_words() -> None:
    row = {"status": "live", "providerId": "elsewhere", "task": "text-to-image"}
    twin = FakeRouter(mapping={"org/thing": {"fal-ai": row, "novita": row}})
    async with serving(twin), opened(twin.url, "huggingface") as backend:
        with pytest.raises(WrongTask, match="Nobody") as caught:
            await collect(backend.run(example("text-to-image", "shore/org/thing:novita")))
        assert "text-to-image at fal-ai" in caught.value.hint
        with pytest.raises(ModelNotFound):
            await collect(backend.run(example("text-to-image", "shore/org/thing:nscale")))
        with pytest.raises(BadRequest, match="speed or price"):
            await collect(backend.run(example("text-to-image", "shore/org/thing:cheapest")))
        with pytest.raises(BadRequest, match="scheduler"):
            await collect(backend.run(example("text-to-image", "shore/org/thing", scheduler="Euler")))


@pytest.mark.parametrize(("task", "field", "value"), [("text-to-speech", "speed", 2.0)])
async def test_a_setting_that_is_not_there_is_refused_by_name(task: str, field: str, value: Any) -> None:
    with pytest.raises(BadRequest, match=field):
        await ask(FakeRouter(), example(task, **{field: value}))


async def test_speech_is_written_down_with_whispers_own_settings() -> None:
    twin = FakeEndpoint(does="automatic-speech-recognition")
    call = example("automatic-speech-recognition", "shore/ear", language="fa", return_timestamps="segment")
    assert (await ask(twin, call, models=("ear=automatic-speech-recognition",))).data["text"] == "The inn is open."
    wanted = {"return_timestamps": True, "generation_parameters": {"language": "fa"}}
    assert twin.asked[0]["parameters"] == wanted and isinstance(twin.asked[0]["inputs"], str)


@pytest.mark.parametrize(
    ("about", "task"),
    [
        ({"model_type": {"reranker": {}}}, TEXT_RANKING),
        ({"model_type": {"embedding": {"pooling": "cls"}}}, FEATURE_EXTRACTION),
        ({"model_pipeline_tag": "text-generation"}, TEXT_GENERATION),
    ],
)
async def test_an_endpoint_tells_its_task(about: dict[str, Any], task: str) -> None:
    async with serving(FakeEndpoint(about=about)) as twin, opened(twin.url, "huggingface") as backend:
        (model,) = await backend.models()
        assert (model.name, model.task) == ("shore/endpoint", task)


async def test_an_endpoint_ranks() -> None:
    twin = FakeEndpoint(about={"model_type": {"reranker": {}}})
    result = await ask(twin, example(TEXT_RANKING, "shore/endpoint"))
    assert [row["index"] for row in result.data] == [1, 0]


async def test_an_endpoint_that_loads_says_how_long_for_any_task() -> None:
    loading = (503, {"error": "Model acme/mask is currently loading", "estimated_time": 20.0}, {})
    with pytest.raises(Busy, match="loading") as caught:
        await ask(FakeEndpoint(does="fill-mask", refuse=loading), example("fill-mask", "shore/mine"), models=("mine",))
    assert caught.value.retry_after == 20


@pytest.mark.parametrize("answer", [{}, [{}], [[{"label": "a"}]], "text", None, 3, [{"label": "a", "score": "x"}]])
@pytest.mark.parametrize("task", ["text-classification", "object-detection", "summarization", "image-segmentation"])
def test_nonsense_is_no_answer(task: str, answer: Any) -> None:
    with pytest.raises((KeyError, TypeError, AttributeError, IndexError, ValueError)):
        _hub_answers.answered(task, answer, WHO)


@pytest.mark.parametrize("content", [b"", b"<html>", SOUND])
def test_a_picture_that_is_none_is_no_answer(content: bytes) -> None:
    with pytest.raises(ValueError, match="no file"):
        _hub_answers.file("text-to-image", content, "text/html", WHO)


async def test_prices_are_told_by_model_and_provider() -> None:
    async with serving(FakeRouter()) as router, opened(router.url, "huggingface") as backend:
        assert backend.quoted(MODEL) is None
        await backend.models()
        quote = backend.quoted(f"{MODEL}:together")
        assert (quote["input"], quote["output"], quote["currency"]) == (0.2, 0.6, "USD") and quote["seen_at"] > 0
        assert backend.quoted(MODEL) == quote and backend.quoted(f"{MODEL}:groq") is None
