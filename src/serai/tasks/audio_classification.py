"""What is heard."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task
from serai.tasks.media import SILENCE, Sound

NAME = "audio-classification"


class Heard(Inputs):
    """Answered by a list of `{"label", "score"}`, the likeliest first."""

    inputs: Sound = Field(description="The sound, as a data: address.")


TASK = Task(
    name=NAME,
    title="Audio classification",
    inputs={NAME: Heard},
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
    examples=(Example("What is it", NAME, {"inputs": SILENCE}),),
)
