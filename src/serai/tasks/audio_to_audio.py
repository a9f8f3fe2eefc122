"""Sound made from sound: cleaned, or taken apart."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Task
from serai.tasks.media import SILENCE, Sound

NAME = "audio-to-audio"


class Heard(Inputs):
    """Answered by a list of `{"label", "audio"}`, each a sound as a data: address."""

    inputs: Sound = Field(description="The sound, as a data: address.")


TASK = Task(
    name=NAME,
    title="Audio to audio",
    inputs={NAME: Heard},
    models=frozenset({NAME}),
    shown="data",
    examples=(Example("Clean it", NAME, {"inputs": SILENCE}),),
)
