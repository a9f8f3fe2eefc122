"""The templates of Ollama's library say in Jinja what they say in Go. The expected texts were written by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes import ollama_templates as library

from serai.engines._serving.templating import compile_template
from serai.engines._teaching import taught
from serai.hub.adopt.gotext.jinja import translate
from serai.hub.adopt.gotext.lexing import Untranslatable

CHAT = [("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello!"), ("user", "Who?")]
TOOL = {"type": "function", "function": {"name": "look", "description": "d", "parameters": {"type": "object"}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}


def rendered(template: str, chat: Any = CHAT, **more: Any) -> str:
    messages = [one if isinstance(one, dict) else {"role": one[0], "content": one[1]} for one in chat]
    return compile_template(translate(template))(messages=messages, add_generation_prompt=True, **more)


EXPECTED = {
    "CHATML": "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    "Hello!<|im_end|>\n<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\n",
    "LLAMA2": "[INST] <<SYS>>Be brief.<</SYS>>\n\nHi [/INST]\nHello![INST] <<SYS>><</SYS>>\n\nWho? [/INST]\n",
    "LLAMA3": "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\nHello!<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nWho?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    "LLAMA32": "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n\n"
    "Be brief.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\nHello!<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nWho?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    "MISTRAL": "[INST] Hi[/INST] Hello!</s>[INST] Be brief.\n\nWho?[/INST] ",
    "GEMMA": "<start_of_turn>user\nBe brief. Hi<end_of_turn>\n<start_of_turn>model\nHello!<end_of_turn>\n"
    "<start_of_turn>user\nWho?<end_of_turn>\n<start_of_turn>model\n",
    "GEMMA3": "<start_of_turn>user\nBe brief.<end_of_turn>\n<start_of_turn>user\nHi<end_of_turn>\n"
    "<start_of_turn>model\nHello!<end_of_turn>\n<start_of_turn>user\nWho?<end_of_turn>\n<start_of_turn>model\n",
    "PHI3": "<|system|>\nBe brief.<|end|>\n<|user|>\nHi<|end|>\n<|assistant|>\nHello!<|end|>\n"
    "<|user|>\nWho?<|end|>\n<|assistant|>\n",
    "ZEPHYR": "<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello!</s>\n<|user|>\nWho?</s>\n"
    "<|assistant|>\n",
    "ALPACA": "Be brief.\n\n### Instruction:\nHi\n\n### Response:\nHello!\n\n### Instruction:\nWho?\n\n### Response:\n",
    "DEEPSEEK_R1": "Be brief.<｜User｜>Hi<｜Assistant｜>Hello!<｜end▁of▁sentence｜><｜User｜>Who?<｜Assistant｜>",
    "QWEN25": "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    "Hello!<|im_end|>\n<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\n",
    "QWEN3": "<|im_start|>system\n\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    "Hello!<|im_end|>\n<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\n",
}


@pytest.mark.parametrize("family", EXPECTED)
def test_a_chat_is_the_same_text(family: str) -> None:
    assert rendered(getattr(library, family)) == EXPECTED[family]


def test_every_family_has_its_expected_text() -> None:
    assert set(EXPECTED) == {name for name in vars(library) if name.isupper()}


def test_an_answer_that_was_begun_is_gone_on_with() -> None:
    assert rendered(library.PHI3, [("user", "Hi"), ("assistant", "Hel")]) == "<|user|>\nHi<|end|>\n<|assistant|>\nHel"


def test_neighbours_of_one_role_are_one_message() -> None:
    chat = [("system", "A"), ("system", "B"), ("user", "C"), ("user", "D")]
    assert rendered(library.ALPACA, chat) == "A\n\nB\n\n### Instruction:\nC\n\nD\n\n### Response:\n"


def test_tools_their_calls_and_results_are_told() -> None:
    chat = [
        ("user", "Hi"),
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        ("tool", "7"),
        ("user", "So?"),
    ]
    said = rendered(library.LLAMA32, chat, tools=[TOOL])
    assert '<|end_header_id|>\n\n{"name": "look", "parameters": {"at": 1}}<|eot_id|>' in said
    assert "<|start_header_id|>ipython<|end_header_id|>\n\n7<|eot_id|>" in said
    assert '{"type": "function", "function": {"name": "look"' in said
    assert said.endswith("\n\nSo?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")


def test_arguments_may_be_an_object() -> None:
    call = {"function": {"name": "look", "arguments": {"at": 1}}}
    said = rendered(library.QWEN25, [("user", "Hi"), {"role": "assistant", "content": "", "tool_calls": [call]}])
    assert said.endswith('<tool_call>\n{"name": "look", "arguments": {"at": 1}}\n</tool_call>')


def test_thinking_is_asked_for_as_there() -> None:
    assert rendered(library.QWEN3, [("user", "Hi")], enable_thinking=False).endswith(
        "Hi /no_think<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )
    assert "Hi /think<|im_end|>" in rendered(library.QWEN3, [("user", "Hi")], enable_thinking=True)


def test_one_without_tools_is_taught_them() -> None:
    assert taught(translate(library.ZEPHYR))
    assert not taught(translate(library.QWEN25))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a {{- /* no */ -}} b", "ab"),
        ("{{ with .System }}<{{ . }}>{{ else }}-{{ end }}", "<S>"),
        ("{{ $n := 1 }}{{ range .Messages }}{{ $n = 2 }}{{ end }}{{ if eq $n 2 }}two{{ end }}", "two"),
        ("{{ range $i, $m := .Messages }}{{ if eq $i 1 }}{{ break }}{{ end }}{{ $m.Content }}{{ end }}", "S"),
        ('{{ "q\\"\\u00e4\\\\n" }}{{ `{{raw\\n` }}', 'q"ä\\n{{raw\\n'),
        ("{{ (index .Messages 0).Content }}{{ .System | json }}", 'S"S"'),
        ("it's {% raw %} {{ .System }} {# x #}\t\r\n", "it's {% raw %} S {# x #}\t\r\n"),
        ("{{ if and .System (not .Tools) (or false (lt 1 2)) }}y{{ else if .Tools }}n{{ end }}", "y"),
    ],
)
def test_gos_words_mean_what_they_mean(template: str, said: str) -> None:
    both = template if ".Messages" in template else f"{template}{{{{ if not .Messages }}}}{{{{ end }}}}"
    assert rendered(both, [("system", "S"), ("user", "U")]) == said


@pytest.mark.parametrize(
    "template",
    [
        "{{ define `x` }}{{ end }}",
        "{{ .Messages }}",
        "{{ json .Messages }}",
        "{{ .Secret }}",
        "{{ $nobody }}",
        "{{ call .System }}",
        "{{ if .System }}",
        "{{ end }}",
        "{{ .System",
        "{{ }}",
        "{{ 'c' }}",
        "{{ eq .System }}",
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "{{ if 1 }}" * 1000 + "{{ end }}" * 1000,
        "{{ range .Messages }}" * 9 + "{{ end }}" * 9,
        "{{ 1 }}" * 5000,
        "x" * 40_000,
        "{{ " + "eq (" * 11 + "1" + " 1 2 3)" * 11 + " }}",
        "{{/*" * 8000,
    ],
)
def test_what_has_no_translation_is_said(template: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        translate(template)
    assert 5 < len(str(caught.value)) < 100
