"""A picture of what a text says."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task

NAME = "text-to-image"


class Prompt(Inputs):
    """Answered by `{"image"}`, a picture as a data: address."""

    inputs: str = Field(min_length=1, description="What shall be seen.")


TASK = Task(
    name=NAME,
    title="Text to image",
    inputs={NAME: Prompt},
    models=frozenset({NAME}),
    settings=(
        Setting("negative_prompt", "text", "What shall not be seen.", common=True),
        Setting(
            "num_inference_steps", "integer", "In how many steps it is made: more take longer.", 1, 1000, common=True
        ),
        Setting("guidance_scale", "number", "How closely the words are followed.", 0, 100, common=True),
        Setting("seed", "integer", "The same seed and settings give the same picture.", 0, 2**32 - 2, common=True),
        Setting("width", "integer", "In points.", 1, 8192, common=True),
        Setting("height", "integer", "In points.", 1, 8192, common=True),
        Setting("scheduler", "text", "The way in which it is made, as the model's library names it.", 1, 100),
    ),
    shown="data",
    examples=(Example("Paint", NAME, {"inputs": "A caravan at night"}, {"width": 512, "height": 512}),),
)
