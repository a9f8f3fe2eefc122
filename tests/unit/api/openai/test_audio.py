"""The official client hears and speaks, over a scripted model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import openai
import pytest
import pytest_asyncio
from tests.fakes.scripted import ScriptedBackend

from serai.errors import ModelCrashed
from serai.tasks.media import SILENCE, unpack
from serai.types import Delta, Model

WAV = unpack(SILENCE)[0]
FILE = ("a.wav", WAV, "audio/wav")
CHUNKS = [{"text": " Hi.", "timestamp": [0.0, 1.5]}, {"text": " Bye --> now.", "timestamp": [3661.25, None]}]
HEARD = {"text": "Hi. Bye.", "chunks": CHUNKS, "language": "en", "duration": 3662.0}


@pytest_asyncio.fixture
async def able(client: Any) -> Callable[..., Any]:
    """Gives the client a model for a task that answers so."""

    def make(task: str, *script: Any) -> Any:
        client.backend = ScriptedBackend([Model(name="able", task=task)], script, name="able")
        client.api.services.router.backends.append(client.backend)
        return client

    return make


async def test_a_transcription(able: Callable[..., Any]) -> None:
    client = able("automatic-speech-recognition", Delta(data=HEARD))
    asked = {"language": "en", "prompt": "Sarah", "temperature": 0.5}
    told = await client.audio.transcriptions.create(file=FILE, model="auto", **asked)
    assert (told.text, told.usage.seconds) == ("Hi. Bye.", 3662)
    (call,) = client.backend.calls
    assert call.inputs == {"inputs": SILENCE} and call.settings == asked


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
async def test_a_translation(able: Callable[..., Any]) -> None:
    client = able("automatic-speech-recognition", Delta(data={"text": "Hi."}))
    assert (await client.audio.translations.create(file=FILE, model="able")).text == "Hi."
    assert client.backend.calls[0].settings == {"translate": True}


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ("text", "Hi. Bye.\n"),
        ("srt", "1\n00:00:00,000 --> 00:00:01,500\nHi.\n\n2\n01:01:01,250 --> 01:01:01,250\nBye → now.\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHi.\n\n01:01:01.250 --> 01:01:01.250\nBye → now.\n"),
    ],
)
async def test_text_and_subtitles(able: Callable[..., Any], shape: str, text: str) -> None:
    client = able("automatic-speech-recognition", Delta(data=HEARD))
    assert await client.audio.transcriptions.create(file=FILE, model="auto", response_format=shape) == text


async def test_words_and_segments(able: Callable[..., Any]) -> None:
    client = able("automatic-speech-recognition", Delta(data=HEARD))
    told = await client.audio.transcriptions.create(
        file=FILE, model="auto", response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert (told.task, told.language, told.duration) == ("transcribe", "en", 3662.0)
    assert [(word.word, word.start) for word in told.words] == [("Hi.", 0.0), ("Bye --> now.", 3661.25)]
    assert told.segments[1].end == 3661.25 and told.segments[0].avg_logprob is None
    assert {call.settings["return_timestamps"] for call in client.backend.calls} == {"word", "segment"}


async def test_a_stream_of_what_is_heard(able: Callable[..., Any]) -> None:
    client = able("automatic-speech-recognition", "Hi.", " Bye.", Delta(data={"text": "Hi. Bye."}))
    stream = await client.audio.transcriptions.create(file=FILE, model="auto", stream=True)
    events = [event async for event in stream]
    assert [event.type for event in events] == ["transcript.text.delta"] * 2 + ["transcript.text.done"]
    assert events[-1].text == "".join(event.delta for event in events[:-1])


async def test_a_model_that_tells_no_times_cannot_make_subtitles(able: Callable[..., Any]) -> None:
    client = able("automatic-speech-recognition", Delta(data={"text": "Hi."}))
    with pytest.raises(openai.InternalServerError, match="no times"):
        await client.audio.transcriptions.create(file=FILE, model="auto", response_format="srt")


@pytest.mark.parametrize(
    ("field", "value"),
    [("response_format", "diarized_json"), ("temperature", 7), ("include", ["logprobs"]),
     ("known_speaker_names", ["a"]),
     ("timestamp_granularities", ["word"]), ("file", ("a.txt", b"text", "text/plain")), ("file", ("a.wav", b"")),
     ("file", ("a.png", b"\x89PNG\r\n\x1a\n", "image/png"))],
)  # fmt: skip
async def test_what_does_not_fit_is_named(able: Callable[..., Any], field: str, value: Any) -> None:
    client = able("automatic-speech-recognition", Delta(data=HEARD))
    with pytest.raises(openai.BadRequestError) as caught:
        await client.audio.transcriptions.create(**{"file": FILE, "model": "auto", field: value})
    assert caught.value.param == field and not client.backend.calls


@pytest.mark.parametrize("content", [b"", b"--x", b"{}"])
async def test_bodies_that_are_no_form(able: Callable[..., Any], content: bytes) -> None:
    client = able("automatic-speech-recognition", Delta(data=HEARD))
    for kind in ("multipart/form-data; boundary=x", "multipart/form-data", "application/json"):
        sent = await client.api.post("/v1/audio/transcriptions", content=content, headers={"content-type": kind})
        assert sent.status_code == 400, sent.text


async def test_where_nobody_hears_that_is_said(client: Any) -> None:
    for asked in (
        client.audio.transcriptions.create(file=FILE, model="whisper-1"),
        client.audio.speech.create(input="Hi.", model="tts-1", voice="alloy"),
    ):
        with pytest.raises(openai.InternalServerError) as caught:
            await asked
        assert caught.value.status_code == 501 and "engine" in caught.value.message


async def test_speech(able: Callable[..., Any]) -> None:
    client = able("text-to-speech", Delta(data={"audio": SILENCE, "sampling_rate": 16000}))
    spoken = await client.audio.speech.create(
        input="Hi.", model="able", voice={"id": "anna"}, speed=1.5, response_format="wav", instructions="softly"
    )
    assert spoken.content == WAV and spoken.response.headers["content-type"] == "audio/wav"
    settings = {"voice": "anna", "speed": 1.5, "format": "wav", "instructions": "softly"}
    assert client.backend.calls[0].settings == settings and client.backend.calls[0].inputs == {"inputs": "Hi."}


async def test_speech_as_events(able: Callable[..., Any]) -> None:
    client = able("text-to-speech", Delta(data={"audio": SILENCE}))
    told = await client.audio.speech.create(input="Hi.", model="able", voice="alloy", stream_format="sse")
    assert "speech.audio.delta" in told.text and "speech.audio.done" in told.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("input", ""), ("voice", 3), ("speed", 9), ("response_format", "midi"), ("stream_format", "x"), ("model", 3)],
)
async def test_speech_that_does_not_fit_is_named(able: Callable[..., Any], field: str, value: Any) -> None:
    client = able("text-to-speech", Delta(data={"audio": SILENCE}))
    with pytest.raises(openai.BadRequestError) as caught:
        await client.audio.speech.create(**{"input": "Hi.", "model": "able", "voice": "alloy", field: value})
    assert caught.value.param == field


async def test_faults_come_through(able: Callable[..., Any]) -> None:
    client = able("text-to-speech", ModelCrashed("It died."))
    with pytest.raises(openai.InternalServerError, match="It died"):
        await client.audio.speech.create(input="Hi.", model="able", voice="alloy")
