"""Tasks in Hugging Face's shapes: what each takes in JSON, and what `InferenceClient` reads from its answer. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from serai.api.huggingface import reading
from serai.api.huggingface.reading import Body, Inputs
from serai.errors import ModelFailed
from serai.tasks import media
from serai.types import Result


class File(NamedTuple):
    """The answer is a file."""

    content: bytes
    kind: str


class Shape(NamedTuple):
    """How one task is asked and answered. `reads` gives the neutral inputs of each call: one, or several where a list
    of texts came. `writes` makes the answer of one result, `joins` that of several. `media` is what its file is."""

    reads: Callable[[Body], Inputs]
    writes: Callable[[Result, Body], Any]
    media: str = ""
    joins: Callable[[list[Any]], Any] = lambda answers: answers
    several: bool = False


def _data(result: Result, _: Body) -> Any:
    return result.data


def _in_list(name: str) -> Callable[[Result, Body], Any]:
    return lambda result, _: [{name: result.text}]


def _answer(result: Result, body: Body) -> Any:
    """One answer, or a list of them where more than one was asked for."""
    if (body.parameters.get("top_k") or 1) > 1:
        return result.data
    return result.data[0] if result.data else {"answer": "", "score": 0.0, "start": 0, "end": 0}


def unpacked(address: Any) -> File:
    """The file that an answer holds. Raises ModelFailed."""
    try:
        return File(*media.unpack(address))
    except (ValueError, AttributeError) as error:
        raise ModelFailed("The model sent something that is no file.") from error


def _its(name: str) -> Callable[[Result, Body], Any]:
    return lambda result, _: unpacked(result.data[name])


def _base64(address: Any) -> str:
    unpacked(address)
    return str(address).partition(",")[2]


def _masks(result: Result, _: Body) -> Any:
    return [{**row, "mask": _base64(row["mask"])} for row in result.data]


def _sounds(result: Result, _: Body) -> Any:
    return [
        {"label": row["label"], "content-type": unpacked(row["audio"]).kind, "blob": _base64(row["audio"])}
        for row in result.data
    ]


def _flat(answers: list[Any]) -> Any:
    return [row for answer in answers for row in answer]


SHAPES: Mapping[str, Shape] = {
    "text-classification": Shape(reading.a_text, lambda result, _: [result.data], joins=_flat, several=True),
    "token-classification": Shape(reading.a_text, _data, several=True),
    "fill-mask": Shape(reading.a_text, _data, several=True),
    "zero-shot-classification": Shape(reading.labelled_text, _data, several=True),
    "question-answering": Shape(reading.question, _answer),
    "table-question-answering": Shape(reading.table_question, _data),
    "tabular-classification": Shape(reading.rows, _data),
    "tabular-regression": Shape(reading.rows, _data),
    "summarization": Shape(reading.a_text, _in_list("summary_text"), joins=_flat, several=True),
    "translation": Shape(reading.a_text, _in_list("translation_text"), joins=_flat, several=True),
    "text2text-generation": Shape(reading.a_text, _in_list("generated_text"), joins=_flat, several=True),
    "image-classification": Shape(reading.a_file, _data, "image"),
    "zero-shot-image-classification": Shape(reading.labelled, _data, "image"),
    "object-detection": Shape(reading.a_file, _data, "image"),
    "image-segmentation": Shape(reading.a_file, _masks, "image"),
    "image-to-text": Shape(reading.a_file, _in_list("generated_text"), "image"),
    "visual-question-answering": Shape(reading.seen_question, _data, "image"),
    "document-question-answering": Shape(reading.document, _data, "image"),
    "text-to-image": Shape(reading.a_text, _its("image")),
    "image-to-image": Shape(reading.a_file, _its("image"), "image"),
    "automatic-speech-recognition": Shape(reading.speech, _data, "audio"),
    "text-to-speech": Shape(reading.a_text, _its("audio")),
    "audio-classification": Shape(reading.a_file, _data, "audio"),
    "audio-to-audio": Shape(reading.a_file, _sounds, "audio"),
}
