"""A text made from a text, by models that read all of it before they write."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task

NAME = "text2text-generation"


class Text(Inputs):
    """Answered by text."""

    inputs: str = Field(min_length=1, description="The text.")


TASK = Task(
    name=NAME,
    title="Text from text",
    inputs={NAME: Text},
    models=frozenset({NAME}),
    settings=(
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
    examples=(Example("Rewrite", NAME, {"inputs": "correct: The caravan have come."}),),
)
