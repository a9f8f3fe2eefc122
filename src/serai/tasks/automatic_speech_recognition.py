"""What is said in a recording."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task
from serai.tasks.media import SILENCE, Sound

NAME = "automatic-speech-recognition"


class Heard(Inputs):
    """Answered by `{"text"}`. Where times were asked for also by `"chunks"`, a list of `{"text", "timestamp": [from,
    to]}` in seconds; and by `"language"` and `"duration"`, where the model knows them."""

    inputs: Sound = Field(description="The sound, as a data: address.")


TASK = Task(
    name=NAME,
    title="Speech to text",
    inputs={NAME: Heard},
    models=frozenset({NAME}),
    settings=(
        Setting(
            "return_timestamps",
            "text",
            "When what was said.",
            choices=("segment", "word"),
            common=True,
        ),
        Setting(
            "language", "text", "The language that is spoken, such as en; unset: it is recognised.", 2, 20, common=True
        ),
        Setting("translate", "boolean", "Whether the text is to be English, whatever is spoken."),
        Setting("prompt", "text", "Words that help: names, what was said before.", 0, 10_000),
        Setting("temperature", "number", "How freely words are chosen; 0 always takes the likeliest.", 0, 1),
        Setting("generation_parameters", "object", "How the text is generated, in the words of the model's library."),
    ),
    shown="data",
    examples=(Example("Write it down", NAME, {"inputs": SILENCE}),),
)
