"""What a picture says to a question."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task
from serai.tasks.media import WHITE, Picture

NAME = "visual-question-answering"


class Question(Inputs):
    """Answered by a list of `{"answer", "score"}`, the likeliest first."""

    image: Picture = Field(description="The picture, as a data: address.")
    question: str = Field(min_length=1, description="What is asked.")


TASK = Task(
    name=NAME,
    title="Visual question answering",
    inputs={NAME: Question},
    models=frozenset({NAME}),
    settings=(Setting("top_k", "integer", "How many answers to give, the likeliest first.", 1, 1000, common=True),),
    shown="data",
    examples=(Example("Ask a picture", NAME, {"image": WHITE, "question": "Which colour is it?"}),),
)
