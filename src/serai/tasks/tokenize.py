"""A text taken apart into a model's tokens."""

from __future__ import annotations

from pydantic import Field

from serai.tasks import text_generation
from serai.tasks.declaration import Example, Inputs, Task

NAME = "tokenize"


class Text(Inputs):
    """Answered by a list of `{"id", "text", "bytes"}`, as the model would read the text; nothing is computed. A
    character can lie across tokens: only their bytes make it up."""

    inputs: str = Field(min_length=1, description="The text.")


TASK = Task(
    name=NAME,
    title="Tokens",
    inputs={NAME: Text},
    models=text_generation.TASK.models,
    shown="data",
    examples=(Example("Take a text apart", NAME, {"inputs": "Once upon a time"}),),
)
