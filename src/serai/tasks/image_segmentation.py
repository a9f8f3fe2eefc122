"""Which parts of a picture belong to which thing."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task
from serai.tasks.media import WHITE, Picture

NAME = "image-segmentation"


class Seen(Inputs):
    """Answered by a list of `{"label", "score", "mask"}`; the mask is a picture as a data: address."""

    inputs: Picture = Field(description="The picture, as a data: address.")


TASK = Task(
    name=NAME,
    title="Image segmentation",
    inputs={NAME: Seen},
    models=frozenset({NAME}),
    settings=(
        Setting("threshold", "number", "Leave out what is less likely than this.", 0, 1, common=True),
        Setting("mask_threshold", "number", "From which value on a point belongs to a thing.", 0, 1),
        Setting("overlap_mask_area_threshold", "number", "Parts that overlap less than this are dropped.", 0, 1),
        Setting("subtask", "text", "What is told apart.", choices=("instance", "panoptic", "semantic")),
    ),
    shown="data",
    examples=(Example("Take it apart", NAME, {"inputs": WHITE}),),
)
