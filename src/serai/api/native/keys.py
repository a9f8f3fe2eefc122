"""/api/v1/keys: API keys, shown once, revoked at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from serai.api.deps import ServicesDep
from serai.api.native.shapes import In, Out
from serai.api.routes import router
from serai.api.scopes import Scope

routes = router(Scope.ADMIN, prefix="/api/v1/keys", tag="keys")


class Key(Out):
    id: str
    name: str
    prefix: str = Field(description="How the key begins, to tell it from others.")
    scopes: list[str] = Field(description="What it may do; `*` is everything.")
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    last_used_at: float | None


class CreatedKey(Key):
    plain: str = Field(description="The key itself, shown this once.")


class KeyList(Out):
    keys: list[Key]


class NewKey(In):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    expires_at: Annotated[float | None, Field(gt=0, le=1e11)] = None
    scopes: list[Scope] | None = Field(None, description="Left out: everything.", min_length=1)


@routes.get("")
async def list_keys(services: ServicesDep) -> KeyList:
    """All keys, revoked ones too."""
    return KeyList.model_validate({"keys": await services.keys.list()})


@routes.post("", status_code=201)
async def create_key(services: ServicesDep, new: NewKey) -> CreatedKey:
    """A new key. This answer is the only place where it can be read."""
    scopes = tuple(map(str, new.scopes)) if new.scopes else ("*",)
    key, plain = await services.keys.create(new.name, expires_at=new.expires_at, scopes=scopes)
    return CreatedKey(**Key.model_validate(key).model_dump(), plain=plain)


@routes.delete("/{key}", status_code=204, response_class=Response)
async def revoke_key(services: ServicesDep, key: str) -> None:
    """The key stops working at once."""
    await services.keys.revoke(key)
