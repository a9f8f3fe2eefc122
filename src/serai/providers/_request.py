"""From a Call to the body of an OpenAI-style request, as a service's entry has it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serai.errors import BadRequest, LacksSetting, WrongTask
from serai.providers._entry import Entry
from serai.tasks import text_generation
from serai.tasks.families import family_of
from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING, Call


def path(entry: Entry, service: str, task: str) -> str:
    """Where the service takes such a call. Raises WrongTask."""
    paths = {
        CHAT: entry.chat,
        TEXT_GENERATION: entry.completions,
        FEATURE_EXTRACTION: entry.embeddings,
        TEXT_RANKING: entry.rerank,
    }
    if not paths.get(task):
        does = ", ".join(task for task, path in paths.items() if path)
        raise WrongTask(f"{service} does not do {task}.", hint=f"It does: {does}.", task=task)
    return paths[task]


def body(entry: Entry, service: str, call: Call, model: str) -> dict[str, Any]:
    """The request's body. Raises UnknownField or BadRequest for what the asker got wrong or the service does not
    have."""
    if call.task in (FEATURE_EXTRACTION, TEXT_RANKING):
        return {"model": model, **_texts(call)}
    inputs = text_generation.TASK.check_inputs(call.task, call.inputs)
    settings = text_generation.check(call.settings)
    system = settings.pop("system", None)
    request: dict[str, Any] = {"model": model, "stream": True}
    if entry.usage_option:
        request["stream_options"] = {"include_usage": True}
    wanted = _settings(entry, service, call.task, settings)
    return request | wanted | (_told_first(inputs, system) if call.task == CHAT else _prompt(entry, service, inputs))


def _settings(entry: Entry, service: str, task: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Spelled as the service has them. Raises LacksSetting for those that it has not."""
    if not settings.get("reasoning") and "reasoning" not in entry.settings:
        settings.pop("reasoning", None)  # who wants no thinking is not refused by a service that has no switch for it
    missing = sorted(settings.keys() - entry.settings)
    if missing:
        hint = "Leave them out, or ask a model of this machine, which has them all."
        text = f"{service} does not have these settings: {', '.join(missing)}."
        raise LacksSetting(text, hint=hint, field=missing[0])
    if task == TEXT_GENERATION and "logprobs" in settings:
        wanted, most = settings.pop("logprobs"), settings.pop("top_logprobs", 0)
        settings |= {"logprobs": most} if wanted else {}
    spelled: dict[str, Any] = {}
    for name, value in settings.items():
        _put(spelled, entry.spelling.get(name, name), value)
    return spelled


def _put(request: dict[str, Any], name: str, value: Any) -> None:
    """`a.b` is a field within a field."""
    first, _, rest = name.partition(".")
    if rest:
        _put(request.setdefault(first, {}), rest, value)
    else:
        request[first] = value


def _prompt(entry: Entry, service: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    suffix = inputs.get("suffix")
    if suffix is not None and not entry.suffix:
        raise BadRequest(f"{service} does not fill gaps.", hint="Leave suffix out.", field="suffix")
    return {"prompt": inputs["inputs"], **({} if suffix is None else {"suffix": suffix})}


def _told_first(inputs: dict[str, Any], system: str | None) -> dict[str, Any]:
    """What the model is told first, where the chat says nothing of the kind."""
    given = {name: value for name, value in inputs.items() if value is not None}
    messages = given["messages"]
    if not system or messages[0].get("role") in {"system", "developer"}:
        return given
    return given | {"messages": [{"role": "system", "content": system}, *messages]}


def _texts(call: Call) -> dict[str, Any]:
    family = family_of(call.task)
    assert family is not None
    inputs = family.check_inputs(call.task, call.inputs)
    family.check_settings(call.settings)
    if call.task == TEXT_RANKING:
        return {"query": inputs["query"], "documents": inputs["texts"]}
    return {"input": inputs["inputs"], "encoding_format": "float"}
