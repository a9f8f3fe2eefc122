"""Tools and reasoning through llama.cpp, with models whose whole answer is written into their weights."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import templates, tiny_gguf
from tests.fakes.store import FakeStore, gguf_model

from serai.backend import collect
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import CHAT, Call, Delta, Result

pytestmark = pytest.mark.engine
Says = Callable[..., LocalBackend]


def tool(name: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": f"The {name}.", "parameters": schema}}


TOOLS = [
    tool("weather", city={"enum": ["Oslo", "Rome"]}, days={"type": "integer", "minimum": 1, "maximum": 3}),
    tool("clock", zone={"enum": ["UTC", "CET"]}),
]
OSLO = {"city": "Oslo", "days": 2}
WEATHER = f'<tool_call>\n{{"name": "weather", "arguments": {json.dumps(OSLO)}}}\n</tool_call>'
CLOCK = '<tool_call>\n{"name": "clock", "arguments": {"zone": "UTC"}}\n</tool_call>'
THOUGHT = "<think>\nLet me see.\n</think>\n\n"
NO_SPACES = {str(token): -1 for token in (3 + 9, 3 + 10, 3 + 13, 3 + 32, 259)}
KNOWING = pytest.mark.parametrize("template", [templates.HERMES, templates.QWEN3, tiny_gguf.TEMPLATE])


@pytest.fixture
def says(make_pool: Callable[..., Pool], llama_server: str, tmp_path: Path) -> Says:
    """Makes a backend whose model answers one thing, if it may."""

    def make(text: str, template: str) -> LocalBackend:
        path = tiny_gguf.write(tmp_path / "m.gguf", says=text, template=template, context=2048)
        pool = make_pool(llama_server=llama_server, home=tmp_path / "home", context=2048, parallel=1)
        return LocalBackend(FakeStore(gguf_model(path, context_length=2048)), pool)

    return make


def asked(*more: dict[str, Any], choice: Any = None, parallel: bool | None = None, **settings: Any) -> Call:
    inputs = {"messages": [{"role": "user", "content": "hello"}, *more], "tools": TOOLS}
    inputs |= {"tool_choice": choice, "parallel_tool_calls": parallel}
    return Call(task=CHAT, model="tiny", inputs=inputs, settings={"temperature": 0, "max_tokens": 160, **settings})


async def ask(backend: LocalBackend, *more: dict[str, Any], **wishes: Any) -> Result:
    return await collect(backend.run(asked(*more, **wishes)))


def called(result: Result) -> list[tuple[str, Any]]:
    return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in result.tool_calls]


@KNOWING
async def test_a_call_is_told_apart_from_text_and_streams(says: Says, template: str) -> None:
    deltas: list[Delta] = [delta async for delta in says("I look. " + WEATHER, template).run(asked())]
    pieces = [call["function"]["arguments"] for delta in deltas for call in delta.tool_calls or ()]
    assert len(pieces) > 2 and json.loads("".join(pieces)) == OSLO
    assert "".join(delta.text for delta in deltas) == "I look. " and deltas[-1].finish == "tool_calls"


@KNOWING
async def test_several_calls_in_one_answer_have_ids_of_their_own(says: Says, template: str) -> None:
    result = await ask(says(f"{WEATHER}\n{CLOCK}", template), parallel=True)
    assert called(result) == [("weather", OSLO), ("clock", {"zone": "UTC"})] and not result.text
    assert len({call["id"] for call in result.tool_calls}) == 2


@KNOWING
async def test_a_function_that_is_demanded_is_called_whatever_the_model_wants(says: Says, template: str) -> None:
    clock = {"type": "function", "function": {"name": "clock"}}
    result = await ask(says("<tool_call>\n", template), choice=clock, logit_bias=NO_SPACES)
    (name, arguments), *others = called(result)
    assert name == "clock" and arguments["zone"] in {"UTC", "CET"} and not others


@KNOWING
async def test_who_may_not_call_writes_what_it_would_have_called(says: Says, template: str) -> None:
    result = await ask(says(WEATHER, template), choice="none")
    assert (result.tool_calls, result.text, result.finish) == ([], WEATHER, "stop")


@KNOWING
async def test_results_of_calls_are_read(says: Says, template: str) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": json.dumps(OSLO)}}
    turn = {"role": "assistant", "content": None, "tool_calls": [call]}
    backend = says("It rains.", template)
    counts = []
    for results in (("rain",), ("rain in the morning, later sun",), ("rain", "sun")):
        told = [{"role": "tool", "tool_call_id": "c1", "content": text} for text in results]
        result = await ask(backend, turn, *told)
        assert result.text == "It rains."
        counts.append(result.usage.prompt_tokens)
    assert counts[0] < counts[1] and counts[0] < counts[2]


async def test_reasoning_comes_apart_from_the_answer_and_from_calls(says: Says) -> None:
    result = await ask(says(THOUGHT + WEATHER, templates.QWEN3))
    assert (result.reasoning.strip(), result.text, called(result)) == ("Let me see.", "", [("weather", OSLO)])


async def test_reasoning_streams_and_may_be_left_out(says: Says) -> None:
    backend = says(THOUGHT + "Hello.", templates.QWEN3)
    deltas = [delta async for delta in backend.run(asked())]
    assert len([delta for delta in deltas if delta.reasoning]) > 1
    assert "".join(delta.text for delta in deltas) == "Hello."
    longer = await ask(backend, reasoning=False)
    assert longer.reasoning == "" and longer.usage.prompt_tokens > (deltas[-1].usage or longer.usage).prompt_tokens
