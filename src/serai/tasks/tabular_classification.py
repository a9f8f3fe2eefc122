"""A label for each row of a table."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Task

NAME = "tabular-classification"


class Table(Inputs):
    """Answered by a list of labels, one for each row."""

    table: dict[str, list[str | float]] = Field(
        min_length=1, description="The columns by their heads, all of one length."
    )


TASK = Task(
    name=NAME,
    title="Table classification",
    inputs={NAME: Table},
    models=frozenset({NAME}),
    shown="data",
    examples=(Example("Label the rows", NAME, {"table": {"humps": [1, 2]}}),),
)
