"""Text generation as Hugging Face's own containers have it: one text in, one text out, no chat. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serai.errors import BadRequest, LacksSetting, WrongTask
from serai.tasks import text_generation
from serai.tasks.families import family_of
from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_GENERATION, Answerer, Call, Delta, Usage

_ROLES = {"system": "System", "developer": "System", "user": "User", "assistant": "Assistant"}
_NEXT = "\nUser:"
_SPELLING = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "repetition_penalty": "repetition_penalty",
    "seed": "seed",
    "max_tokens": "max_new_tokens",
    "stop": "stop",
}


def body(service: str, call: Call) -> dict[str, Any]:
    """The request's body. Raises WrongTask, or BadRequest for what cannot be said this way."""
    family = family_of(call.task)
    if family is None or call.task not in (CHAT, TEXT_GENERATION, FEATURE_EXTRACTION):
        raise WrongTask(f"{service} does not do {call.task}.", hint="Choose another model.", task=call.task)
    inputs = family.check_inputs(call.task, call.inputs)
    if call.task == FEATURE_EXTRACTION:
        return {"inputs": inputs["inputs"]}
    parameters = _parameters(service, text_generation.check(call.settings))
    if call.task == CHAT:
        parameters["stop"] = [*parameters.get("stop", ()), _NEXT]
        if inputs.get("tools"):
            raise BadRequest(f"{service} takes no tools.", hint="Leave them out.", field="tools")
        return {"inputs": prompt(inputs["messages"], call.settings.get("system")), "parameters": parameters}
    if not isinstance(inputs["inputs"], str) or inputs.get("suffix") is not None:
        raise BadRequest(f"{service} goes on from a text, and fills no gaps.", field="inputs")
    return {"inputs": inputs["inputs"], "parameters": parameters}


def prompt(messages: Sequence[Mapping[str, Any]], system: str | None = None) -> str:
    """A chat as one text, for a model whose template is not known. Raises BadRequest for what is no text."""
    lines = []
    if system and messages[0].get("role") not in ("system", "developer"):
        lines.append(f"System: {system}")
    for number, message in enumerate(messages):
        text = message.get("content")
        if isinstance(text, list):
            text = "".join(part["text"] if part.get("type") == "text" else "\0" for part in text)
        if message.get("role") not in _ROLES or not isinstance(text, str) or "\0" in text:
            where = f"messages[{number}]"
            raise BadRequest(f"{where} is something other than text, and this model reads text only.", field=where)
        lines.append(f"{_ROLES[message['role']]}: {text}")
    return "\n".join([*lines, "Assistant:"])


def answered(call: Call, asked: str, answer: Any, who: Answerer) -> Delta:
    """The Delta of either shape: `[{"generated_text"}]` or `{"generated_text"}`."""
    text = str((answer[0] if isinstance(answer, list) else answer)["generated_text"])
    text = text.removeprefix(asked)  # some send it back
    if call.task == CHAT:
        text = text.partition(_NEXT)[0].strip()
    return Delta(text=text, answerer=who, finish="stop", usage=Usage())


def _parameters(service: str, settings: dict[str, Any]) -> dict[str, Any]:
    missing = sorted(
        settings.keys() - _SPELLING.keys() - {"system"} - ({"reasoning"} if not settings.get("reasoning") else set())
    )
    if missing:
        text = f"{service} does not have these settings: {', '.join(missing)}."
        raise LacksSetting(text, hint="Leave them out.", field=missing[0])
    spelled = {_SPELLING[name]: value for name, value in settings.items() if name in _SPELLING}
    if spelled.get("temperature") == 0:
        del spelled["temperature"]
        spelled["do_sample"] = False
    return {"return_full_text": False, **spelled}
