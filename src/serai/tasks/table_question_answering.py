"""What a table says to a question."""

from __future__ import annotations

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Setting, Task

NAME = "table-question-answering"


class Question(Inputs):
    """Answered by `{"answer", "cells", "coordinates", "aggregator"}`."""

    query: str = Field(min_length=1, description="What is asked.")
    table: dict[str, list[str]] = Field(min_length=1, description="The columns by their heads, all of one length.")


TASK = Task(
    name=NAME,
    title="Table question answering",
    inputs={NAME: Question},
    models=frozenset({NAME}),
    settings=(
        Setting("padding", "text", "How rows are filled up.", choices=("do_not_pad", "longest", "max_length")),
        Setting("sequential", "boolean", "Whether questions are answered in turn."),
        Setting("truncation", "boolean", "Whether a table that is too long is cut."),
    ),
    shown="data",
    examples=(
        Example("Ask a table", NAME, {"query": "How many camels?", "table": {"animal": ["camel"], "number": ["12"]}}),
    ),
)
