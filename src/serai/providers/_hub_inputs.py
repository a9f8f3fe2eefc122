"""What a task of the hub is sent, as Hugging Face's own clients send it: to hf-inference, or to an Endpoint. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from serai.errors import BadRequest, WrongTask
from serai.tasks import media
from serai.tasks.families import family_of
from serai.types import FEATURE_EXTRACTION, Call

Inputs = Mapping[str, Any]
Parameters = dict[str, Any]


class Sent(NamedTuple):
    """A body, and the headers that say what it is, and what is wanted."""

    body: Mapping[str, Any] | bytes
    headers: Mapping[str, str] = {}


def sent(service: str, call: Call) -> Sent:
    """Raises WrongTask, or BadRequest for what cannot be said this way."""
    family, shape = family_of(call.task), SHAPES.get(call.task)
    if family is None or shape is None:
        raise WrongTask(f"{service} does not do {call.task}.", hint="Choose another model.", task=call.task)
    inputs = family.check_inputs(call.task, call.inputs)
    settings = family.check_settings(call.settings)
    special = _PARAMETERS.get(call.task)
    return shape(inputs, special(service, settings) if special else settings)


def _text(inputs: Inputs, parameters: Parameters) -> Sent:
    return Sent({"inputs": inputs["inputs"], "parameters": parameters})


def _picture(inputs: Inputs, parameters: Parameters) -> Sent:
    return Sent(_text(inputs, parameters).body, {"accept": "image/png"})


def _bare(inputs: Inputs, _: Parameters) -> Sent:
    return Sent({"inputs": inputs["inputs"]})


def _labelled(inputs: Inputs, parameters: Parameters) -> Sent:
    return _text(inputs, {"candidate_labels": inputs["candidate_labels"], **parameters})


def _question(inputs: Inputs, parameters: Parameters) -> Sent:
    return Sent({"inputs": dict(inputs), "parameters": parameters})


def _rows(inputs: Inputs, parameters: Parameters) -> Sent:
    return Sent({"parameters": parameters, "table": inputs["table"]})


def _file(inputs: Inputs, parameters: Parameters) -> Sent:
    """The file itself; in base64 where there is something to say besides."""
    content, kind = _unpacked(inputs["inputs"])
    if not parameters:
        return Sent(content, {"content-type": kind})
    return Sent({"inputs": _base64(content), "parameters": parameters})


def _changed(inputs: Inputs, parameters: Parameters) -> Sent:
    if inputs.get("mask") is not None:
        raise BadRequest("Pictures are changed as a whole there.", hint="Leave the mask out.", field="mask")
    body, headers = _file(inputs, parameters)
    return Sent(body, {**headers, "accept": "image/png"})


def _labelled_file(inputs: Inputs, parameters: Parameters) -> Sent:
    return _file(inputs, {"candidate_labels": inputs["candidate_labels"], **parameters})


def _seen_question(inputs: Inputs, parameters: Parameters) -> Sent:
    picture = _base64(_unpacked(inputs["image"])[0])
    return Sent({"inputs": picture, "image": picture, "question": inputs["question"], "parameters": parameters})


def _document(inputs: Inputs, parameters: Parameters) -> Sent:
    asked = {"question": inputs["question"], "image": _base64(_unpacked(inputs["image"])[0])}
    boxes = inputs.get("word_boxes")
    return Sent({"inputs": asked, "parameters": parameters if boxes is None else {**parameters, "word_boxes": boxes}})


def _heard(service: str, settings: Parameters) -> Parameters:
    """Whisper's own settings are among those of how it writes."""
    _refuse(service, settings, "prompt")
    writing = {**settings.pop("generation_parameters", {})}
    if settings.pop("translate", False):
        writing["task"] = "translate"
    writing |= {name: settings.pop(name) for name in ("language", "temperature") if name in settings}
    if "return_timestamps" in settings:
        words = settings["return_timestamps"] == "word"
        settings["return_timestamps"] = "word" if words else True
    return {**settings, **({"generation_parameters": writing} if writing else {})}


def _spoken(service: str, settings: Parameters) -> Parameters:
    """There are no voices to choose among: the model takes its usual one."""
    _refuse(service, settings, "instructions", "speed", "format")
    return {**settings.get("generation_parameters", {})}


def _refuse(service: str, settings: Parameters, *names: str) -> None:
    missing = [name for name in names if name in settings]
    if missing:
        text = f"{service} does not have these settings: {', '.join(missing)}."
        raise BadRequest(text, hint="Leave them out.", field=missing[0])


def _unpacked(address: str) -> tuple[bytes, str]:
    try:
        return media.unpack(address)
    except ValueError as error:
        raise BadRequest("The file is not a data: address in base64.", field="inputs") from error


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


SHAPES: Mapping[str, Callable[[Inputs, Parameters], Sent]] = {
    FEATURE_EXTRACTION: _bare,
    "text-classification": _text,
    "token-classification": _text,
    "fill-mask": _text,
    "summarization": _text,
    "translation": _text,
    "text2text-generation": _text,
    "text-to-speech": _text,
    "text-to-image": _picture,
    "zero-shot-classification": _labelled,
    "question-answering": _question,
    "table-question-answering": _question,
    "tabular-classification": _rows,
    "tabular-regression": _rows,
    "image-classification": _file,
    "object-detection": _file,
    "image-segmentation": _file,
    "image-to-text": _file,
    "image-to-image": _changed,
    "zero-shot-image-classification": _labelled_file,
    "visual-question-answering": _seen_question,
    "document-question-answering": _document,
    "automatic-speech-recognition": _file,
    "audio-classification": _file,
    "audio-to-audio": _file,
}
"""The tasks, each with how it is said."""

_PARAMETERS: Mapping[str, Callable[[str, Parameters], Parameters]] = {
    "automatic-speech-recognition": _heard,
    "text-to-speech": _spoken,
}
