"""The word that is missing in a text."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task

NAME = "fill-mask"


class Text(Inputs):
    """The gap is the model's own mask token. Answered by a list of `{"score", "token", "token_str", "sequence"}`, the
    likeliest first."""

    inputs: str = Field(min_length=1, description="The text.")


TASK = Task(
    name=NAME,
    title="Fill in a word",
    inputs={NAME: Text},
    models=frozenset({NAME}),
    settings=(
        Setting("top_k", "integer", "How many to name, the likeliest first.", 1, 1000, common=True),
        Setting("targets", "list", "Choose among these words only.", 1, 1000),
    ),
    shown="data",
    examples=(Example("Fill the gap", NAME, {"inputs": "The caravan crossed the [MASK]."}),),
)
