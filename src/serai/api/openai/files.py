"""/v1/files: what clients keep here, for batches and for themselves."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from serai.api.deps import PrincipalDep, ServicesDep, principal_of, services_of
from serai.api.openai import listing, uploading
from serai.api.openai.fields import fault
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.batches.uploads import Upload, Uploads
from serai.errors import Conflict
from serai.types import Principal

sending = router(Scope.INFER, prefix="/v1", tag="openai", kind=Direct)
keeping = router(Scope.INFER, prefix="/v1", tag="openai")

PURPOSES = ("batch", "assistants", "fine-tune", "vision", "user_data", "evals")
_SHORTEST_S, _LONGEST_S = 3600, 2_592_000

_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file", "purpose"],
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    "purpose": {"type": "string", "enum": list(PURPOSES)},
                    "expires_after[anchor]": {"type": "string", "enum": ["created_at"]},
                    "expires_after[seconds]": {"type": "integer", "minimum": _SHORTEST_S, "maximum": _LONGEST_S},
                },
            }
        }
    },
}


@sending.post("/files", response_class=Response, openapi_extra={"requestBody": _BODY})
async def create_file(request: Request) -> Response:
    """Keeps a file; its largest size is that of any body (`server.body_limit_mb`)."""
    made = await _receive(request, services_of(request).uploads, principal_of(request))
    return Response(orjson.dumps(shape(made)), media_type="application/json")


@keeping.get("/files")
async def list_files(
    services: ServicesDep,
    who: PrincipalDep,
    after: str | None = None,
    purpose: str | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
    order: Literal["asc", "desc"] = "desc",
) -> dict[str, Any]:
    """The asker's files."""
    rows = [shape(upload) for upload in await services.uploads.list(who.id, purpose)]
    return listing.page(rows if order == "desc" else rows[::-1], after, limit)


@keeping.get("/files/{file}")
async def get_file(services: ServicesDep, who: PrincipalDep, file: str) -> dict[str, Any]:
    """What is known of a file."""
    return shape(await services.uploads.get(who.id, file))


@keeping.get("/files/{file}/content", response_class=FileResponse)
async def get_file_content(services: ServicesDep, who: PrincipalDep, file: str) -> FileResponse:
    """A file's content, as it was sent."""
    found = await services.uploads.get(who.id, file)
    return FileResponse(services.uploads.path(found.id), media_type="application/octet-stream", filename=found.filename)


@keeping.delete("/files/{file}")
async def delete_file(services: ServicesDep, who: PrincipalDep, file: str) -> dict[str, Any]:
    """Forgets a file, unless a batch still reads it."""
    if await services.batches.needs(file):
        raise Conflict(f"A batch still reads {file}.", hint="Cancel the batch, or wait for its end.")
    await services.uploads.delete(who.id, file)
    return {"id": file, "object": "file", "deleted": True}


def shape(upload: Upload) -> dict[str, Any]:
    """A file in OpenAI's shape."""
    return {
        "id": upload.id,
        "object": "file",
        "bytes": upload.size,
        "created_at": int(upload.created_at),
        "expires_at": int(upload.expires_at) if upload.expires_at is not None else None,
        "filename": upload.filename,
        "purpose": upload.purpose,
        "status": "processed",
        "status_details": None,
    }


async def _receive(request: Request, uploads: Uploads, who: Principal) -> Upload:
    """Clients send the file first or last: what the other fields say is checked when all are there."""
    fields: dict[str, str] = {}
    received, filename = "", ""
    try:
        async with contextlib.aclosing(uploading.parts(request)) as parts:
            async for part in parts:
                if part.name != "file":
                    fields[part.name] = await part.text()
                elif received:
                    raise fault("file", "There are two files; send one at a time.")
                else:
                    received, filename = await uploads.receive(part.chunks()), part.filename or "file"
        if not received:
            raise fault("file", "file is missing.")
        return await uploads.add(who.id, received, filename, _purpose(fields), lives_s=_lives(fields))
    except BaseException:
        if received:
            uploads.drop(received)
        raise


def _purpose(fields: dict[str, str]) -> str:
    purpose = fields.get("purpose")
    if purpose not in PURPOSES:
        raise fault("purpose", f"purpose must be one of {', '.join(PURPOSES)}.")
    return purpose


def _lives(fields: dict[str, str]) -> float | None:
    anchor, seconds = fields.get("expires_after[anchor]"), fields.get("expires_after[seconds]")
    if anchor is None and seconds is None:
        return None
    if anchor != "created_at":
        raise fault("expires_after[anchor]", "expires_after[anchor] must be created_at.")
    if seconds is None or not seconds.isdigit() or not _SHORTEST_S <= int(seconds[:12]) <= _LONGEST_S:
        said = f"expires_after[seconds] must be a whole number from {_SHORTEST_S} to {_LONGEST_S}."
        raise fault("expires_after[seconds]", said)
    return float(seconds)
