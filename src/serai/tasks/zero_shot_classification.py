"""Which of any labels fit a text."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task

NAME = "zero-shot-classification"


class Text(Inputs):
    """Answered by a list of `{"label", "score"}`, the likeliest first."""

    inputs: str = Field(min_length=1, description="The text.")
    candidate_labels: list[Annotated[str, Field(min_length=1)]] = Field(
        min_length=1, max_length=1000, description="The labels to choose among."
    )


TASK = Task(
    name=NAME,
    title="Classification by any labels",
    inputs={NAME: Text},
    models=frozenset({NAME}),
    settings=(
        Setting("multi_label", "boolean", "Whether several labels may be true at once.", common=True),
        Setting("hypothesis_template", "text", "The sentence that a label completes; {} stands for it.", 2, 1000),
    ),
    shown="scores",
    examples=(
        Example("What is it about", NAME, {"inputs": "The road is closed.", "candidate_labels": ["travel", "food"]}),
    ),
)
