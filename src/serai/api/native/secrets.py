"""/api/v1/secrets: set, replaced, removed; never shown."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field
from starlette.responses import Response

from serai.api.deps import ServicesDep
from serai.api.native.shapes import In, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import Conflict, NotFound
from serai.settings import SECRET_ALIASES
from serai.storage.secrets import own
from serai.telemetry import logs

routes = router(Scope.ADMIN, prefix="/api/v1/secrets", tag="secrets")

SecretName = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,63}$", examples=["hf_token"])]


class Secret(Out):
    name: str
    set: bool
    source: Literal["stored", "environment"]


class SecretList(Out):
    secrets: list[Secret]


class NewSecret(In):
    value: str = Field(min_length=1, max_length=100_000)


@routes.get("")
async def list_secrets(services: ServicesDep) -> SecretList:
    """The names of the secrets that are set; their values are never shown. What somebody keeps for themselves alone
    is left out."""
    outside = {name for name in SECRET_ALIASES if services.settings_file.secret(name)}
    found = [Secret(name=name, set=True, source="environment") for name in sorted(outside)]
    stored = sorted({name for name in await services.secrets.names() if not own(name)} - outside)
    return SecretList(secrets=[*found, *(Secret(name=name, set=True, source="stored") for name in stored)])


@routes.put("/{name}")
async def set_secret(services: ServicesDep, name: SecretName, secret: NewSecret) -> Secret:
    """Keeps a secret, encrypted."""
    if services.settings_file.secret(name):
        names = " or ".join(SECRET_ALIASES[name])
        raise Conflict(f"{name} is set by the environment ({names}).", hint="Change it there.")
    logs.redact(secret.value)
    await services.secrets.set(name, secret.value)
    return Secret(name=name, set=True, source="stored")


@routes.delete("/{name}", status_code=204, response_class=Response)
async def delete_secret(services: ServicesDep, name: SecretName) -> None:
    """Forgets a secret."""
    if name not in await services.secrets.names():
        raise NotFound(f"There is no secret {name!r}.")
    await services.secrets.delete(name)
