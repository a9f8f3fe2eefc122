"""/api/v1/keys: API keys, shown once, revoked at once."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from serai import types
from serai.accounts import grants
from serai.api.deps import ServicesDep
from serai.api.native.shapes import In, Out
from serai.api.routes import router
from serai.api.scopes import Scope

routes = router(Scope.ADMIN, prefix="/api/v1/keys", tag="keys")

Dialect = Literal["openai", "anthropic", "ollama", "huggingface", "native"]
Entry = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Time = Annotated[float, Field(gt=0, le=1e11)]


class Limits(In):
    """How far the scopes of a key go. What is left out, or null, is not limited."""

    dialects: list[Dialect] | None = Field(None, description="The APIs it may be used with.")
    models: list[Entry] | None = Field(None, description="Names, or patterns.", examples=[["org/*"]])
    places: list[Entry] | None = Field(None, description="`local`, or names of services.", examples=[["local"]])
    requests_per_minute: int | None = Field(None, description="Calls that models are asked.")
    tokens_per_minute: int | None = Field(None, description="Read and written, together.")
    at_once: int | None = Field(None, description="Calls that may run at the same time.")
    spend_per_day: float | None = Field(None, description="US dollars; calls that could pass it are refused.")
    spend_per_month: float | None = Field(None, description="US dollars; calls that could pass it are refused.")


class Key(Out):
    id: str
    name: str
    prefix: str = Field(description="How the key begins, to tell it from others.")
    scopes: list[str] = Field(description="What it may do; `*` is everything.")
    limits: Limits
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    last_used_at: float | None
    former_until: float | None = Field(description="Until then the text opens that it had before it was rotated.")


class CreatedKey(Key):
    plain: str = Field(description="The key itself, shown this once.")


class KeyList(Out):
    keys: list[Key]


class NewKey(In):
    name: Name
    expires_at: Time | None = None
    scopes: list[Scope] | None = Field(
        None, description="Left out: everything, or with limits asking models.", min_length=1
    )
    limits: Limits = Limits()


class KeyChange(In):
    """Only the fields that are sent are changed; `limits` replaces all of them."""

    name: Name | None = None
    expires_at: Time | None = None
    scopes: list[Scope] | None = Field(None, min_length=1)
    limits: Limits | None = None


class Rotation(In):
    grace_s: Annotated[float, Field(ge=0, description="How long the old text goes on opening.")] = 0


@routes.get("")
async def list_keys(services: ServicesDep) -> KeyList:
    """All keys, revoked ones too."""
    return KeyList(keys=[shape(key) for key in await services.keys.list()])


@routes.post("", status_code=201)
async def create_key(services: ServicesDep, new: NewKey) -> CreatedKey:
    """A new key. This answer is the only place where it can be read."""
    key, plain = await services.keys.create(new.name, new.expires_at, new.scopes, _limits(new.limits))
    return CreatedKey(**shape(key).model_dump(), plain=plain)


@routes.get("/{key}")
async def get_key(services: ServicesDep, key: str) -> Key:
    """One key, without its secret part."""
    return shape(await services.keys.get(key))


@routes.patch("/{key}")
async def change_key(services: ServicesDep, key: str, change: KeyChange) -> Key:
    """What the key may do, from its next request on."""
    expiry: dict[str, Any] = {"expires_at": change.expires_at} if "expires_at" in change.model_fields_set else {}
    limits = None if change.limits is None else _limits(change.limits)
    return shape(await services.keys.change(key, name=change.name, scopes=change.scopes, limits=limits, **expiry))


@routes.post("/{key}/rotate")
async def rotate_key(services: ServicesDep, key: str, rotation: Rotation | None = None) -> CreatedKey:
    """The same key with a new text, which is shown this once; the old one ends at once, or after a grace."""
    changed, plain = await services.keys.rotate(key, rotation.grace_s if rotation else 0)
    return CreatedKey(**shape(changed).model_dump(), plain=plain)


@routes.delete("/{key}", status_code=204, response_class=Response)
async def revoke_key(services: ServicesDep, key: str) -> None:
    """The key stops working at once; what it has open ends."""
    await services.keys.revoke(key)


def shape(key: Any) -> Key:
    return Key.model_validate(
        {**{name: getattr(key, name) for name in key.__slots__}, "limits": grants.stored(key.limits)}
    )


def _limits(given: Limits) -> types.Limits:
    return grants.read(given.model_dump(exclude_none=True))
