"""Which of a model's labels fit a text: its mood, its topic, whether it does harm."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task

NAME = "text-classification"


class Text(Inputs):
    """Answered by a list of `{"label", "score"}`, the likeliest first."""

    inputs: str = Field(min_length=1, description="The text.")


TASK = Task(
    name=NAME,
    title="Text classification",
    inputs={NAME: Text},
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
    examples=(Example("Good or bad", NAME, {"inputs": "The tea was hot and the host was kind."}, {"top_k": 2}),),
)
