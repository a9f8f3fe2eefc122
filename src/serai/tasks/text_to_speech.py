"""A text read aloud."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task

NAME = "text-to-speech"


class Spoken(Inputs):
    """Answered by `{"audio", "sampling_rate"}`, the sound as a data: address."""

    inputs: str = Field(min_length=1, description="What is said.")


TASK = Task(
    name=NAME,
    title="Text to speech",
    inputs={NAME: Spoken},
    models=frozenset({NAME, "text-to-audio"}),
    settings=(
        Setting("voice", "text", "Who speaks; a model without that voice takes its usual one.", 1, 200, common=True),
        Setting("speed", "number", "How fast: 1 is as usual.", 0.25, 4, common=True),
        Setting(
            "format",
            "text",
            "The kind of file.",
            choices=("wav", "mp3", "opus", "aac", "flac", "pcm"),
        ),
        Setting("instructions", "text", "How it is said, in words.", 0, 4096),
        Setting("generation_parameters", "object", "How it is made, in the words of the model's library."),
    ),
    shown="data",
    examples=(Example("Say it", NAME, {"inputs": "The inn is open."}),),
)
