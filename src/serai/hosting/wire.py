"""From a neutral Call to the body of an OpenAI-style request, as local engines take it. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from serai.errors import BadRequest, ModelFailed, NotOffered
from serai.hosting import companions, pictures, tokens, tools
from serai.tasks import text_generation
from serai.tasks.families import family_of
from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING, TOKEN_COUNT, Call, Delta, Model, Usage

PATHS = {
    CHAT: "/v1/chat/completions",
    TEXT_GENERATION: "/v1/completions",
    FEATURE_EXTRACTION: "/v1/embeddings",
    TEXT_RANKING: "/v1/rerank",
    tokens.TOKENIZE: tokens.PATH,
}

_COUNTS = ("/v1/chat/completions/input_tokens", "/tokenize")
"""Where the tokens of a chat and of a text are counted."""

_ADAPT = ("llama.cpp", "")
"""The engines that take adapters in a call; a model whose engine is not named follows its file."""


_TELL_STOP = {"verbose": True, "response_fields": ["stopping_word"]}
"""Has llama.cpp say which stop text was reached."""


def _same(name: str) -> Callable[[Any], dict[str, Any]]:
    return lambda value: {name: value}


_SETTINGS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    **{name: _same(name) for name in text_generation.BY_NAME},
    "repetition_penalty": _same("repeat_penalty"),
    "repetition_window": _same("repeat_last_n"),
    "reasoning_budget": _same("reasoning_budget_tokens"),
    "reasoning": lambda value: {"chat_template_kwargs": {"enable_thinking": value}},
}
"""How each setting is spelled on the wire; those not named here keep their name."""


def path(call: Call) -> str:
    """Where an engine takes the call."""
    return _COUNTS["messages" not in call.inputs] if call.task == TOKEN_COUNT else PATHS[call.task]


def encode(call: Call, model: Model) -> bytes:
    """The request as it is sent. Raises BadRequest on what cannot be."""
    try:
        return orjson.dumps(body(call, model))
    except TypeError as error:  # half of a surrogate pair is JSON to some, but no text
        raise BadRequest(f"The request cannot be written as JSON: {error}.") from error


def body(call: Call, model: Model) -> dict[str, Any]:
    """The request's body: the model's own settings under those of the call. Raises BadRequest on what cannot be."""
    if call.task in (FEATURE_EXTRACTION, TEXT_RANKING):
        return _texts(call)
    if call.task == TOKEN_COUNT:
        return _counted(call, model)
    if call.task == tokens.TOKENIZE:
        return tokens.body(call)
    if call.task not in PATHS:
        engine = model.engine or "The engine of this model"
        hint = "A newer Serai may, or an engine that is added: see docs/contributing/engine.md."
        raise NotOffered(f"{engine} does no {call.task} yet.", hint=hint, task=call.task)
    settings = text_generation.check({**model.settings, **call.settings})
    request: dict[str, Any] = {
        "stream": True,
        "stream_options": {"include_usage": True},
        # A cancelled call is noticed when something is written to it: so also while the prompt is being read.
        "return_progress": True,
        "cache_prompt": True,
    }
    system = settings.pop("system", None)
    settings.pop("truncation", None)  # the router's
    loaded = model.loading.get("adapters") if model.engine in _ADAPT else {}
    if loaded or "lora" in settings:
        # Always said: an engine that is told nothing takes its own numbers, but goes on from what others read.
        request["lora"] = _adapters(settings.pop("lora", loaded), list(loaded or ()), model)
    request |= _logprobs(call.task, settings)
    if call.task == TEXT_GENERATION and model.engine in _ADAPT:
        request |= _form(settings.pop("response_format", {}))
    for name, value in settings.items():
        request |= _SETTINGS[name](value)
    if settings.get("stop") and model.engine in _ADAPT:
        request |= _TELL_STOP
    return request | _told_first(_inputs(call, model), system)


def is_stream(call: Call) -> bool:
    """Whether the engine answers with a stream; else it answers once, with what `whole` reads."""
    return call.task in (CHAT, TEXT_GENERATION)


def whole(call: Call, answer: Any) -> Delta:
    """The one Delta of a task whose answer is no text. Raises ModelFailed when the answer is not what it should be."""
    try:
        if call.task == tokens.TOKENIZE:
            return tokens.read(answer)
        if call.task == FEATURE_EXTRACTION:
            rows = sorted(answer["data"], key=lambda row: row["index"])
            data: Any = [row["embedding"] for row in rows]
        elif call.task == TOKEN_COUNT:
            count = answer["input_tokens"] if "input_tokens" in answer else len(answer["tokens"])
            return Delta(data={"tokens": count}, finish="stop", usage=Usage(prompt_tokens=count))
        else:
            found = [{"index": row["index"], "score": row["relevance_score"]} for row in answer["results"]]
            data = sorted(found, key=lambda row: -row["score"])
        usage = Usage(prompt_tokens=answer["usage"]["prompt_tokens"])
    except (KeyError, TypeError) as error:
        raise ModelFailed("The model sent something that is no answer to this task.") from error
    return Delta(data=data, finish="stop", usage=usage)


def _counted(call: Call, model: Model) -> dict[str, Any]:
    """What the same call would send, for its tokens to be counted."""
    text_generation.TASK.check_inputs(TOKEN_COUNT, call.inputs)
    if ("messages" in call.inputs) == ("inputs" in call.inputs):
        raise BadRequest("Tokens are counted of either messages or inputs.", field="messages")
    if "messages" in call.inputs:
        return body(replace(call, task=CHAT), model)
    prompt = body(replace(call, task=TEXT_GENERATION), model)["prompt"]
    return {"content": prompt, "add_special": True, "parse_special": True}


def _texts(call: Call) -> dict[str, Any]:
    family = family_of(call.task)
    assert family is not None
    inputs = family.check_inputs(call.task, call.inputs)
    family.check_settings(call.settings)
    if call.task == TEXT_RANKING:
        return {"query": inputs["query"], "documents": inputs["texts"]}
    return {"input": inputs["inputs"], "encoding_format": "float"}


def trim(delta: Delta, most: int) -> Delta:
    """So many alternatives of each token as were asked for: llama.cpp gives one at least."""
    for token in delta.logprobs.get("content") or () if delta.logprobs else ():
        token["top_logprobs"] = token.get("top_logprobs", [])[:most]
    return delta


def _logprobs(task: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Taken out of the settings and said as engines know it. llama.cpp takes a chat without a number to want twenty
    alternatives, and one that wants none to want no probabilities."""
    wanted, most = settings.pop("logprobs", False), max(1, settings.pop("top_logprobs", 0))
    if not wanted:
        return {}
    return {"logprobs": True, "top_logprobs": most} if task == CHAT else {"logprobs": most}


def _form(form: Mapping[str, Any]) -> dict[str, Any]:
    """llama.cpp knows the form of an answer to a prompt by its schema only."""
    kind = form.get("type", "text")
    if kind == "text":
        return {}
    schema = (form.get("json_schema") or {}).get("schema") if kind == "json_schema" else None
    return {"json_schema": schema or {"type": "object"}}


def _adapters(wanted: Mapping[str, Any], loaded: list[str], model: Model) -> list[dict[str, Any]]:
    """By number, in the order in which they were loaded. Those that are not named do not work in this call."""
    if model.engine not in _ADAPT:
        hint = "Adapters are for GGUF models, which llama.cpp runs."
        raise BadRequest(f"{model.name} runs by {model.engine}, which takes no adapters.", hint=hint, field="lora")
    for name, scale in wanted.items():
        if name not in loaded:
            hint = f"It has: {', '.join(loaded) or 'none'}. Adapters are set with the model's loading."
            raise BadRequest(f"{model.name} has no adapter {name!r}.", hint=hint, field="lora")
        if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not math.isfinite(scale):
            raise BadRequest(f"The adapter {name!r} takes a number.", field="lora")
    return [{"id": index, "scale": float(wanted.get(name, 0.0))} for index, name in enumerate(loaded)]


def _inputs(call: Call, model: Model) -> dict[str, Any]:
    if call.task == CHAT:
        _check_messages(call.inputs.get("messages"), model)
        return {"messages": tools.readable(call.inputs["messages"]), **tools.wanted(call.inputs)}
    inputs = text_generation.TASK.check_inputs(TEXT_GENERATION, call.inputs)
    suffix = inputs.get("suffix")
    if suffix is not None and not isinstance(inputs["inputs"], str):
        raise BadRequest("A gap is filled between texts, not between tokens.", field="suffix")
    return {"prompt": inputs["inputs"], **({} if suffix is None else {"suffix": suffix})}


def _told_first(inputs: dict[str, Any], system: str | None) -> dict[str, Any]:
    """The model's own system prompt, where the chat brings none."""
    messages = inputs.get("messages")
    if not system or not messages or messages[0]["role"] in {"system", "developer"}:
        return inputs
    return inputs | {"messages": [{"role": "system", "content": system}, *messages]}


def _check_messages(messages: Any, model: Model) -> None:
    """What an engine would answer with a fault of its own, said as the asker's."""
    if not isinstance(messages, list) or not messages:
        raise BadRequest("A chat needs at least one message.", field="messages")
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise BadRequest(f"messages[{number}] must be an object with a role.", field=f"messages[{number}]")
    pictures.check(_pictures(messages, model), model)


def _pictures(messages: list[dict[str, Any]], model: Model) -> Iterator[tuple[str, dict[str, Any]]]:
    """The parts that hold pictures, with their places. Raises BadRequest on parts that the model does not read."""
    for number, message in enumerate(messages):
        parts = message.get("content")
        for part in parts if isinstance(parts, list) else ():
            kind = part.get("type") if isinstance(part, dict) else None
            if kind == "image_url" and companions.sees(model):
                yield f"messages[{number}]", part
            elif kind not in ("text", "refusal"):
                raise _text_only(f"messages[{number}]", kind)


def _text_only(where: str, kind: Any) -> BadRequest:
    hint = "Choose a model that reads pictures, or put its mmproj file beside it." if kind == "image_url" else ""
    return BadRequest(f"{where} holds something other than text; this model reads text only.", field=where, hint=hint)
