"""POST /v1/embeddings in OpenAI's shape, and /v1/rerank in Jina's, /v2/rerank in Cohere's."""

from __future__ import annotations

import base64
import struct
from collections.abc import Collection
from typing import Annotated, Any, Literal

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from serai.api import wishes
from serai.api.away import unless_gone
from serai.api.body import ignored as ignored_header
from serai.api.deps import PrincipalDep
from serai.api.openai import answer
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.backend import collect
from serai.errors import BadRequest
from serai.tasks.feature_extraction import MOST, Tokens
from serai.types import AUTO, FEATURE_EXTRACTION, TEXT_RANKING, Call, Principal, Result, new_id

routes = router(Scope.INFER, tag="openai")

Text = Annotated[str, Field(min_length=1)]


class Asked(BaseModel):
    """A request's body. Fields that nobody knows are let through, and named in the answer's headers."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    def name_ignored(self, response: Response, known: Collection[str] = ()) -> None:
        response.headers.update(ignored_header([name for name in self.model_extra or () if name not in known]))

    def take(self, request: Request, response: Response) -> None:
        """Hears the wishes among the fields, and names in the response those that have no effect."""
        wishes.heard(request, dict(self.model_extra or {}))
        self.name_ignored(response, wishes.PROPERTIES)


class Embed(Asked):
    input: Text | Tokens | Annotated[list[Text | Tokens], Field(min_length=1, max_length=MOST)] = Field(
        description="One text or many, each as text or as its tokens by their numbers."
    )
    model: str = AUTO
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1, description="Only the model's own number can be given.")
    user: str | None = Field(None, description="Has no effect.")


class Document(BaseModel):
    text: Text


class Rerank(Asked):
    query: Text
    documents: Annotated[list[Text | Document], Field(min_length=1, max_length=2048)]
    model: str = AUTO
    top_n: int | None = Field(None, ge=1, description="How many are given back; left out: all.")
    return_documents: bool = True


@routes.post("/v1/embeddings")
async def create_embeddings(request: Request, response: Response, who: PrincipalDep, asked: Embed) -> dict[str, Any]:
    """A vector of length 1 for each text."""
    asked.take(request, response)
    return shape(asked, await unless_gone(request.receive, collect(wishes.runner(request)(call(asked, who)))))


def call(asked: Embed, who: Principal) -> Call:
    """What is asked of a model."""
    return Call(task=FEATURE_EXTRACTION, model=asked.model, inputs={"inputs": _texts(asked.input)}, principal=who)


def shape(asked: Embed, result: Result) -> dict[str, Any]:
    """The vectors in OpenAI's shape. Raises BadRequest for dimensions that the model does not give."""
    have = len(result.data[0])
    if asked.dimensions not in (None, have):
        hint = f"Leave dimensions out, or say {have}."
        raise BadRequest(f"{result.answerer.model} gives {have} dimensions.", hint=hint, param="dimensions")
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _encode(vector, asked.encoding_format)}
            for index, vector in enumerate(result.data)
        ],
        **_facts(result),
    }


@routes.post("/v1/rerank")
async def rerank_documents(request: Request, response: Response, who: PrincipalDep, asked: Rerank) -> dict[str, Any]:
    """The documents that answer the query best, the best first, as Jina has it."""
    return await _ranked(request, response, who, asked)


@routes.post("/v2/rerank")
async def rerank_documents_as_cohere(
    request: Request, response: Response, who: PrincipalDep, asked: Rerank
) -> dict[str, Any]:
    """The same as Cohere has it: without the documents, unless they are asked for."""
    if "return_documents" not in asked.model_fields_set:
        asked.return_documents = False
    found = await _ranked(request, response, who, asked)
    tokens = found["usage"]["prompt_tokens"]
    return {
        "id": new_id("rerank"),
        **found,
        "meta": {"api_version": {"version": "2"}, "tokens": {"input_tokens": tokens}},
    }


async def _ranked(request: Request, response: Response, who: Any, asked: Rerank) -> dict[str, Any]:
    asked.take(request, response)
    texts = [document if isinstance(document, str) else document.text for document in asked.documents]
    inputs = {"query": asked.query, "texts": texts}
    call = Call(task=TEXT_RANKING, model=asked.model, inputs=inputs, principal=who)
    result = await unless_gone(request.receive, collect(wishes.runner(request)(call)))
    results = [
        {"index": row["index"], "relevance_score": row["score"]}
        | ({"document": {"text": texts[row["index"]]}} if asked.return_documents else {})
        for row in result.data[: asked.top_n]
    ]
    return {"object": "list", "results": results, **_facts(result)}


def _texts(given: Any) -> Any:
    """One list of tokens is one text."""
    return [given] if isinstance(given, list) and isinstance(given[0], int) else given


def _facts(result: Result) -> dict[str, Any]:
    tokens = result.usage.prompt_tokens
    return {
        "model": result.answerer.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "serai": answer.extension(result.answerer, result.tried, result.usage),
    }


def _encode(vector: list[float], form: str) -> list[float] | str:
    """Base64 is of little-endian 32 bit numbers."""
    if form == "float":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
