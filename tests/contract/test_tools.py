"""A function that is demanded is called, by every engine, with arguments of its schema; what does not fit is said in
the same words by all."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.contract.subject import Kit, Subject, local
from tests.contract.subjects.onnx import FIXTURES
from tests.fakes import pictures, tiny_folder, tiny_gguf
from tests.fakes.store import folder_model, gguf_model

from serai.backend import collect
from serai.errors import BadRequest
from serai.types import CHAT, Call, Model

pytestmark = pytest.mark.engine


def tool(name: str, value: str) -> dict[str, Any]:
    properties = {"zone": {"enum": [value]}}
    schema = {"type": "object", "properties": properties, "required": ["zone"], "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


CLOCK = tool("clock", "UTC")
NO_SPACES = {str(token): -1 for token in (3 + 9, 3 + 10, 3 + 13, 3 + 32, 259)}


def llama_cpp(folder: Path) -> tuple[Model, dict[str, Any]]:
    path = tiny_gguf.write(folder / "m.gguf", says="<tool_call>\n", context=1024)
    return gguf_model(path, context_length=1024), {"logit_bias": NO_SPACES}


def onnx(folder: Path) -> tuple[Model, dict[str, Any]]:
    return folder_model(FIXTURES / "optimum", format="onnx", engine="onnx"), {}


def transformers(folder: Path) -> tuple[Model, dict[str, Any]]:
    pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    return folder_model(tiny_folder.write(folder / "tiny")), {}


@pytest_asyncio.fixture(params=[llama_cpp, onnx, transformers], ids=lambda make: make.__name__)
async def engine(request: pytest.FixtureRequest, kit: Kit) -> AsyncIterator[tuple[Subject, dict[str, Any]]]:
    model, settings = request.param(kit.folder)
    yield local(kit.make_pool(context=1024), model), settings


def call(settings: dict[str, Any], **inputs: Any) -> Call:
    asked = {"messages": [{"role": "user", "content": "hi"}], **inputs}
    return Call(task=CHAT, model="tiny", inputs=asked, settings={"temperature": 0, "max_tokens": 120, **settings})


async def test_a_demanded_function_is_called(engine: tuple[Subject, dict[str, Any]]) -> None:
    subject, settings = engine
    choice = {"type": "function", "function": {"name": "clock"}}
    asked = call(settings, tools=[tool("calendar", "CET"), CLOCK], tool_choice=choice)
    deltas = [delta async for delta in subject.backend.run(asked)]
    parts = [part for delta in deltas for part in delta.tool_calls or ()]
    assert parts[0]["id"] and {part["index"] for part in parts} == {0} and deltas[-1].finish == "tool_calls"
    assert "".join(part["function"].get("name") or "" for part in parts) == "clock"
    assert json.loads("".join(part["function"].get("arguments") or "" for part in parts)) == {"zone": "UTC"}


async def test_an_empty_or_foreign_demand_is_refused_before_loading(engine: tuple[Subject, dict[str, Any]]) -> None:
    subject, settings = engine
    for inputs, words in (
        ({"tool_choice": "required"}, "there are no tools"),
        ({"tools": [CLOCK], "tool_choice": {"type": "function", "function": {"name": "x"}}}, "not among the tools"),
        ({"messages": [{"role": "user", "content": [pictures.part(pictures.png())]}]}, "reads text only"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "reads text only"),
    ):
        with pytest.raises(BadRequest, match=words):
            await collect(subject.backend.run(call(settings, **inputs)))
    assert subject.untouched()


async def test_adapters_that_are_not_there_are_refused_before_loading(engine: tuple[Subject, dict[str, Any]]) -> None:
    subject, settings = engine
    with pytest.raises(BadRequest, match=r"no adapter 'a'|takes no adapters"):
        await collect(subject.backend.run(call({**settings, "lora": {"a": 1}})))
    assert subject.untouched()
