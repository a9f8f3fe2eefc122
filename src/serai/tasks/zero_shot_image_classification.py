"""Which of any labels fit a picture."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task
from serai.tasks.media import WHITE, Picture

NAME = "zero-shot-image-classification"


class Seen(Inputs):
    """Answered by a list of `{"label", "score"}`, the likeliest first."""

    inputs: Picture = Field(description="The picture, as a data: address.")
    candidate_labels: list[Annotated[str, Field(min_length=1)]] = Field(
        min_length=1, max_length=1000, description="The labels to choose among."
    )


TASK = Task(
    name=NAME,
    title="Image classification by any labels",
    inputs={NAME: Seen},
    models=frozenset({NAME}),
    settings=(
        Setting("hypothesis_template", "text", "The sentence that a label completes; {} stands for it.", 2, 1000),
    ),
    shown="scores",
    examples=(Example("Camel or horse", NAME, {"inputs": WHITE, "candidate_labels": ["a camel", "a horse"]}),),
)
