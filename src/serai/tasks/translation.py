"""A text in another language."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task

NAME = "translation"


class Text(Inputs):
    """Answered by text."""

    inputs: str = Field(min_length=1, description="The text.")


TASK = Task(
    name=NAME,
    title="Translation",
    inputs={NAME: Text},
    models=frozenset({NAME}),
    settings=(
        Setting("src_lang", "text", "The language of the text, as the model names it.", 1, 100, common=True),
        Setting("tgt_lang", "text", "The language to translate into, as the model names it.", 1, 100, common=True),
        Setting("clean_up_tokenization_spaces", "boolean", "Whether spaces before punctuation are taken out."),
        Setting("generate_parameters", "object", "How the text is generated, in the words of the model's library."),
        Setting(
            "truncation",
            "text",
            "Of a text that is too long for the model; unset: it is refused.",
            choices=("do_not_truncate", "longest_first", "only_first", "only_second"),
        ),
    ),
    shown="text",
    examples=(Example("Into German", NAME, {"inputs": "The inn is open."}, {"src_lang": "en", "tgt_lang": "de"}),),
)
