"""What a picture shows."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task
from serai.tasks.media import WHITE, Picture

NAME = "image-classification"


class Seen(Inputs):
    """Answered by a list of `{"label", "score"}`, the likeliest first."""

    inputs: Picture = Field(description="The picture, as a data: address.")


TASK = Task(
    name=NAME,
    title="Image classification",
    inputs={NAME: Seen},
    models=frozenset({NAME}),
    settings=(
        Setting("top_k", "integer", "How many to name, the likeliest first.", 1, 1000, common=True),
        Setting(
            "function_to_apply",
            "text",
            "How the model's numbers become scores; unset: as the model was made for.",
            choices=("sigmoid", "softmax", "none"),
        ),
    ),
    shown="scores",
    examples=(Example("What is it", NAME, {"inputs": WHITE}),),
)
