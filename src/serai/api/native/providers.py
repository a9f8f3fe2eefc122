"""/api/v1/providers: remote services. Their keys are written, never read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr
from starlette.requests import Request
from starlette.responses import Response

from serai.api.deps import ServicesDep
from serai.api.errors import ErrorBody
from serai.api.native.shapes import In, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import SeraiError
from serai.providers import declaration, rows
from serai.providers.checking import Checked
from serai.providers.rows import Row

routes = router(Scope.ADMIN, prefix="/api/v1", tag="providers")
public = router(Scope.PUBLIC, prefix="/api/v1", tag="providers")

Url = Annotated[str, Field(max_length=2000, examples=["https://api.example.com/v1"])]
Variable = Annotated[str, Field(max_length=128, description="An environment variable of the server with its key.")]
Keys = Annotated[
    list[Annotated[SecretStr, Field(min_length=1, max_length=10_000)]],
    Field(max_length=100, description="Of several, the next is taken where one is refused or has had enough."),
]
Names = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=300)]],
    Field(max_length=1000, description="Models that the service does not list itself."),
]
Patience = Annotated[float, Field(ge=1, le=3600, description="Seconds for which it may be silent in an answer.")]

AtOnce = Annotated[
    int | None, Field(ge=1, le=10_000, description="Calls that it takes at a time; others wait. Null: any number.")
]
WhoseKeys = Annotated[
    rows.WhoseKeys,
    Field(
        description="Which keys it is shown: the `common` ones; only those that each principal keeps for themselves, "
        "`own`; or `either`, these, and to whoever has none the common ones."
    ),
]


class Kind(Out):
    """A kind of service that can be added."""

    name: str
    title: str
    url: str = Field(description="Where it is, when it is in one place.")
    key_env: str = Field(description="The environment variable that usually has its key.")
    key_needed: bool


class KindList(Out):
    kinds: list[Kind]


class Provider(Out):
    """A remote service. Its models are called `<name>/…`."""

    name: str
    kind: str
    url: str
    key_env: str
    keys: int = Field(description="How many common keys it has.")
    models: list[str] = Field(description="Those that were named by hand.")
    patience_s: float
    at_once: int | None
    whose_keys: WhoseKeys
    created_at: float
    known: int = Field(description="How many models it is known to have.")
    seen_at: float | None = Field(description="When it last told them; null since the server's start not yet.")
    error: ErrorBody | None = Field(description="Why it did not, when it was last asked.")


class ProviderList(Out):
    providers: list[Provider]


class NewProvider(In):
    name: Annotated[str, Field(min_length=1, max_length=64, examples=["openai"])]
    kind: Annotated[str, Field(min_length=1, max_length=64, examples=["openai"])]
    url: Url = Field("", description="Left out: where its kind is.")
    key_env: Variable = Field(
        "", description="Left out where its kind is at home, and no keys given: the kind's usual one."
    )
    keys: Keys = Field(default_factory=list)
    models: Names = Field(default_factory=list)
    patience_s: Patience = declaration.PATIENCE_S
    at_once: AtOnce = None
    whose_keys: WhoseKeys = "either"


class ProviderChange(In):
    """Only the fields that are sent are changed. Keys that are kept never go to another host: give them anew."""

    url: Url = ""
    key_env: Variable = ""
    keys: Keys = Field(default_factory=list)
    models: Names = Field(default_factory=list)
    patience_s: Patience = declaration.PATIENCE_S
    at_once: AtOnce = None
    whose_keys: WhoseKeys = "either"


class ServiceCheck(Out):
    """What a service said just now."""

    reachable: bool
    key: Literal["accepted", "refused", "missing", "unknown"]
    models: int
    seconds: float
    error: ErrorBody | None


class RemoteModel(Out):
    name: str
    title: str
    task: str
    context_length: int | None


class RemoteModelList(Out):
    models: list[RemoteModel]


@routes.get("/provider-kinds")
async def list_provider_kinds() -> KindList:
    """The kinds of services that can be added."""
    return KindList.model_validate({"kinds": [kind for _, kind in sorted(declaration.kinds().items())]})


@routes.get("/providers")
async def list_providers(services: ServicesDep) -> ProviderList:
    """The remote services that were added."""
    return ProviderList(providers=[await shape(services, row) for row in await services.providers.all()])


@routes.post("/providers", status_code=201)
async def add_provider(services: ServicesDep, new: NewProvider) -> Provider:
    """Adds a remote service. It is not called; `check` does that."""
    keys = [key.get_secret_value() for key in new.keys]
    facts = new.model_dump(exclude={"keys"}) | {"models": tuple(new.models)}
    return await shape(services, await services.providers.add(Row(**facts), keys))


@routes.get("/providers/{name}")
async def get_provider(services: ServicesDep, name: str) -> Provider:
    """One service."""
    return await shape(services, await services.providers.find(name))


@routes.patch("/providers/{name}")
async def change_provider(services: ServicesDep, name: str, change: ProviderChange) -> Provider:
    """Changes a service from the next call on."""
    facts = change.model_dump(exclude={"keys"}, exclude_unset=True)
    if "models" in facts:
        facts["models"] = tuple(change.models)
    keys = [key.get_secret_value() for key in change.keys] if "keys" in change.model_fields_set else None
    return await shape(services, await services.providers.change(name, keys, **facts))


@routes.delete("/providers/{name}", status_code=204, response_class=Response)
async def remove_provider(services: ServicesDep, name: str) -> None:
    """Forgets a service and its keys."""
    await services.providers.remove(name)


@routes.post("/providers/{name}/check")
async def check_provider(services: ServicesDep, name: str) -> ServiceCheck:
    """Asks the service whether it is there, takes its key, and what it has."""
    return checked(await services.providers.check(name))


@routes.get("/providers/{name}/models")
async def list_provider_models(services: ServicesDep, name: str) -> RemoteModelList:
    """The models of a service, as they were when it was last asked."""
    backend = await services.providers.backend(name)
    return RemoteModelList.model_validate({"models": await backend.models()})


@public.post("/providers/{name}/webhook", status_code=204, response_class=Response, include_in_schema=False)
async def hear_provider(services: ServicesDep, name: str, request: Request) -> None:
    """A service says that it is done. Needs no key: the message is signed, and nothing in it is believed."""
    await services.providers.told(name, request.headers, await request.body())


async def shape(services: Any, row: Row) -> Provider:
    """A service as it is set up, and what is known of it."""
    listing = await services.providers.listing(row.name)
    facts = {
        "keys": len(await services.providers.keys(row)),
        "known": len(listing.known) if listing else 0,
        "seen_at": listing.seen_at if listing else None,
        "error": _error(listing.error) if listing else None,
    }
    return Provider.model_validate({**_fields(row), **facts})


def checked(found: Checked) -> ServiceCheck:
    """What a service said."""
    return ServiceCheck.model_validate({**_fields(found), "error": _error(found.error)})


def _fields(found: Any) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__dataclass_fields__}


def _error(error: SeraiError | None) -> dict[str, Any] | None:
    return error.as_dict() if error is not None else None
