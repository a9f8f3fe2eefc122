"""Texts to vectors that lie close together where the texts mean alike."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from serai.tasks.declaration import Example, Inputs, Task
from serai.types import FEATURE_EXTRACTION

MOST = 2048

Text = Annotated[str, Field(min_length=1)]
Tokens = Annotated[list[Annotated[int, Field(ge=0, strict=True)]], Field(min_length=1)]


class Texts(Inputs):
    """Answered by a list of vectors of length 1, one for each text, in their order."""

    inputs: Text | Annotated[list[Text | Tokens], Field(min_length=1, max_length=MOST)] = Field(
        description="One text or many; one of many may also be its tokens by their numbers."
    )


TASK = Task(
    name=FEATURE_EXTRACTION,
    title="Embeddings",
    inputs={FEATURE_EXTRACTION: Texts},
    models=frozenset({FEATURE_EXTRACTION, "sentence-similarity"}),
    shown="data",
    examples=(Example("Embed two texts", FEATURE_EXTRACTION, {"inputs": ["a caravan", "an inn"]}),),
)
