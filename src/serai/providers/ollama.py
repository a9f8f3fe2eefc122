"""Ollama on another machine, in its own language: lines of JSON."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import aiohttp
import orjson

from serai.errors import BadRequest, LacksSetting, ModelFailed, WrongTask
from serai.providers import _answer, _models
from serai.providers._base import Request, Service
from serai.providers.declaration import Provider
from serai.stream import CutShort
from serai.tasks import text_generation
from serai.tasks.families import family_of
from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_GENERATION, Answerer, Call, Delta, Finish, Model, Usage

_OPTIONS = {
    **{name: name for name in ("temperature", "top_p", "top_k", "min_p", "seed", "stop", "typical_p")},
    **{name: name for name in ("presence_penalty", "frequency_penalty", "mirostat", "mirostat_tau", "mirostat_eta")},
    "repetition_penalty": "repeat_penalty",
    "repetition_window": "repeat_last_n",
    "max_tokens": "num_predict",
}
_LATEST = ":latest"


class Ollama(Service):
    """Its models go by their names there, `latest` left out."""

    async def listed(self) -> list[Model]:
        rows = (await self.get("api/tags"))["models"]
        names = [str(row["name"]).removesuffix(_LATEST) for row in rows]
        return [_models.model(self.name, name, {}) for name in names if _models.named(name)]

    def request(self, call: Call, model: str) -> Request:
        family = family_of(call.task)
        if family is None or call.task not in (CHAT, TEXT_GENERATION, FEATURE_EXTRACTION):
            raise WrongTask(f"{self.name} does not do {call.task}.", hint="Choose another model.", task=call.task)
        inputs = family.check_inputs(call.task, call.inputs)
        if call.task == FEATURE_EXTRACTION:
            return Request("api/embed", {"model": model, "input": inputs["inputs"]})
        settings = text_generation.check(call.settings)
        body = {"model": model, "stream": True, **self._settings(settings)}
        if call.task == CHAT:
            return Request("api/chat", body | _chat(inputs, settings.get("system")))
        if not isinstance(inputs["inputs"], str):
            raise BadRequest(f"{self.name} goes on from a text, not from tokens.", field="inputs")
        suffix = {} if inputs.get("suffix") is None else {"suffix": inputs["suffix"]}
        return Request("api/generate", body | {"prompt": inputs["inputs"], "raw": not suffix, **suffix})

    async def read(self, call: Call, response: aiohttp.ClientResponse, who: Answerer) -> AsyncGenerator[Delta, None]:
        if call.task == FEATURE_EXTRACTION:
            answer = await self.body(response)
            delta = _answer.vectors(answer["embeddings"], who)
            delta.usage = Usage(prompt_tokens=answer.get("prompt_eval_count") or 0)
            yield delta
            return
        rest, first, called = b"", [who], 0
        async with contextlib.aclosing(self.lines(response)) as chunks:
            async for chunk in chunks:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    delta = self._delta(orjson.loads(line), called)
                    called += len(delta.tool_calls or ())
                    delta.answerer = first.pop() if first else None
                    if called and delta.finish == "stop":
                        delta.finish = "tool_calls"
                    yield delta
                    if delta.finish is not None:
                        return
        raise CutShort(f"The stream of {call.model} ended before the answer did.", hint="Try again.", who=self.name)

    def _delta(self, line: dict[str, Any], called: int) -> Delta:
        """One line; of tool calls the next is number `called`."""
        if line.get("error"):
            raise ModelFailed(f"{self.name} failed: {str(line['error'])[:500]}", hint="Try again.", who=self.name)
        message = line.get("message") or {"content": line.get("response")}
        calls = [_tool(one, called + index) for index, one in enumerate(message.get("tool_calls") or ())]
        finish: Finish | None = None
        if line["done"]:
            finish = "length" if line.get("done_reason") == "length" else "stop"
        return Delta(
            text=message.get("content") or "",
            reasoning=message.get("thinking") or line.get("thinking") or "",
            tool_calls=calls or None,
            finish=finish,
            usage=_usage(line) if finish else None,
        )

    def _settings(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Raises LacksSetting for those that it does not have."""
        has = {*_OPTIONS, "system", "reasoning", "response_format"}
        if missing := sorted(settings.keys() - has):
            text = f"{self.name} does not have these settings: {', '.join(missing)}."
            raise LacksSetting(text, hint="Leave them out, or ask a model of this machine.", field=missing[0])
        body: dict[str, Any] = {"options": {_OPTIONS[n]: value for n, value in settings.items() if n in _OPTIONS}}
        if settings.get("reasoning") is not None:
            body["think"] = settings["reasoning"]
        shape: dict[str, Any] = settings.get("response_format") or {}
        if shape.get("type") == "json_object":
            body["format"] = "json"
        elif shape.get("type") == "json_schema":
            body["format"] = shape["json_schema"]["schema"]
        return body


def _chat(inputs: Mapping[str, Any], system: str | None) -> dict[str, Any]:
    messages = [_message(message) for message in inputs["messages"]]
    if system and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system}, *messages]
    if inputs.get("tool_choice") not in (None, "auto", "none"):
        raise BadRequest(
            "Ollama cannot be told which tool to call.", hint="Leave tool_choice out.", field="tool_choice"
        )
    tools = inputs.get("tools") if inputs.get("tool_choice") != "none" else None
    return {"messages": messages, **({"tools": tools} if tools else {})}


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    """OpenAI's message as Ollama has it: pictures apart, arguments as objects."""
    content = message.get("content")
    parts: list[dict[str, Any]] = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    texts = [part["text"] for part in parts if part.get("type") == "text"]
    pictures = [part["image_url"]["url"].partition(";base64,")[2] for part in parts if part.get("type") == "image_url"]
    if len(texts) + len(pictures) < len(parts) or not all(pictures):
        raise BadRequest("Ollama reads text, and pictures that come with the call.", field="messages")
    said: dict[str, Any] = {"role": message["role"].replace("developer", "system"), "content": "".join(texts)}
    if pictures:
        said["images"] = pictures
    if message.get("tool_calls"):
        functions = [call["function"] for call in message["tool_calls"]]
        said["tool_calls"] = [
            {"function": {"name": one["name"], "arguments": orjson.loads(one.get("arguments") or "{}")}}
            for one in functions
        ]
    return said


def _tool(call: Mapping[str, Any], index: int) -> dict[str, Any]:
    """A call of Ollama's, which comes whole, in OpenAI's streaming shape."""
    function = call["function"]
    arguments = orjson.dumps(function.get("arguments") or {}).decode()
    told = {"name": function["name"], "arguments": arguments}
    return {"index": index, "id": call.get("id") or f"call_{index}", "type": "function", "function": told}


def _usage(line: Mapping[str, Any]) -> Usage:
    written, seconds = line.get("eval_count") or 0, (line.get("eval_duration") or 0) / 1e9
    return Usage(
        prompt_tokens=line.get("prompt_eval_count") or 0,
        completion_tokens=written,
        tokens_per_second=written / seconds if seconds and written > 1 else None,
    )


PROVIDER = Provider(
    name="ollama", title="Ollama, here or on another machine", open=Ollama, url="http://127.0.0.1:11434"
)
