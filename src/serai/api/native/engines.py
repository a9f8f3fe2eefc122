"""/api/v1/engines: the llama-servers of this machine. Choosing one runs a program, so all of it needs `admin`."""

from __future__ import annotations

import asyncio
from importlib import metadata
from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import Response

from serai import registry
from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.native.jobs import Job
from serai.api.native.shapes import In, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.building import build
from serai.hosting import native
from serai.hub.store import GUIDE_FILE

routes = router(Scope.ADMIN, prefix="/api/v1/engines", tag="engines")


class LlamaServer(Out):
    """One of llama.cpp's servers."""

    name: str
    kind: Literal["wheel", "native", "given"]
    version: str
    features: list[str] = Field(description="What its build uses of this machine, as far as it is known.")
    path: str
    size: int | None = Field(description="Bytes.")
    built_at: float | None
    in_use: bool


class Runtime(Out):
    """An engine that Serai knows, here or not."""

    name: str
    title: str
    formats: list[str]
    version: str = Field(description="Of its library; empty where that is not here.")
    installed: bool
    extra: str = Field(description="The part of Serai that brings it; empty for the core.")


class LlamaServerList(Out):
    engines: list[LlamaServer]
    setting: str = Field(description="What `models.llama_server` says: `auto`, `wheel`, a name or a path.")
    to_gain: list[str] = Field(description="What this processor can do and only a native build uses.")
    runtimes: list[Runtime]


class Choice(In):
    name: Annotated[
        str, Field(min_length=1, max_length=4096, description="A name of the list, `auto`, or a llama-server's path.")
    ]


@routes.get("")
async def list_engines(services: ServicesDep) -> LlamaServerList:
    """The wheel's server, those that were built here, and one that was named."""
    return await _list(services)


@routes.post("/build", status_code=202)
async def build_engine(services: ServicesDep, who: PrincipalDep) -> Job:
    """Builds a native llama-server for this machine, as a job, and uses it once it is tried. One that is being built
    is given back instead of a second."""
    for job in await services.jobs.list():
        if job["kind"] == build.Build.kind and job["state"] in ("queued", "running"):
            return Job.model_validate(job)
    return Job.model_validate(await services.jobs.submit(build.Build.kind, {}, "native llama-server", who))


@routes.put("/use")
async def use_engine(services: ServicesDep, choice: Choice) -> LlamaServerList:
    """Takes that server for models that are loaded from now on. A path is tried first."""
    if choice.name != native.AUTO:
        await build.check(services.home, choice.name, GUIDE_FILE, services.settings_file.environ)
    services.use_llama_server(choice.name)
    return await _list(services)


@routes.delete("/{name}", status_code=204, response_class=Response)
async def remove_engine(services: ServicesDep, name: str) -> None:
    """Deletes a server that was built here. Models that run with it go on until they are unloaded."""
    native.remove(services.home, name)
    if services.settings.models.llama_server == name:
        services.use_llama_server(native.AUTO)


async def _list(services: ServicesDep) -> LlamaServerList:
    from serai.doctor.native import idle_features

    setting = services.settings.models.llama_server
    found = await asyncio.to_thread(native.servers, services.home, setting)
    servers = [LlamaServer.model_validate(native.as_dict(server)) for server in found]
    gain = await asyncio.to_thread(idle_features) if any(one.in_use and one.kind == "wheel" for one in servers) else []
    runtimes = await asyncio.to_thread(_runtimes)
    return LlamaServerList(engines=servers, setting=setting, to_gain=gain, runtimes=runtimes)


def _runtimes() -> list[Runtime]:
    return [
        Runtime(
            name=engine.name,
            title=engine.title,
            formats=list(engine.formats),
            version=_version(engine) if not (gone := registry.missing(engine)) else "",
            installed=not gone,
            extra=engine.extra,
        )
        for engine in registry.engines().values()
    ]


def _version(engine: registry.Engine) -> str:
    """Of the first library that it needs; its module may be called otherwise than its package."""
    packages = metadata.packages_distributions()
    names = [name for module in engine.requires for name in packages.get(module, ())]
    return metadata.version(names[0]) if names else ""
