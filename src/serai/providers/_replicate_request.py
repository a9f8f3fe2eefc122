"""From a Call to the input of a model of Replicate, as its schema names things. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from serai.errors import BadRequest, WrongTask
from serai.providers import _plain, _spelling
from serai.providers._replicate_facts import Facts
from serai.tasks import text_generation
from serai.tasks.families import family_of
from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_GENERATION, Call

WRITES = (CHAT, TEXT_GENERATION)
_HEARING = "automatic-speech-recognition"
_WHAT = {
    CHAT: "prompt",
    TEXT_GENERATION: "prompt",
    FEATURE_EXTRACTION: "texts",
    "text-to-image": "prompt",
    "image-to-image": "image",
    "image-to-text": "image",
    _HEARING: "audio",
    "text-to-speech": "text",
}
"""What a call's `inputs` are to the model."""

_OWN_WORDS = ("generation_parameters", "generate_parameters")
_NEXT = "\nUser:"


def check(service: str, call: Call) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and settings in their own types. Raises WrongTask, UnknownField or BadRequest for what is wrong whatever
    the model is."""
    family = family_of(call.task)
    if family is None or call.task not in _WHAT:
        raise WrongTask(f"{service} does not do {call.task}.", hint="Choose another model.", task=call.task)
    inputs = family.check_inputs(call.task, call.inputs)
    if inputs.get("tools"):
        raise BadRequest(f"{service} takes no tools.", hint="Leave them out.", field="tools")
    if call.task in WRITES:
        return inputs, text_generation.check(call.settings)
    return inputs, family.check_settings(call.settings)


def given(service: str, call: Call, facts: Facts) -> dict[str, Any]:
    """The model's input. Raises as `check`, and BadRequest for what this model does not have."""
    inputs, settings = check(service, call)
    if call.task == CHAT:
        return _chat(service, inputs["messages"], settings, facts)
    wanted = _settings(service, call.task, settings, facts)
    content = inputs["inputs"]
    if call.task == TEXT_GENERATION:
        if not isinstance(content, str) or inputs.get("suffix") is not None:
            raise BadRequest(f"{service} goes on from a text, and fills no gaps.", field="inputs")
        bare = {"prompt_template": "{prompt}"} if "prompt_template" in (facts.inputs or {}) else {}
        wanted = bare | wanted
    if call.task == FEATURE_EXTRACTION:
        return _texts(service, content, facts)
    if inputs.get("mask") is not None:
        raise BadRequest(f"{service} has masks of another kind.", hint="Leave mask out.", field="mask")
    field = _field(service, _WHAT[call.task], facts)
    return {**wanted, field: [content] if facts.is_list(field) else content}


def _field(service: str, name: str, facts: Facts) -> str:
    field = facts.field(name)
    if field is None:
        raise BadRequest(f"This model of {service} takes no {name}.", hint="Choose another model.", field="inputs")
    return field


def _settings(service: str, task: str, settings: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """By the model's own names; what is in its own words already goes as it is."""
    own = {name: value for word in _OWN_WORDS for name, value in settings.get(word, {}).items()}
    named = {name: value for name, value in settings.items() if name not in _OWN_WORDS}
    named |= named.pop("target_size", {})
    if task == _HEARING:
        named |= {"spoken_before": named.pop("prompt")} if "prompt" in named else {}
        own |= _times(named.pop("return_timestamps", None), facts)
    if facts.inputs is not None:
        _spelling.checked(service, own, facts.inputs)
    fields = {name: field for name in named if (field := facts.field(name)) is not None}
    spelled = _spelling.spelled(service, named, fields)
    return own | {field: _fitting(field, value, facts) for field, value in spelled.items()}


def _times(wanted: str | None, facts: Facts) -> dict[str, str]:
    """Most models tell times unasked; some must be told of what."""
    if wanted is None or "timestamp" not in (facts.inputs or {}):
        return {}
    return {"timestamp": "word" if wanted == "word" else "chunk"}


def _fitting(field: str, value: Any, facts: Facts) -> Any:
    """Several stop texts are one text with commas to most models."""
    if not isinstance(value, list) or not facts.is_text(field):
        return value
    if any("," in text for text in value):
        raise BadRequest("This model takes no stop text with a comma in it.", field="stop")
    return ",".join(value)


def _texts(service: str, content: Any, facts: Facts) -> dict[str, Any]:
    texts = [content] if isinstance(content, str) else content
    if not all(isinstance(text, str) for text in texts):
        raise BadRequest(f"{service} takes texts, not tokens.", field="inputs")
    field = _field(service, "texts", facts)
    if facts.is_list(field):
        return {field: texts}
    if field in ("texts", "text_batch"):  # a list as a text of JSON, since it could not take lists once
        return {field: orjson.dumps(texts).decode()}
    if len(texts) > 1:
        raise BadRequest(f"This model of {service} takes one text at a time.", field="inputs")
    return {field: texts[0]}


def _chat(
    service: str, messages: Sequence[Mapping[str, Any]], settings: dict[str, Any], facts: Facts
) -> dict[str, Any]:
    begins = messages[0]["role"] in ("system", "developer")
    system = settings.pop("system", None)
    system = None if begins else system
    if "messages" in (facts.inputs or {}):
        told = [{"role": "system", "content": system}] if system else []
        return {**_settings(service, CHAT, settings, facts), "messages": [*told, *messages]}
    if begins and facts.field("system") is not None:
        system, messages = _words(messages[0]), messages[1:]
    pictures = _pictures(messages[-1]) if messages else []
    if len(messages) == 1 and messages[0]["role"] == "user":
        prompt = _words(messages[0])
    else:
        prompt = _plain.prompt([*messages[:-1], {**messages[-1], "content": _words(messages[-1])}], None)
        if facts.field("stop") is not None:
            settings = {**settings, "stop": [*settings.get("stop", ()), _NEXT]}
    if system and facts.field("system") is None:
        prompt = f"System: {system}\n{prompt}"
    asked = {**_settings(service, CHAT, settings, facts), _field(service, "prompt", facts): prompt}
    if system and (field := facts.field("system")) is not None:
        asked[field] = system
    return asked | (_shown(service, pictures, facts) if pictures else {})


def _words(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    parts: list[Any] = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    if any(part["type"] not in ("text", "image_url") for part in parts):
        raise BadRequest("This service reads texts and pictures.", field="messages")
    return "".join(part["text"] for part in parts if part["type"] == "text")


def _pictures(message: Mapping[str, Any]) -> list[str]:
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]


def _shown(service: str, pictures: list[str], facts: Facts) -> dict[str, Any]:
    field = facts.field("image") if facts.inputs is not None else None
    if field is None or (len(pictures) > 1 and not facts.is_list(field)):
        raise BadRequest(f"This model of {service} does not read so many pictures.", field="messages")
    if not all(picture.startswith(("data:image/", "https://")) for picture in pictures):
        raise BadRequest("A picture is a data: address, or one with https.", field="messages")
    return {field: pictures if facts.is_list(field) else pictures[0]}
