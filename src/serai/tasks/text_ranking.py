"""Which of many texts answers a question best."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Task
from serai.types import TEXT_RANKING

Text = Annotated[str, Field(min_length=1)]


class Ranking(Inputs):
    """Answered by a list of `{"index", "score"}`, the best text first."""

    query: Text = Field(description="What is looked for.")
    texts: list[Text] = Field(min_length=1, max_length=2048, description="The texts to put in order.")


TASK = Task(
    name=TEXT_RANKING,
    title="Ranking",
    inputs={TEXT_RANKING: Ranking},
    models=frozenset({TEXT_RANKING}),
    shown="data",
    examples=(
        Example("Find the answer", TEXT_RANKING, {"query": "Where do caravans rest?", "texts": ["A serai.", "A sea."]}),
    ),
)
