"""/api/v1/endpoints: Hugging Face's dedicated Inference Endpoints, and what they cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.native import jobs as job_shapes
from serai.api.native import providers as provider_shapes
from serai.api.native.endpoint_shapes import (
    CostOut,
    CostQuestion,
    EndpointChange,
    EndpointList,
    EndpointOut,
    HardwareList,
    LogText,
    MachineShape,
    NewEndpoint,
    Resumption,
    Use,
    Waiting,
)
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import BadRequest
from serai.providers.endpoints import using, waiting
from serai.providers.endpoints.accounts import Where
from serai.providers.endpoints.endpoints import Priced
from serai.providers.endpoints.shapes import Machine, Wanted

routes = router(Scope.ADMIN, prefix="/api/v1", tag="endpoints")

Namespace = Annotated[str, Query(max_length=96, description="A person or an organisation; left out: the token's own.")]
Service = Annotated[
    str, Query(max_length=64, description="A service at Hugging Face, whose key is taken in place of the hub's token.")
]


@routes.get("/endpoints")
async def list_endpoints(services: ServicesDep, namespace: Namespace = "", service: Service = "") -> EndpointList:
    """The Endpoints of a namespace, each with what it costs."""
    found = await services.endpoints.all(Where(namespace, service))
    return EndpointList(endpoints=[_shape(one) for one in found])


@routes.post("/endpoints", status_code=201)
async def create_endpoint(
    services: ServicesDep, new: NewEndpoint, namespace: Namespace = "", service: Service = ""
) -> EndpointOut:
    """Creates one, which then costs what `POST /endpoint-cost` says."""
    where = Where(namespace, service)
    wanted = await _wanted(services, new, where)
    if wanted.machine is None:
        raise BadRequest("An Endpoint needs a machine.", hint="Say hardware or machine.", field="hardware")
    return _shape(await services.endpoints.create(new.name, wanted, where, max_hourly=new.max_hourly))


@routes.get("/endpoint-hardware")
async def list_endpoint_hardware(
    services: ServicesDep, namespace: Namespace = "", service: Service = ""
) -> HardwareList:
    """The machines that can be had, with their prices and when those were seen."""
    prices = await services.endpoints.hardware(Where(namespace, service))
    error = prices.error.as_dict() if prices.error else None
    return HardwareList.model_validate({"hardware": list(prices.hardware), "seen_at": prices.seen_at, "error": error})


@routes.post("/endpoint-cost")
async def endpoint_cost(
    services: ServicesDep, asked: CostQuestion, namespace: Namespace = "", service: Service = ""
) -> CostOut:
    """What an Endpoint would cost. Creates nothing."""
    where = Where(namespace, service)
    machine = await _machine(services, asked.hardware, asked.machine, where)
    if machine is None:
        raise BadRequest("Which machine is meant?", hint="Say hardware or machine.", field="hardware")
    told = await services.endpoints.cost(machine, asked.min_replica, asked.max_replica, where)
    return CostOut.model_validate(told)


@routes.get("/endpoints/{name}")
async def get_endpoint(
    services: ServicesDep, name: str, namespace: Namespace = "", service: Service = ""
) -> EndpointOut:
    """One Endpoint as it is now."""
    return _shape(await services.endpoints.get(name, Where(namespace, service)))


@routes.patch("/endpoints/{name}")
async def change_endpoint(
    services: ServicesDep, name: str, change: EndpointChange, namespace: Namespace = "", service: Service = ""
) -> EndpointOut:
    """Changes an Endpoint, which then starts anew."""
    where = Where(namespace, service)
    wanted = await _wanted(services, change, where)
    return _shape(await services.endpoints.update(name, wanted, where, max_hourly=change.max_hourly))


@routes.delete("/endpoints/{name}", status_code=204, response_class=Response)
async def delete_endpoint(services: ServicesDep, name: str, namespace: Namespace = "", service: Service = "") -> None:
    """Deletes an Endpoint for good."""
    await services.endpoints.delete(name, Where(namespace, service))


@routes.post("/endpoints/{name}/pause")
async def pause_endpoint(
    services: ServicesDep, name: str, namespace: Namespace = "", service: Service = ""
) -> EndpointOut:
    """Stops it until somebody resumes it; it then costs nothing."""
    return _shape(await services.endpoints.do(name, "pause", Where(namespace, service)))


@routes.post("/endpoints/{name}/resume")
async def resume_endpoint(
    services: ServicesDep,
    name: str,
    asked: Resumption | None = None,
    namespace: Namespace = "",
    service: Service = "",
) -> EndpointOut:
    """Starts a paused one, which then costs again."""
    most = asked.max_hourly if asked else None
    return _shape(await services.endpoints.do(name, "resume", Where(namespace, service), max_hourly=most))


@routes.post("/endpoints/{name}/scale-to-zero")
async def scale_endpoint_to_zero(
    services: ServicesDep, name: str, namespace: Namespace = "", service: Service = ""
) -> EndpointOut:
    """Lets it sleep until the next call to it."""
    return _shape(await services.endpoints.do(name, "scale-to-zero", Where(namespace, service)))


@routes.post("/endpoints/{name}/wait", status_code=202)
async def wait_for_endpoint(
    services: ServicesDep,
    who: PrincipalDep,
    name: str,
    asked: Waiting | None = None,
    namespace: Namespace = "",
    service: Service = "",
) -> job_shapes.Job:
    """Waits until it runs and answers, as a job that survives a restart."""
    found = await services.endpoints.get(name, Where(namespace, service))
    seconds = (asked or Waiting()).seconds
    args = {"name": name, "namespace": found.endpoint.namespace, "service": service, "seconds": seconds}
    job = await services.jobs.submit(waiting.KIND, args, f"Endpoint {name}", who)
    return job_shapes.Job.model_validate(job)


@routes.get("/endpoints/{name}/logs")
async def endpoint_logs(
    services: ServicesDep,
    name: str,
    tail: Annotated[int, Query(ge=1, le=10_000)] = 200,
    namespace: Namespace = "",
    service: Service = "",
) -> LogText:
    """The last lines that its container wrote."""
    return LogText(text=await services.endpoints.logs(name, Where(namespace, service), tail=tail))


@routes.post("/endpoints/{name}/use", status_code=201)
async def use_endpoint(
    services: ServicesDep, name: str, asked: Use | None = None, namespace: Namespace = "", service: Service = ""
) -> provider_shapes.Provider:
    """Adds it as a remote service, with its task, and with the token where its address is Hugging Face's own."""
    where, called = Where(namespace, service), (asked.name if asked else "") or name.casefold()
    variable = services.settings_file.named
    row = await using.use(services.endpoints, services.providers, name, where, called, variable)
    return await provider_shapes.shape(services, row)


async def _machine(services: Any, hardware: str, machine: MachineShape | None, where: Where) -> Machine | None:
    if hardware:
        found: Machine = await services.endpoints.machine(hardware, where)
        return found
    return Machine(**machine.model_dump()) if machine else None


async def _wanted(services: Any, asked: NewEndpoint | EndpointChange, where: Where) -> Wanted:
    """Raises NotFound for hardware that there is not."""
    known = asked.model_dump(exclude={"name", "hardware", "machine", "max_hourly", "secrets"}, exclude_none=True)
    secrets = {name: value.get_secret_value() for name, value in (asked.secrets or {}).items()}
    machine = await _machine(services, asked.hardware, asked.machine, where)
    return Wanted(**known, machine=machine, secrets=secrets or None)


def _shape(priced: Priced) -> EndpointOut:
    return EndpointOut.model_validate({**asdict(priced.endpoint), "cost": asdict(priced.cost)})
