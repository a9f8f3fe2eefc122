"""Templates that know no tools are taught them, and change nothing else."""

from pathlib import Path
from typing import Any

import pytest
from tests.fakes import templates, tiny_folder, tiny_gguf

from serai.engines._llama.template import find
from serai.engines._serving.templating import compile_template
from serai.engines._teaching import taught

CHAT = tiny_folder.CHAT
HELLO = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hello"}]
TOOL = {"type": "function", "function": {"name": "clock"}}
CALL = {"id": "c", "type": "function", "function": {"name": "clock", "arguments": {"zone": "UTC"}}}


def render(template: str, messages: list[dict[str, Any]], tools: Any = None) -> str:
    return compile_template(template)(messages=messages, tools=tools, add_generation_prompt=True)


def test_a_chat_without_tools_reads_as_before() -> None:
    assert render(taught(CHAT), HELLO) == render(CHAT, HELLO)


def test_tools_stand_before_the_first_message_in_whatever_role() -> None:
    text = render(taught(CHAT), HELLO, [TOOL])
    assert text.startswith("<|system|>You may call") and '"name": "clock"' in text and "Be kind.<eos>" in text


def test_calls_and_their_results_are_told_as_turns() -> None:
    results = [{"role": "tool", "tool_call_id": "c", "content": word} for word in ("noon", "late")]
    turns = [*HELLO, {"role": "assistant", "content": None, "tool_calls": [CALL]}, *results]
    text = render(taught(CHAT), turns, [TOOL])
    assert '<|assistant|><tool_call>\n{"name": "clock", "arguments": {"zone": "UTC"}}\n</tool_call>' in text
    assert text.count("<|user|>") == 2 and "noon\n</tool_response>\n<tool_response>\nlate" in text
    assert text.endswith("<eos><|assistant|>")


@pytest.mark.parametrize("template", ["", templates.HERMES, templates.QWEN3])
def test_one_that_knows_tools_is_left_as_it_is(template: str) -> None:
    assert taught(template) == ""


def test_a_files_template_is_found_in_its_header(tmp_path: Path) -> None:
    path = tiny_gguf.write(tmp_path / "m.gguf")
    assert find(path) == tiny_gguf.TEMPLATE


def test_one_beside_another_for_tools_is_left_as_it_is(tmp_path: Path) -> None:
    data = tiny_gguf.write(tmp_path / "m.gguf").read_bytes()
    (tmp_path / "two.gguf").write_bytes(data + b"tokenizer.chat_template.tool_use")
    assert find(tmp_path / "two.gguf") == ""


@pytest.mark.parametrize("damage", ["length", "end", "none"])
def test_a_damaged_header_has_no_template(tmp_path: Path, damage: str) -> None:
    data = tiny_gguf.write(tmp_path / "m.gguf").read_bytes()
    at = data.index(b"tokenizer.chat_template") + len(b"tokenizer.chat_template") + 4
    cut = {"length": data[:at] + b"\xff" * 8 + data[at + 8 :], "end": data[: at + 3], "none": data[: at - 30]}
    path = tmp_path / "damaged.gguf"
    path.write_bytes(cut[damage])
    assert find(path) == ""
