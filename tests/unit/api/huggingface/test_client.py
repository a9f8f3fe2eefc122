"""Every method of InferenceClient, unmodified: what it sends reaches the model as a neutral call, and it can read the
answer."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from huggingface_hub import InferenceClient

from serai.tasks.media import SILENCE, WHITE, pack, unpack
from serai.types import Delta

PNG = unpack(WHITE)[0]
WAV = unpack(SILENCE)[0]
SCORES = [{"label": "camel", "score": 0.9}, {"label": "horse", "score": 0.1}]
BOX = {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}
TABLE = {"animal": ["camel"], "number": ["12"]}


class Case(NamedTuple):
    """A method called with `args`: what the model is asked, what it answers, and what the client makes of that."""

    task: str
    args: dict[str, Any]
    inputs: dict[str, Any]
    settings: dict[str, Any]
    answer: Any
    read: Callable[[Any], Any]
    gives: Any


def data(answer: Any) -> Delta:
    return Delta(data=answer)


CASES = {
    "text_classification": Case(
        "text-classification", {"text": "hi", "top_k": 2}, {"inputs": "hi"}, {"top_k": 2}, data(SCORES),
        lambda found: [row.label for row in found], ["camel", "horse"],
    ),
    "token_classification": Case(
        "token-classification", {"text": "Sarah", "aggregation_strategy": "simple"}, {"inputs": "Sarah"},
        {"aggregation_strategy": "simple"},
        data([{"entity_group": "PER", "score": 0.9, "word": "Sarah", "start": 0, "end": 5}]),
        lambda found: (found[0].entity_group, found[0].end), ("PER", 5),
    ),
    "fill_mask": Case(
        "fill-mask", {"text": "a <mask>", "targets": ["camel"], "top_k": 1}, {"inputs": "a <mask>"},
        {"targets": ["camel"], "top_k": 1},
        data([{"score": 0.5, "token": 7, "token_str": "camel", "sequence": "a camel"}]),
        lambda found: (found[0].sequence, found[0].token_str), ("a camel", "camel"),
    ),
    "zero_shot_classification": Case(
        "zero-shot-classification", {"text": "hi", "candidate_labels": ["camel", "horse"], "multi_label": True},
        {"inputs": "hi", "candidate_labels": ["camel", "horse"]}, {"multi_label": True}, data(SCORES),
        lambda found: [row.score for row in found], [0.9, 0.1],
    ),
    "question_answering": Case(
        "question-answering", {"question": "Who?", "context": "Sarah came."},
        {"question": "Who?", "context": "Sarah came."}, {},
        data([{"answer": "Sarah", "score": 0.9, "start": 0, "end": 5}]),
        lambda found: (found.answer, found.end), ("Sarah", 5),
    ),
    "table_question_answering": Case(
        "table-question-answering", {"table": TABLE, "query": "How many?", "sequential": True},
        {"query": "How many?", "table": TABLE}, {"sequential": True},
        data({"answer": "12", "cells": ["12"], "coordinates": [[0, 1]], "aggregator": "SUM"}),
        lambda found: (found.answer, found.aggregator), ("12", "SUM"),
    ),
    "summarization": Case(
        "summarization", {"text": "long", "generate_parameters": {"max_length": 3}, "truncation": "only_first"},
        {"inputs": "long"}, {"generate_parameters": {"max_length": 3}, "truncation": "only_first"},
        Delta(text="short"), lambda found: found.summary_text, "short",
    ),
    "translation": Case(
        "translation", {"text": "inn", "src_lang": "en", "tgt_lang": "de"}, {"inputs": "inn"},
        {"src_lang": "en", "tgt_lang": "de"}, Delta(text="Herberge"), lambda found: found.translation_text, "Herberge",
    ),
    "feature_extraction": Case(
        "feature-extraction", {"text": "inn", "normalize": True, "truncate": True}, {"inputs": ["inn"]}, {},
        data([[0.6, 0.8]]), lambda found: found.tolist(), [[pytest.approx(0.6), pytest.approx(0.8)]],
    ),
    "sentence_similarity": Case(
        "feature-extraction", {"sentence": "a", "other_sentences": ["b", "c"]}, {"inputs": ["a", "b", "c"]}, {},
        data([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), lambda found: found, [0.0, 1.0],
    ),
    "tabular_classification": Case(
        "tabular-classification", {"table": {"humps": ["1", "2"]}}, {"table": {"humps": ["1", "2"]}}, {},
        data(["dromedary", "camel"]), lambda found: found, ["dromedary", "camel"],
    ),
    "image_classification": Case(
        "image-classification", {"image": PNG, "top_k": 1}, {"inputs": WHITE}, {"top_k": 1}, data(SCORES),
        lambda found: found[0].label, "camel",
    ),
    "zero_shot_image_classification": Case(
        "zero-shot-image-classification", {"image": PNG, "candidate_labels": ["camel", "horse"]},
        {"inputs": WHITE, "candidate_labels": ["camel", "horse"]}, {}, data(SCORES),
        lambda found: found[1].label, "horse",
    ),
    "object_detection": Case(
        "object-detection", {"image": PNG, "threshold": 0.5}, {"inputs": WHITE}, {"threshold": 0.5},
        data([{"label": "camel", "score": 0.9, "box": BOX}]), lambda found: found[0].box.ymax, 4,
    ),
    "image_segmentation": Case(
        "image-segmentation", {"image": PNG, "subtask": "semantic"}, {"inputs": WHITE}, {"subtask": "semantic"},
        data([{"label": "camel", "score": 0.9, "mask": WHITE}]), lambda found: found[0].mask, PNG,
    ),
    "image_to_text": Case(
        "image-to-text", {"image": PNG}, {"inputs": WHITE}, {}, Delta(text="a camel"),
        lambda found: found.generated_text, "a camel",
    ),
    "visual_question_answering": Case(
        "visual-question-answering", {"image": PNG, "question": "What?", "top_k": 2},
        {"image": WHITE, "question": "What?"}, {"top_k": 2}, data([{"answer": "camel", "score": 0.9}]),
        lambda found: found[0].answer, "camel",
    ),
    "document_question_answering": Case(
        "document-question-answering", {"image": PNG, "question": "Sum?", "lang": "en", "word_boxes": ["a", [1.0]]},
        {"image": WHITE, "question": "Sum?", "word_boxes": ["a", [1.0]]}, {"lang": "en"},
        data([{"answer": "12", "score": 0.9, "start": 1, "end": 2}]), lambda found: found[0].answer, "12",
    ),
    "text_to_image": Case(
        "text-to-image", {"prompt": "a camel", "width": 64, "seed": 3, "extra_body": {"new": 1}},
        {"inputs": "a camel"}, {"width": 64, "seed": 3}, data({"image": WHITE}), lambda found: found, PNG,
    ),
    "image_to_image": Case(
        "image-to-image", {"image": PNG, "prompt": "at night", "target_size": {"width": 8, "height": 8}},
        {"inputs": WHITE}, {"prompt": "at night", "target_size": {"width": 8, "height": 8}}, data({"image": WHITE}),
        lambda found: found, PNG,
    ),
    "automatic_speech_recognition": Case(
        "automatic-speech-recognition", {"audio": WAV, "extra_body": {"return_timestamps": True}}, {"inputs": SILENCE},
        {"return_timestamps": "segment"}, data({"text": "hi", "chunks": [{"text": "hi", "timestamp": [0.0, 0.5]}]}),
        lambda found: (found.text, found.chunks[0].timestamp), ("hi", [0.0, 0.5]),
    ),
    "text_to_speech": Case(
        "text-to-speech", {"text": "hi", "do_sample": True, "extra_body": {"voice": "anna"}}, {"inputs": "hi"},
        {"voice": "anna", "generation_parameters": {"do_sample": True}},
        data({"audio": SILENCE, "sampling_rate": 16000}), lambda found: found, WAV,
    ),
    "audio_classification": Case(
        "audio-classification", {"audio": WAV}, {"inputs": SILENCE}, {}, data(SCORES),
        lambda found: found[0].label, "camel",
    ),
    "audio_to_audio": Case(
        "audio-to-audio", {"audio": WAV}, {"inputs": SILENCE}, {}, data([{"label": "voice", "audio": SILENCE}]),
        lambda found: (found[0].blob, found[0].content_type, found[0].label), (WAV, "audio/wav", "voice"),
    ),
}  # fmt: skip

ELSEWHERE = {"text_generation", "chat_completion", "get_endpoint_info", "health_check"}
"""Tested in test_generation.py and test_address.py."""

UNSENT = {
    "text_to_video": {"prompt": "x"},
    "image_to_video": {"image": PNG},
    "tabular_regression": {"table": TABLE},
}
"""The client itself says that no address of one's own can be asked for these."""


@pytest.fixture(autouse=True)
def pictures_stay_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow is no part of the core: what the client would open is looked at."""
    monkeypatch.setattr("huggingface_hub.inference._client._bytes_to_image", lambda content: content)
    monkeypatch.setattr("huggingface_hub.inference._client._b64_to_image", base64.b64decode)


def test_no_method_is_left_out() -> None:
    tasks = {name for name, value in vars(InferenceClient).items() if callable(value) and not name.startswith("_")}
    assert tasks - {"close"} == {*CASES, *ELSEWHERE, *UNSENT}


@pytest.mark.parametrize("method", CASES)
async def test_method(door: Callable[..., Any], method: str) -> None:
    case = CASES[method]
    at = await door(case.task, Delta(text=case.answer.text, data=case.answer.data))
    assert case.read(await at.ask(method, **case.args)) == case.gives
    (call,) = at.backend.calls
    assert (call.task, call.model, dict(call.inputs)) == (case.task, "org/model", case.inputs)
    assert call.settings == case.settings


@pytest.mark.parametrize("method", UNSENT)
async def test_methods_that_the_client_does_not_send(door: Callable[..., Any], method: str) -> None:
    at = await door("text-generation")
    with pytest.raises(ValueError, match="not supported for provider"):
        await at.ask(method, **UNSENT[method])


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of the client's own
async def test_the_asynchronous_client_is_understood(door: Callable[..., Any], asynchronous: Any) -> None:
    at = await door("automatic-speech-recognition", Delta(data={"text": "hi"}))
    async with asynchronous(at) as client:
        assert (await client.automatic_speech_recognition(WAV)).text == "hi"


async def test_several_texts_are_answered_in_their_order(door: Callable[..., Any]) -> None:
    at = await door("text-classification", Delta(data=SCORES))
    assert (await at.post(inputs=["a", "b"])).json() == [SCORES, SCORES]
    assert {call.inputs["inputs"] for call in at.backend.calls} == {"a", "b"}


async def test_more_answers_come_as_a_list(door: Callable[..., Any]) -> None:
    rows = [{"answer": word, "score": 0.5, "start": 0, "end": 1} for word in ("a", "b")]
    at = await door("question-answering", Delta(data=rows))
    found = await at.ask("question_answering", "Who?", "a b", top_k=2)
    assert [row.answer for row in found] == ["a", "b"]


async def test_no_answer_is_an_empty_one(door: Callable[..., Any]) -> None:
    at = await door("question-answering", Delta(data=[]))
    assert (await at.ask("question_answering", "Who?", "nobody")).answer == ""


async def test_a_file_may_lie_in_json_as_address_or_base64(door: Callable[..., Any]) -> None:
    at = await door("image-classification", Delta(data=SCORES))
    for given in (WHITE, base64.encodebytes(PNG).decode()):
        assert (await at.post(inputs=given, options={"use_cache": False})).status_code == 200
    assert [call.inputs["inputs"] for call in at.backend.calls] == [WHITE, WHITE]


async def test_a_file_as_curl_sends_it_is_one(door: Callable[..., Any]) -> None:
    at = await door("automatic-speech-recognition", Delta(data={"text": "hi"}))
    form = {"content-type": "application/x-www-form-urlencoded"}
    sent = await at.api.post("/hf/models/org/model", content=WAV, headers=form)
    assert sent.json() == {"text": "hi"} and at.backend.calls[0].inputs["inputs"] == SILENCE


async def test_an_unknown_kind_of_sound_is_what_its_sender_says(door: Callable[..., Any]) -> None:
    at = await door("automatic-speech-recognition", Delta(data={"text": "hi"}))
    await at.api.post("/hf/models/org/model", content=b"\1\2", headers={"content-type": "audio/pcm"})
    assert at.backend.calls[0].inputs["inputs"] == pack(b"\1\2", "audio/pcm")


async def test_a_model_that_answers_something_else_is_said_to(door: Callable[..., Any]) -> None:
    at = await door("text-to-speech", Delta(data={"nothing": 1}))
    response = await at.post(inputs="hi")
    assert (response.status_code, response.json()["error_type"]) == (424, "generation")
