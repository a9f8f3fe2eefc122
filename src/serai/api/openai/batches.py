"""/v1/batches: many requests in one file, answered by a job."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import Field

from serai.api import wishes
from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.openai import listing
from serai.api.openai.batch_answers import ENDPOINTS
from serai.api.openai.embeddings import Asked
from serai.api.openai.fields import fault
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.batches.rows import PRIVATE, Batch

routes = router(Scope.INFER, prefix="/v1", tag="openai")

Note = Annotated[str, Field(max_length=512)]


class Create(Asked):
    input_file_id: str
    endpoint: str = Field(description=f"One of {', '.join(ENDPOINTS)}.")
    completion_window: Literal["24h"] = Field("24h", description="Serai goes on until all is answered.")
    metadata: Annotated[dict[Annotated[str, Field(max_length=64)], Note], Field(max_length=16)] | None = None


@routes.post("/batches")
async def create_batch(
    request: Request, response: Response, services: ServicesDep, who: PrincipalDep, asked: Create
) -> dict[str, Any]:
    """Begins to answer a file of requests that was uploaded with the purpose `batch`. The header `x-serai-private`
    holds for each of them, and is shown in the batch's metadata."""
    asked.name_ignored(response)
    if asked.endpoint not in ENDPOINTS:
        raise fault("endpoint", f"endpoint must be one of {', '.join(ENDPOINTS)}.")
    notes = dict(asked.metadata or {})
    if wishes.asked(request).wishes.private:
        notes[PRIVATE] = "true"
    return shape(await services.batches.create(who, asked.input_file_id, asked.endpoint, notes))


@routes.get("/batches")
async def list_batches(
    services: ServicesDep,
    who: PrincipalDep,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """The asker's batches, the newest first."""
    return listing.page([shape(batch) for batch in await services.batches.list(who.id)], after, limit)


@routes.get("/batches/{batch}")
async def get_batch(services: ServicesDep, who: PrincipalDep, batch: str) -> dict[str, Any]:
    """How far a batch is."""
    return shape(await services.batches.get(who.id, batch))


@routes.post("/batches/{batch}/cancel")
async def cancel_batch(services: ServicesDep, who: PrincipalDep, batch: str) -> dict[str, Any]:
    """Stops a batch; what was answered is kept."""
    return shape(await services.batches.cancel(who.id, batch))


def shape(batch: Batch) -> dict[str, Any]:
    """A batch in OpenAI's shape. Its files are told when it has ended."""
    at = {f"{name}_at": int(time) for name, time in batch.times.items()}
    over = batch.state in ("completed", "cancelled")
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "input_file_id": batch.input,
        "completion_window": "24h",
        "status": batch.state,
        "output_file_id": batch.output if over else None,
        "error_file_id": batch.errors if over else None,
        "created_at": int(batch.created_at),
        **at,
        "request_counts": dict(batch.counts),
        "errors": {"object": "list", "data": list(batch.problems)} if batch.problems else None,
        "metadata": dict(batch.notes) or None,
    }
