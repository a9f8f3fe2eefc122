"""Where in a picture which things are."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task
from serai.tasks.media import WHITE, Picture

NAME = "object-detection"


class Seen(Inputs):
    """Answered by a list of `{"label", "score", "box": {"xmin", "ymin", "xmax", "ymax"}}`."""

    inputs: Picture = Field(description="The picture, as a data: address.")


TASK = Task(
    name=NAME,
    title="Object detection",
    inputs={NAME: Seen},
    models=frozenset({NAME}),
    settings=(Setting("threshold", "number", "Leave out what is less likely than this.", 0, 1, common=True),),
    shown="data",
    examples=(Example("Find things", NAME, {"inputs": WHITE}),),
)
