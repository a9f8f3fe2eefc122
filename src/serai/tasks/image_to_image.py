"""A picture made from a picture."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task
from serai.tasks.media import WHITE, Picture

NAME = "image-to-image"


class Changed(Inputs):
    """Answered by `{"image"}`, a picture as a data: address."""

    inputs: Picture = Field(description="The picture, as a data: address.")
    mask: Picture | None = Field(None, description="Where it may change: at the points that can be seen through.")


TASK = Task(
    name=NAME,
    title="Image to image",
    inputs={NAME: Changed},
    models=frozenset({NAME}),
    settings=(
        Setting("prompt", "text", "What shall be seen.", common=True),
        Setting("negative_prompt", "text", "What shall not be seen.", common=True),
        Setting(
            "num_inference_steps", "integer", "In how many steps it is made: more take longer.", 1, 1000, common=True
        ),
        Setting("guidance_scale", "number", "How closely the words are followed.", 0, 100, common=True),
        Setting("seed", "integer", "The same seed and settings give the same picture.", 0, 2**32 - 2, common=True),
        Setting("target_size", "object", "The `width` and `height` of the answer, in points."),
    ),
    shown="data",
    examples=(Example("Change it", NAME, {"inputs": WHITE}, {"prompt": "at night"}),),
)
