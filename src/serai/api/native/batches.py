"""/api/v1/batches: the rows of a file or a data set, answered by a job."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from serai.api import wishes
from serai.api.deps import PrincipalDep, ServicesDep, principal_of, services_of
from serai.api.native.jobs import Job, JobList
from serai.api.native.shapes import In, Name, Out
from serai.api.routes import Direct, router
from serai.api.scopes import Scope, authorise, dialects
from serai.batches.files import sheet
from serai.errors import TooLarge

routes = router(Scope.INFER, prefix="/api/v1/batches", tag="batches")
sending = router(Scope.INFER, prefix="/api/v1/batches", tag="batches", kind=Direct)

PURPOSE = "batch_input"
_LIVES_S = 30 * 86_400

_NAMED: dict[str, Any] = {
    "parameters": [
        {
            "name": "name",
            "in": "query",
            "required": True,
            "description": f"What it is called; its end says what it is: {', '.join(sheet.KINDS)}.",
            "schema": {"type": "string"},
            "example": "questions.csv",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary"},
                "example": "question\nWhy?\n",
            }
        },
    },
}
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}, "example": '{"row": 1}'}}
_FILE: dict[int | str, dict[str, Any]] = {200: {"description": "JSON lines, or Parquet.", "content": _BYTES}}


class BatchFile(Out):
    id: str
    name: str
    size: int
    created_at: float


class NewBatch(In):
    file: str = Field("", max_length=100, description="The id of a file that was sent before, or else")
    data_set: str = Field("", max_length=200, description="a data set in the store.")
    files: str = Field("", max_length=500, description="Which of the data set's files, such as `train*`.")
    model: Name = "auto"
    task: str = Field("", max_length=80, description="What is asked of it; empty: a chat, or what it was made for.")
    column: str = Field("", max_length=1000, description="The column that holds what is asked.")
    template: str = Field(
        "", max_length=100_000, description="What is asked, with columns in braces.", examples=["Translate: {text}"]
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="The task's settings for every row.")
    cache: bool | None = Field(None, description="Whether answers that are known will do, and these may be kept.")
    private: bool = Field(False, description="No row leaves this machine; so does the header `x-serai-private`.")
    at_once: int = Field(0, ge=0, le=256, description="Rows at the same time; 0: as `batches.at_once` says.")
    limit: int = Field(0, ge=0, description="The first so many rows only; 0 is all.")
    format: Literal["jsonl", "parquet"] = "jsonl"
    mark: str = Field("", max_length=200, description="Your own mark, by which you find it again.")


@sending.post("/files", response_model=BatchFile, status_code=201, openapi_extra=_NAMED)
async def send_batch_file(request: Request) -> Response:
    """Takes a file of rows, up to `batches.file_mb`. It stays for 30 days."""
    services, who = services_of(request), principal_of(request)
    name = request.query_params.get("name", "")
    sheet.kind_of(name)
    received = await services.uploads.receive(_chunks(request, services.settings.batches.file_mb))
    made = await services.uploads.add(who.id, received, name, PURPOSE, lives_s=_LIVES_S)
    shape = {"id": made.id, "name": made.filename, "size": made.size, "created_at": made.created_at}
    return Response(orjson.dumps(shape), status_code=201, media_type="application/json")


@routes.post("", status_code=202)
async def create_file_batch(request: Request, services: ServicesDep, who: PrincipalDep, new: NewBatch) -> Job:
    """Answers every row, as a job that survives a restart. What is wrong with one row is said in its own answer."""
    if new.data_set:  # it may be one that only the owner's token opened
        authorise(who, Scope.MODELS, dialects("batches"))
    new.private = new.private or wishes.asked(request).wishes.private
    return Job.model_validate(await services.file_batches.create(who, **new.model_dump()))


@routes.get("")
async def list_file_batches(services: ServicesDep, who: PrincipalDep) -> JobList:
    """The asker's batches, the newest first."""
    return JobList.model_validate({"jobs": await services.file_batches.list(who.id)})


@routes.get("/{batch}")
async def get_file_batch(services: ServicesDep, who: PrincipalDep, batch: str) -> Job:
    """How far a batch is."""
    return Job.model_validate(await services.file_batches.get(who.id, batch))


@routes.post("/{batch}/{action}")
async def steer_file_batch(
    services: ServicesDep, who: PrincipalDep, batch: str, action: Literal["pause", "resume", "cancel"]
) -> Job:
    """Pauses a batch, goes on with it, or gives it up; what was answered is kept."""
    return Job.model_validate(await services.file_batches.act(who.id, batch, action))


@routes.get("/{batch}/output", response_class=FileResponse, responses=_FILE)
async def get_file_batch_output(
    services: ServicesDep,
    who: PrincipalDep,
    batch: str,
    whole: Annotated[bool, Query(description="Only when every row is answered; else as far as it is.")] = False,
) -> FileResponse:
    """The answers, a line for each row; until it is done, those that are there so far."""
    path, name = await services.file_batches.output(who.id, batch, whole=whole)
    return FileResponse(path, media_type="application/octet-stream", filename=name)


async def _chunks(request: Request, most_mb: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most_mb * 1_000_000:
            hint = "The setting batches.file_mb can raise the limit."
            raise TooLarge(f"The file is larger than {most_mb} MB.", hint=hint, limit_mb=most_mb)
        if chunk:
            yield chunk
