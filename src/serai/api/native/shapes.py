"""What the native API's shapes have in common, and the shapes that several nouns share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from serai.wording import Language

Text = Annotated[str, Field(max_length=10_000_000)]
Name = Annotated[str, Field(min_length=1, max_length=300)]
Settings = Annotated[
    dict[str, Any],
    Field(description="Generation settings by name, where they differ.", examples=[{"temperature": 0.7}]),
]

Loading = Annotated[
    dict[str, Any],
    Field(description="How it is loaded, by name, where that was set.", examples=[{"context": 16384}]),
]


Spoken = Annotated[Language, Query(description="Of the sentences in the answer.")]


class In(BaseModel):
    """A request's body: a field that is not declared is refused by name."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Out(BaseModel):
    """A response's body."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


class Answerer(Out):
    """Who answered: a model, run by a backend, on a device, in a place (`local` or a service's name)."""

    model: str
    backend: str
    place: str = "local"
    device: str = ""
    device_reason: str = Field("", description="Why this device, where a faster one might be expected.")
    why: str = Field("", description="Why this one, where there was a choice.")


class Attempt(Out):
    """A backend that did not answer, and why."""

    backend: str
    reason: str
    model: str = ""
    code: str = Field("", description="The error's code, or why it was not even asked.")
    tried: bool = Field(True, description="Whether it was asked.")


class BudgetNote(Out):
    """A budget from which an answer was paid, and which is nearly spent or passed; in US dollars."""

    id: str
    state: Literal["near", "passed"]
    kind: str
    name: str
    period: str
    hard: bool
    limit: float
    spent: float
    resets_at: float | None = None


class Usage(Out):
    """The measurements of an answer; times in seconds from the moment the call arrived."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    first_token_s: float | None = None
    total_s: float | None = None
    tokens_per_second: float | None = None
    prompt_tokens_per_second: float | None = None
    left_out: int = Field(0, description="How many messages of the chat were not read, because it was too long.")
    cost: float | None = Field(None, description="In US dollars; null where the price is not known.")
    from_cache: bool = Field(False, description="Nothing was computed: the same call was answered before.")
    budgets: list[BudgetNote] = Field([], description="Those it was paid from that are nearly spent or passed.")
