"""The shapes of /api/v1/hub."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from serai.api.errors import ErrorBody
from serai.api.native.shapes import In, Out
from serai.hub.known import Query, Sort

Word = Annotated[str, Field(max_length=100)]


class HubSearch(In):
    """What is looked for. An empty field asks for anything."""

    query: Annotated[str, Field(max_length=200, description="Words of the name.")] = ""
    task: Word = Field("", description="In the hub's words.", examples=["text-generation"])
    library: Word = ""
    author: Word = ""
    license: Word = Field("", examples=["apache-2.0"])
    speaks: Annotated[str, Field(max_length=10)] = Field("", description="A language of the model.", examples=["fa"])
    format: Literal["", "gguf", "safetensors", "onnx"] = ""
    min_parameters: Annotated[int | None, Field(ge=0, le=1 << 53)] = None
    max_parameters: Annotated[int | None, Field(ge=0, le=1 << 53)] = Field(
        None, description="Models of which the hub does not tell the number are left out, where one is asked for."
    )
    sort: Sort = "downloads"
    limit: Annotated[int, Field(ge=1, le=100)] = 30
    cursor: Annotated[str, Field(max_length=1000)] = Field("", description="`next` of the page before.")
    language: Literal["en", "de", "fa"] = Field("en", description="Of the sentences in the answer.")

    def asked(self) -> Query:
        told = self.model_dump(exclude={"query", "speaks", "language"})
        return Query(text=self.query.strip(), language=self.speaks, **told)


class HubFit(Out):
    """How it fits this machine, by its size alone; `/api/v1/fit` tells it to the byte."""

    verdict: Literal["fits", "tight", "no"]
    text: str


class HubModel(Out):
    """A model of the hub; what is unknown is null or empty."""

    name: str
    author: str
    task: str
    library: str
    license: str
    languages: list[str]
    formats: list[Literal["gguf", "safetensors", "onnx"]]
    downloads: int | None
    likes: int | None
    gated: Literal["", "auto", "manual"] = Field(description="Whether its makers let in only those who accept terms.")
    modified_at: float | None
    parameters: int | None
    context_length: int | None
    architecture: str
    size: int | None = Field(description="About how many bytes its weights take: of a GGUF as Q4_K_M.")
    fit: HubFit | None
    here: list[str] = Field(description="What of it is on this machine, by name.")
    job: str | None = Field(description="A download of it that is not finished.")


class HubModelList(Out):
    """`offline`: the hub was not asked, `reason` says why, and these are the models that are known here."""

    models: list[HubModel]
    next: str | None
    offline: bool
    reason: ErrorBody | None


class HubFile(Out):
    path: str
    size: int
    sha256: str | None


class HubVariant(Out):
    """One form of the model: a quantisation, or a format."""

    name: str = Field(description="What to download.", examples=["org/name:Q4_K_M"])
    label: str
    format: Literal["gguf", "safetensors", "onnx"]
    size: int
    files: int
    recommended: bool = Field(description="It is what `serai pull org/name` would fetch.")
    fit: HubFit | None
    here: bool
    job: str | None
    missing_extra: str = Field(description="The part of Serai that runs it and is not installed.")


class HubEvaluation(Out):
    task: str
    dataset: str
    metric: str
    value: float


class HubGate(Out):
    """What to do where the makers let in only those who accept their terms."""

    text: str
    url: str


class HubModelPage(HubModel):
    revision: str
    commit: str
    revisions: list[str]
    tags: list[str]
    weights: dict[str, int] = Field(description="Stored numbers by type.")
    card: str = Field(description="Markdown by its makers: foreign text.")
    files: list[HubFile]
    variants: list[HubVariant]
    evaluations: list[HubEvaluation]
    gate: HubGate | None
    unusable: ErrorBody | None = Field(description="Why there is nothing in it that Serai runs.")
    url: str = Field(description="Its page on the hub.")
    offline: bool
    reason: ErrorBody | None
