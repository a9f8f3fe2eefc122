"""A chat completion request to a Call. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from serai.api.body import ignored as ignored_header
from serai.api.openai import fields, many, messages
from serai.types import AUTO, CHAT, Call, Principal, new_id


@dataclass(frozen=True, slots=True)
class Asked:
    """The call, and how the answer is wanted."""

    call: Call
    stream: bool
    usage: bool
    ignored: Sequence[str]
    count: int = 1

    def of(self, inputs: Mapping[str, Any]) -> Asked:
        """The same, with these inputs."""
        return self if inputs is self.call.inputs else replace(self, call=replace(self.call, inputs=inputs))

    @property
    def calls(self) -> list[Call]:
        """The call, so often as answers are wanted."""
        return many.repeated(self.call, self.count)

    @property
    def headers(self) -> dict[str, str]:
        return ignored_header(self.ignored)


def again(call: Call, inputs: Mapping[str, Any]) -> Call:
    """A call of its own with other inputs."""
    return replace(call, inputs=inputs, id=new_id("call"))


def chat(body: Mapping[str, Any], who: Principal) -> Asked:
    """Raises BadRequest with the field's name as `param` for whatever does not fit or cannot be honoured."""
    known, settings, ignored = fields.read(body)
    if "messages" not in known:
        raise fields.fault("messages", "messages is missing.")
    settings = thinks(known, settings)
    check_format(settings.get("response_format", {"type": "text"}))
    inputs: dict[str, Any] = {"messages": messages.read(known["messages"]), **_tools(known)}
    return Asked(
        call=Call(task=CHAT, model=known.get("model") or AUTO, inputs=inputs, settings=settings, principal=who),
        stream=known.get("stream", False),
        usage=known.get("stream_options", {}).get("include_usage") is True,
        ignored=ignored,
        count=known.get("n", 1),
    )


def thinks(known: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with what `reasoning_effort` says of thinking, unless they say it themselves."""
    effort = known.get("reasoning_effort")
    return {**settings} if effort is None else {"reasoning": effort != "none", **settings}


def _tools(known: Mapping[str, Any]) -> dict[str, Any]:
    for index, tool in enumerate(known.get("tools", ())):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise fields.fault(f"tools[{index}]", f"tools[{index}] must be a function with a name.")
    return {name: known[name] for name in ("tools", "tool_choice", "parallel_tool_calls") if name in known}


def check_format(shape: Mapping[str, Any]) -> None:
    kind = shape.get("type")
    if kind not in ("text", "json_object", "json_schema"):
        raise fields.fault("response_format.type", "response_format.type must be text, json_object or json_schema.")
    if kind == "json_schema":
        schema = shape.get("json_schema")
        if not isinstance(schema, dict) or not isinstance(schema.get("schema"), dict):
            raise fields.fault(
                "response_format.json_schema", "response_format.json_schema.schema must be a JSON schema."
            )
