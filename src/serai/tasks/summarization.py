"""A long text told shortly."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task

NAME = "summarization"


class Text(Inputs):
    """Answered by text."""

    inputs: str = Field(min_length=1, description="The text.")


TASK = Task(
    name=NAME,
    title="Summary",
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
    examples=(
        Example(
            "Make it short", NAME, {"inputs": "The caravan came at night. It had come a long way. All were tired."}
        ),
    ),
)
