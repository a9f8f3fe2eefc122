"""Names, places and the like in a text."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task

NAME = "token-classification"


class Text(Inputs):
    """Answered by a list of `{"entity_group" or "entity", "score", "word", "start", "end"}`, as the text has them."""

    inputs: str = Field(min_length=1, description="The text.")


TASK = Task(
    name=NAME,
    title="Token classification",
    inputs={NAME: Text},
    models=frozenset({NAME}),
    settings=(
        Setting(
            "aggregation_strategy",
            "text",
            "How tokens of one name are put together.",
            choices=("none", "simple", "first", "average", "max"),
            common=True,
        ),
        Setting("ignore_labels", "list", "Labels that are left out.", 0, 1000),
        Setting("stride", "integer", "How many tokens the parts of a long text share.", 0, 1_000_000),
    ),
    shown="data",
    examples=(Example("Find the names", NAME, {"inputs": "Sarah lives in Isfahan."}),),
)
