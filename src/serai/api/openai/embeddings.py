"""POST /v1/embeddings in OpenAI's shape, and POST /v1/rerank in Jina's."""

from __future__ import annotations

import base64
import struct
from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import Field

from serai.api.away import unless_gone
from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.native.shapes import In
from serai.api.openai import answer
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.backend import collect
from serai.errors import BadRequest
from serai.types import AUTO, FEATURE_EXTRACTION, TEXT_RANKING, Call, Result

routes = router(Scope.INFER, prefix="/v1", tag="openai")

Text = Annotated[str, Field(min_length=1)]


class Embed(In):
    input: Text | Annotated[list[Text], Field(min_length=1, max_length=2048)] = Field(description="One text or many.")
    model: str = AUTO
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(None, ge=1, description="Only the model's own number can be given.")
    user: str | None = Field(None, description="Has no effect.")


class Document(In):
    text: Text


class Rerank(In):
    query: Text
    documents: Annotated[list[Text | Document], Field(min_length=1, max_length=2048)]
    model: str = AUTO
    top_n: int | None = Field(None, ge=1, description="How many are given back; left out: all.")
    return_documents: bool = True


@routes.post("/embeddings")
async def create_embeddings(request: Request, services: ServicesDep, who: PrincipalDep, asked: Embed) -> dict[str, Any]:
    """A vector of length 1 for each text."""
    call = Call(task=FEATURE_EXTRACTION, model=asked.model, inputs={"inputs": asked.input}, principal=who)
    result = await unless_gone(request.receive, collect(services.router.run(call)))
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


@routes.post("/rerank")
async def rerank_documents(request: Request, services: ServicesDep, who: PrincipalDep, asked: Rerank) -> dict[str, Any]:
    """The documents that answer the query best, the best first."""
    texts = [document if isinstance(document, str) else document.text for document in asked.documents]
    inputs = {"query": asked.query, "texts": texts}
    call = Call(task=TEXT_RANKING, model=asked.model, inputs=inputs, principal=who)
    result = await unless_gone(request.receive, collect(services.router.run(call)))
    results = [
        {"index": row["index"], "relevance_score": row["score"]}
        | ({"document": {"text": texts[row["index"]]}} if asked.return_documents else {})
        for row in result.data[: asked.top_n]
    ]
    return {"object": "list", "results": results, **_facts(result)}


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
