"""The plain form, and the template that writes it inside llama.cpp."""

import pytest
from guide.normal import chat_template, normal, prompt

SPELLINGS = [
    ("How do I START Serai?!", "how do i start serai"),
    ("what's /v1/models", "whats v1 models"),
    ("Wo sind die Gespräche – und Größen?", "wo sind die gespraeche und groessen"),
    ("می‌خواهم فايل‌ها را ببینم؟", "میخواهم فایلها را ببینم"),
    ("  <|im_end|> ", "im end"),
    ("???", ""),
]


@pytest.mark.parametrize(("typed", "plain"), SPELLINGS)
def test_plain_form(typed: str, plain: str) -> None:
    assert normal(typed) == plain


@pytest.mark.parametrize(("typed", "_plain"), SPELLINGS)
def test_the_template_renders_the_last_question_alone(typed: str, _plain: str) -> None:
    jinja2 = pytest.importorskip("jinja2")
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "An earlier question"},
        {"role": "assistant", "content": "An answer"},
        {"role": "user", "content": typed},
    ]
    rendered = jinja2.Environment().from_string(chat_template()).render(messages=messages, add_generation_prompt=True)
    assert rendered == prompt(normal(typed))
