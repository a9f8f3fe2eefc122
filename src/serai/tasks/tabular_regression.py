"""A number for each row of a table."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Task

NAME = "tabular-regression"


class Table(Inputs):
    """Answered by a list of numbers, one for each row."""

    table: dict[str, list[str | float]] = Field(
        min_length=1, description="The columns by their heads, all of one length."
    )


TASK = Task(
    name=NAME,
    title="Table regression",
    inputs={NAME: Table},
    models=frozenset({NAME}),
    shown="data",
    examples=(Example("Guess the weight", NAME, {"table": {"length": [11.5, 26.3]}}),),
)
