"""/api/v1/fit: will it fit? For models that are here, and for those of the hub before they are downloaded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BeforeValidator, Field

from serai import loading, types
from serai.api.deps import ServicesDep
from serai.api.native.shapes import Loading, Name, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import ModelNotFound
from serai.loading import Dtype, KvType, check

routes = router(Scope.MODELS, prefix="/api/v1", tag="models")


class Need(Out):
    """Bytes, by what they are for. At its peak, a process also shows `spare` bytes that the system takes back where
    memory is short."""

    weights: int
    kv: int
    compute: int
    cache: int
    runtime: int
    total: int
    later: int = Field(description="Part of the total that is taken only as the model is used.")
    spare: int
    firm: int = Field(description="Part of the weights that is on the CPU.")
    peak: int
    by_device: dict[str, int] = Field(description="The total, on `cpu` and `gpu`.")


class Device(Out):
    name: str
    kind: Literal["cpu", "gpu"]
    total: int
    free: int


class Offer(Out):
    """Something else that would fit: other values for `loading`, or another model."""

    loading: Loading
    model: str
    text: str
    total: int | None


class Fit(Out):
    """Whether a model fits, how it would be loaded, and what would fit where it does not."""

    model: str
    verdict: Literal["fits", "tight", "no"]
    text: str
    need: Need
    devices: list[Device]
    room: dict[str, int] = Field(description="Bytes that a model may take now, on `cpu` and `gpu`.")
    loading: Loading
    layers: int = Field(description="What `gpu_layers` counts up to.")
    context_length: int | None
    shortened: str
    device_reason: str
    would_fit: list[Offer]


def _asked(
    context: Annotated[int | None, Query(ge=256, le=1 << 24)] = None,
    parallel: Annotated[int | None, Query(ge=1, le=64)] = None,
    kv_type: Annotated[KvType | None, Query()] = None,
    gpu_layers: Annotated[int | None, Query(ge=0, le=10_000)] = None,
    device: Annotated[loading.Device | None, Query()] = None,
    dtype: Annotated[Dtype | None, Query()] = None,
    bits: Annotated[Literal[4, 8] | None, BeforeValidator(int), Query()] = None,
    flash_attention: Annotated[bool | None, Query()] = None,
) -> dict[str, Any]:
    """What the asker would set; what is left out is the model's own, or Serai's choice."""
    numbers = {"context": context, "parallel": parallel, "gpu_layers": gpu_layers, "bits": bits}
    return check({**numbers, "device": device, "kv_type": kv_type, "dtype": dtype, "flash_attention": flash_attention})


Asked = Annotated[dict[str, Any], Depends(_asked)]


@routes.get("/fit")
async def get_fit(services: ServicesDep, model: Annotated[Name, Query()], asked: Asked) -> Fit:
    """Whether a model fits: one that is here by its name, or one of the hub (`org/name:Q4_K_M`) from its headers."""
    try:
        found = await services.store.find(model)
    except ModelNotFound:
        if "/" not in model:
            raise
        shape, sizes = await services.headers.of_remote(model)
        name, _, _ = model.partition(":")
        found = types.Model(name=model, task="", format=shape.format, size=shape.size, context_length=shape.context)
        return await _fit(services, found, shape, asked, {f"{name}:{quant}": size for quant, size in sizes.items()})
    return await _fit_here(services, found, asked)


@routes.get("/models/{name:path}/fit")
async def get_model_fit(services: ServicesDep, name: str, asked: Asked) -> Fit:
    """Whether a model that is here fits."""
    return await _fit_here(services, await services.store.find(name), asked)


async def _fit_here(services: Any, model: types.Model, asked: dict[str, Any]) -> Fit:
    from serai.hosting.admission import beside

    path = Path(model.path or "")
    shape = await asyncio.to_thread(services.headers.of, path)
    return await _fit(services, model, shape, asked, await asyncio.to_thread(beside, model.path))


async def _fit(services: Any, model: types.Model, shape: Any, asked: dict[str, Any], beside: dict[str, int]) -> Fit:
    from serai.hosting.forecast import engine_for, forecast

    model = replace(model, loading={**model.loading, **asked})
    room = await services.pool.room(engine_for(model), model.name)
    return Fit.model_validate(await asyncio.to_thread(forecast, model, shape, services.settings.models, room, beside))
