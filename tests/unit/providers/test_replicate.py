"""Replicate's predictions; its own client makes the same ones."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.replicate_service import FILE, MODEL, PNG, TINY, VERSION, FakeReplicate, event, row, said, serving
from tests.fakes.service import KEY
from tests.fakes.waiting import until
from tests.unit.providers.conftest import chat, opened

from serai.backend import collect
from serai.errors import BadRequest, Busy, ModelFailed, ModelNotFound, TimedOut, WrongTask
from serai.outside import Outside
from serai.providers._replicate_facts import of_model
from serai.tasks import media
from serai.types import FEATURE_EXTRACTION, TEXT_GENERATION, Call, Result

NAME = f"shore/{MODEL}"
PICTURE = media.pack(PNG, "image/png")
NEAR, CLOSED = Outside(lambda: True, lambda: True), Outside(lambda: False, lambda: True)
PAINTER = row("acme/painter", "prompt", "seed", "num_steps", "guidance", "width", output=FILE)


def call(task: str, name: str, settings: dict[str, Any] | None = None, **inputs: Any) -> Call:
    return Call(task=task, model=f"shore/{name}", inputs=inputs, settings=settings or {})


def paint(**settings: Any) -> Call:
    return call("text-to-image", "acme/painter", settings, inputs="a cat")


async def ask(service: FakeReplicate, asked: Call, **more: Any) -> Result:
    async with opened(service.url, "replicate", **more) as backend:
        return await collect(backend.run(asked))


async def asleep(service: FakeReplicate) -> bool:
    async def resting() -> bool:
        return service.active == 0

    return await until(resting, 2)


@asynccontextmanager
async def official(service: FakeReplicate, key: str = KEY) -> AsyncIterator[Any]:
    """Replicate's own client, closed as it does not close itself."""
    sdk = pytest.importorskip("replicate", reason="requirements/dev.txt is not installed")
    client = sdk.Client(api_token=key, base_url=service.url.removesuffix("/v1"))
    try:
        yield client
    finally:
        await client._async_client.aclose()


async def test_the_twin_is_what_the_official_client_takes_it_for() -> None:
    async with serving(FakeReplicate(["a", " b\n"])) as service, official(service) as client:
        stream = [str(one) async for one in await client.async_stream(MODEL, input={"prompt": "x"})]
        assert stream == ["a", " b\n", ""]
        prediction = await client.predictions.async_create(version=VERSION, input={"prompt": "x"})
        await prediction.async_cancel()
        assert (await client.predictions.async_get(prediction.id)).status == "canceled"
        assert (await client.models.async_get(MODEL)).id == MODEL
        kept = await client.files.async_create(io.BytesIO(b"sound"))
        assert service.files[kept.id] == b"sound" and await client.files.async_delete(kept.id)
    async with serving(FakeReplicate(output=["made"])) as service, official(service) as client:
        assert await client.async_run(MODEL, input={"prompt": "x"}, use_file_output=False) == ["made"]
        assert (await client.collections.async_get("language-models")).slug == "language-models"


async def test_a_chat_streams_with_its_spaces_and_lines() -> None:
    async with serving(FakeReplicate(["سلام", " 🙂", "\n", "  x"])) as service:
        result = await ask(service, chat(model=NAME, system="Be.", max_tokens=9, stop=["a", "b"]))
    assert (result.text, result.finish, result.usage.completion_tokens) == ("سلام 🙂\n  x", "stop", 4)
    wanted = {"prompt": "hello", "system_prompt": "Be.", "max_tokens": 9, "stop_sequences": "a,b"}
    assert service.asked[0] == {"input": wanted, "stream": True}
    assert service.posted == [(f"/v1/models/{MODEL}/predictions", "")]


@pytest.mark.parametrize("without", [{"streams": False}, {"far": "http://10.1.2.3"}])
async def test_what_cannot_be_streamed_is_looked_at_again_and_again(without: dict[str, Any]) -> None:
    async with serving(FakeReplicate(["a", " b"] * 20, **without)) as service:
        result = await ask(service, chat(model=NAME))
    assert result.text == "a b" * 20


async def test_a_chat_of_several_turns_is_one_text() -> None:
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    told = [{"role": "system", "content": "Be."}, *turns]
    async with serving(FakeReplicate(["x"])) as service:
        await ask(service, replace(chat(model=NAME), inputs={"messages": told}))
    asked = service.asked[0]["input"]
    assert asked["prompt"] == "User: a\nAssistant: b\nUser: c\nAssistant:"
    assert (asked["system_prompt"], asked["stop_sequences"]) == ("Be.", "\nUser:")


async def test_a_model_that_takes_messages_or_pictures_is_given_them() -> None:
    talks, sees = row("acme/talks", "messages", "prompt"), row("acme/sees", "prompt", "image")
    parts = [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": PICTURE}}]
    async with serving(FakeReplicate(["x"], models=[talks, sees])) as service:
        await ask(service, chat(model="shore/acme/talks", system="Be."))
        assert [one["role"] for one in service.asked[0]["input"]["messages"]] == ["system", "user"]
        seen = replace(chat(model="shore/acme/sees"), inputs={"messages": [{"role": "user", "content": parts}]})
        await ask(service, seen)
        assert service.asked[1]["input"] == {"prompt": "?", "image": PICTURE}
        with pytest.raises(BadRequest, match="pictures"):
            await ask(service, replace(seen, inputs={"messages": [{"role": "user", "content": [*parts, parts[1]]}]}))


async def test_a_version_is_asked_by_its_id_and_so_are_models_that_are_not_official() -> None:
    free = row("acme/free", "prompt", official=False)
    async with serving(FakeReplicate(["a"], models=[TINY, free])) as service:
        for name in (f"{MODEL}:{VERSION}", "acme/free"):
            assert (await ask(service, chat(model=f"shore/{name}"))).text == "a"
        with pytest.raises(ModelNotFound):
            await ask(service, chat(model=f"{NAME}:{'e' * 64}"))
    assert [asked["version"] for asked in service.asked] == [VERSION] * 2
    assert service.posted[0][0] == "/v1/predictions"


async def test_models_are_listed_by_their_collections_and_by_hand_with_what_they_are_for() -> None:
    named, other = ("acme/painter", "acme/gone", "no-name", "acme/said=text-to-speech"), [PAINTER]
    async with serving(FakeReplicate(others=other)) as service, opened(service.url, "replicate", models=named) as shore:
        tasks = {model.name: model.task for model in await shore.models()}
    assert (tasks[NAME], tasks["shore/acme/painter"]) == (TEXT_GENERATION, "text-to-image")
    assert tasks["shore/acme/said"] == "text-to-speech"
    assert set(tasks) == {NAME, *(f"shore/{name.partition('=')[0]}" for name in named)}


async def test_any_other_model_says_itself_what_it_is_for() -> None:
    async with serving(FakeReplicate(others=[PAINTER])) as service, opened(service.url, "replicate") as shore:
        found = await shore.find("shore/acme/painter")  # type: ignore[attr-defined]
        assert (found.name, found.task) == ("shore/acme/painter", "text-to-image")
        for name in ("shore/acme/gone", "shore/one", "shore/a/b/c"):
            assert await shore.find(name) is None  # type: ignore[attr-defined]
        service.refuse = (200, ["odd"], {})
        with pytest.raises(ModelFailed, match="no model"):
            await shore.find(f"shore/acme/painter:{VERSION}")  # type: ignore[attr-defined]


async def test_a_schema_shows_what_a_model_is_for() -> None:
    editor = row("acme/editor", "prompt", "input_image", output=FILE)
    editor["latest_version"]["openapi_schema"]["components"]["schemas"]["Input"]["required"] = ["input_image"]
    speaker = row("acme/speaker", "text", "voice", output={"type": "string", "format": "uri"})
    shown = [of_model(model).task for model in (TINY, PAINTER, editor, speaker, row("a/b", output={"type": "object"}))]
    assert shown == [TEXT_GENERATION, "text-to-image", "image-to-image", "text-to-speech", ""]


async def test_a_picture_is_waited_for_and_fetched_with_the_key_from_its_own_address() -> None:
    async with serving(FakeReplicate(models=[PAINTER])) as service:
        service.output = [f"{service.url[:-3]}/out/a.png", "ignored"]
        result = await ask(service, paint(seed=1, num_inference_steps=4, guidance_scale=2))
    assert result.data == {"image": PICTURE} and service.posted[0][1] == "wait=5"
    assert service.asked[0]["input"] == {"prompt": "a cat", "seed": 1, "num_steps": 4, "guidance": 2}
    assert service.shown[-1] == KEY


async def test_from_elsewhere_it_is_fetched_without_the_key_and_under_guard() -> None:
    async with serving(FakeReplicate()) as far, serving(FakeReplicate(models=[PAINTER])) as service:
        service.output = f"{far.url[:-3]}/out/a.png"
        assert (await ask(service, paint(), outside=NEAR)).data == {"image": PICTURE}
        assert far.shown == [""]
        for outside, words in ((Outside(lambda: True, lambda: False), "private network"), (CLOSED, "set to fetch")):
            with pytest.raises(ModelFailed, match=words) as caught:
                await ask(service, paint(), outside=outside)
            assert caught.value.who == "shore" and caught.value.hint
    assert far.shown == [""]


async def test_a_stream_elsewhere_never_sees_the_key() -> None:
    async with serving(FakeReplicate()) as far, serving(FakeReplicate(["a", " b"], far=far.url[:-3])) as service:
        far.predictions = service.predictions
        assert (await ask(service, chat(model=NAME), outside=NEAR)).text == "a b"
        assert far.shown == [""]


@pytest.mark.parametrize("output", ["data:text/html;base64,AAAA", ["file:///etc/passwd"], {"a": 1}, None, [], "x"])
async def test_an_output_that_is_no_picture_is_no_answer(output: Any) -> None:
    async with serving(FakeReplicate(models=[PAINTER], output=output or [])) as service:
        with pytest.raises(ModelFailed):
            await ask(service, paint())


async def test_recordings_texts_and_vectors() -> None:
    ears = row("acme/ears", "audio", "timestamp", "language")
    heard = {"text": " hi ", "chunks": [{"text": "hi", "timestamp": [0, 1]}], "detected_language": "en"}
    hear = call(
        "automatic-speech-recognition", "acme/ears", {"return_timestamps": "word"}, inputs="data:audio/wav;base64,AAAA"
    )
    async with serving(FakeReplicate(models=[ears], output=heard)) as service:
        assert (await ask(service, hear)).data == {
            "text": "hi",
            "language": "en",
            "chunks": [{"text": "hi", "timestamp": [0.0, 1.0]}],
        }
    assert service.asked[0]["input"] == {"audio": "data:audio/wav;base64,AAAA", "timestamp": "word"}
    embeds = row("acme/embeds", texts={"type": "string"})
    async with serving(FakeReplicate(models=[embeds], output=[[3.0, 4.0], [3.0, 4.0]])) as service:
        result = await ask(service, call(FEATURE_EXTRACTION, "acme/embeds", inputs=["a", "b"]))
    assert result.data == [[0.6, 0.8]] * 2 and json.loads(service.asked[0]["input"]["texts"]) == ["a", "b"]


@pytest.mark.parametrize("faults", [{}, {"fails": "no"}, {"stuck": True}])
async def test_a_large_recording_is_kept_there_only_while_it_is_needed(faults: dict[str, Any]) -> None:
    sound = b"RIFF" + b"\0" * 300_000
    hear = call("automatic-speech-recognition", "acme/ears", inputs=media.pack(sound, "audio/wav"))
    async with serving(FakeReplicate(models=[row("acme/ears", "audio")], output="hi", **faults)) as service:
        if faults:
            with pytest.raises((ModelFailed, TimedOut)):
                await ask(service, hear, patience_s=0.3)
        else:
            assert (await ask(service, hear)).data == {"text": "hi"}
        ((name, content),) = service.files.items()
    assert service.asked[0]["input"] == {"audio": f"{service.url}/files/{name}"}
    assert content == sound and service.forgotten == [name]


@pytest.mark.parametrize(
    ("faults", "kind", "words"),
    [
        ({"fails": "NSFW content"}, ModelFailed, "NSFW content"),
        ({"stops": True}, ModelFailed, "cancelled at shore"),
        ({"cut_after": 1}, ModelFailed, "broke"),
        ({"raw_after": 1, "raw": event("error", '{"detail": "no more room"}')}, ModelFailed, "no more room"),
        ({"raw_after": 1, "raw": b": silence\n"}, TimedOut, "silent"),
        ({"stuck": True, "streams": False}, TimedOut, "silent"),
    ],
)
async def test_faults_are_blamed_on_it_and_nothing_goes_on_there(
    faults: Any, kind: type[Exception], words: str
) -> None:
    async with serving(FakeReplicate(**faults)) as service:
        with pytest.raises(kind, match=words) as caught:
            await ask(service, chat(model=NAME), patience_s=0.3)
        assert caught.value.who == "shore"  # type: ignore[attr-defined]
        assert await asleep(service)


@pytest.mark.parametrize(
    ("refusal", "kind", "words"),
    [
        ((401, said(401, "no valid token", title="Unauthenticated"), {}), ModelFailed, "refused the key"),
        ((402, said(402, "You have insufficient credit"), {}), ModelFailed, "paid"),
        ((422, said(422, "input.prompt is required"), {}), BadRequest, "input.prompt"),
        ((429, said(429, "Request was throttled.", retry_after=7), {}), Busy, "throttled"),
        ((302, {}, {"location": "http://127.0.0.1:9"}), ModelFailed, "redirects"),
        ((201, {"id": "../../x", "status": "starting"}, {}), ModelFailed, "no answer"),
        ((201, {"odd": 1}, {}), ModelFailed, "no answer"),
    ],
)
async def test_every_refusal_becomes_its_error(refusal: Any, kind: type[Exception], words: str) -> None:
    async with serving(FakeReplicate()) as service, opened(service.url, "replicate") as backend:
        await backend.models()
        service.refuse = refusal
        with pytest.raises(kind, match=words) as caught:
            await collect(backend.run(chat(model=NAME)))
    assert not isinstance(caught.value, Busy) or caught.value.retry_after == 7


async def test_a_service_that_is_too_busy_to_say_is_asked_again() -> None:
    async with serving(FakeReplicate(["a"], streams=False, busy=2)) as service:
        assert (await ask(service, chat(model=NAME))).text == "a"


async def test_who_leaves_before_there_is_an_id_leaves_nothing_running() -> None:
    twin = FakeReplicate(models=[PAINTER], output="x", stuck=True)

    async def asked() -> bool:
        return bool(twin.asked)

    async with serving(twin) as service, opened(service.url, "replicate") as backend:
        await backend.models()
        task = asyncio.create_task(collect(backend.run(paint())))
        assert await until(asked, 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asleep(service)
    assert len(service.cancelled) == 1


async def test_a_prediction_that_has_ended_is_not_cancelled() -> None:
    async with serving(FakeReplicate(["a"])) as service, opened(service.url, "replicate") as backend:
        await collect(backend.run(chat(model=NAME)))
    assert service.cancelled == []


async def test_it_is_watched_with_the_key_that_made_it() -> None:
    both = ("one", "two")
    twin = FakeReplicate(["a"] * 50, keys=both, streams=False)
    async with serving(twin) as service, opened(service.url, "replicate", keys=both) as backend:
        stream = backend.run(chat(model=NAME))
        await anext(stream)
        backend._keys.rest("one", 60)  # type: ignore[attr-defined]
        service.shown.clear()
        assert [delta async for delta in stream]
    assert set(service.shown) == {"one"}


async def test_what_it_does_not_have_is_said_before_a_prediction_is_made() -> None:
    refused = [
        chat(model=NAME, min_p=0.1),
        chat(model=NAME, stop=["a,b"]),
        replace(chat(model=NAME), inputs={"messages": [{"role": "user", "content": "a"}], "tools": [{}]}),
        call(TEXT_GENERATION, MODEL, inputs=[1, 2]),
        call("image-to-image", MODEL, inputs=PICTURE),
        call("text-to-speech", MODEL, {"generation_parameters": {"odd": 1}}, inputs="a"),
    ]
    async with serving(FakeReplicate()) as service:
        for asked in refused:
            with pytest.raises(BadRequest):
                await ask(service, asked)
        with pytest.raises(WrongTask, match="fill-mask"):
            await ask(service, call("fill-mask", MODEL, inputs="a"))
        for name in ("nobody", "no/body"):
            with pytest.raises(ModelNotFound):
                await ask(service, chat(model=f"shore/{name}"))
        assert service.asked == []
