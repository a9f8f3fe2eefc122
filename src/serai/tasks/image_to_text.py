"""What a picture shows or says, in words."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task
from serai.tasks.media import WHITE, Picture

NAME = "image-to-text"


class Seen(Inputs):
    """Answered by text."""

    inputs: Picture = Field(description="The picture, as a data: address.")


TASK = Task(
    name=NAME,
    title="Image to text",
    inputs={NAME: Seen},
    models=frozenset({NAME}),
    settings=(
        Setting("max_new_tokens", "integer", "Longest text, in tokens.", 1, 100_000, common=True),
        Setting("generation_parameters", "object", "How the text is generated, in the words of the model's library."),
    ),
    shown="text",
    examples=(Example("Describe", NAME, {"inputs": WHITE}),),
)
