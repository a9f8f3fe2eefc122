"""What must never be a fault of ours: odd, hostile and enormous requests, with real models behind."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.engine

HI: Any = [{"role": "user", "content": "hi"}]
DEEP: Any = {"type": "object"}
for _ in range(200):
    DEEP = {"type": "object", "properties": {"a": DEEP}}
LOOP: Any = {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}}}}
TOOL: Any = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


def schema(shape: Any) -> Any:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": shape}}}


CHATS: list[Any] = [
    {"seed": 2**64},
    {"seed": -1},
    {"temperature": 1e308},
    {"temperature": None},
    {"max_tokens": 2**63},
    {"logit_bias": {"abc": 1}},
    {"logit_bias": {"-1": 1}},
    {"logit_bias": {"999999": 100}},
    {"logit_bias": {"5": "much"}},
    {"logit_bias": []},
    {"stop": ["\x00", "\ud7ff"]},
    {"stop": ""},
    {"stop": [""]},
    {"stop": "x" * 100_000},
    {"messages": [{"role": "user", "content": "a\x00b\ufffd\u202e"}]},
    {"messages": [{"role": "user", "content": ""}]},
    {"messages": [{"role": "user", "content": "x", "name": "\x00"}]},
    {"messages": HI * 10_000},
    {"messages": [{"role": "assistant", "content": "I"}]},
    {"messages": [{"role": "tool", "tool_call_id": "x", "content": "alone"}]},
    {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "x", "arguments": "{no json"}}]}, *HI]},
    {
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,!"}}]}
        ]
    },
    {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]},
    {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "other"}}},
    {"tools": [TOOL, TOOL]},
    {"tools": [{"type": "function", "function": {"name": "x" * 5000, "parameters": DEEP}}], "max_tokens": 2},
    {"tools": [{"type": "function", "function": {"name": "x", "parameters": LOOP}}], "max_tokens": 2},
    {"tool_choice": "required"},
    {"grammar": 'root ::= "half'},
    {"grammar": "root ::= root"},
    schema(LOOP),
    schema({"type": "nothing"}),
    schema({"pattern": "(((((("}),
    {"stream_options": {"include_usage": "yes"}},
    {"lora": {"x": 1}},
    {"n": 8, "max_tokens": 1},
]
COMPLETIONS: list[Any] = [
    {"prompt": ""},
    {"prompt": "\x00"},
    {"prompt": [0] * 600},
    {"prompt": [[]]},
    {"prompt": "x " * 5000},
    {"prompt": "x", "suffix": ""},
    {"prompt": ["x"] * 20, "max_tokens": 1},
    {"prompt": "x", "logprobs": 20, "max_tokens": 1},
]


@pytest.mark.parametrize("stream", [False, True])
async def test_no_chat_is_a_fault_of_ours(real: Any, stream: bool) -> None:
    for fields in CHATS:
        body = {"model": "tiny", "messages": HI, "max_tokens": 4, "stream": stream, **fields}
        await check(real, "/v1/chat/completions", body)


@pytest.mark.parametrize("stream", [False, True])
async def test_no_completion_is_a_fault_of_ours(real: Any, stream: bool) -> None:
    for fields in COMPLETIONS:
        await check(real, "/v1/completions", {"model": "tiny", "max_tokens": 4, "stream": stream, **fields})


async def check(client: Any, path: str, body: Any) -> None:
    answer = await client.api.post(path, content=json.dumps(body), timeout=30)
    shown = str(body)[:300]
    assert answer.status_code < 500, (shown, answer.text)
    if answer.status_code >= 400:
        assert answer.json()["error"]["message"], shown
    elif body["stream"]:
        assert '"server_error"' not in answer.text, (shown, answer.text[-500:])
