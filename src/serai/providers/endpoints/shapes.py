"""Endpoints and the machines they run on, as Hugging Face's API has them. Pure; on nonsense it raises Python's own
errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Access = Literal["public", "authenticated", "private"]

FREE = ("paused", "scaledToZero", "failed")
"""States in which nothing runs, so that nothing is to be paid."""

COMING = ("pending", "initializing", "updating")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where an Endpoint runs: the five words that Hugging Face tells one machine from another by."""

    vendor: str = ""
    region: str = ""
    accelerator: str = ""
    instance_type: str = ""
    instance_size: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One Endpoint. `state` is Hugging Face's word, `message` says more; `url` is empty until it has one."""

    name: str
    namespace: str
    repository: str
    task: str
    revision: str
    framework: str
    type: str
    state: str
    message: str
    url: str
    health_route: str
    machine: Machine
    min_replica: int
    max_replica: int
    ready_replica: int
    scale_to_zero_timeout: int | None
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """A machine that can be had, with its price for an hour in US dollars; None where that is not told."""

    id: str
    machine: Machine
    title: str
    status: str
    accelerators: int
    cpus: int | None
    memory_gb: float
    gpu_memory_gb: float | None
    price_per_hour: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An Endpoint as it shall be. What is None stays as it is, or as Hugging Face has it."""

    repository: str | None = None
    task: str | None = None
    revision: str | None = None
    framework: str | None = None
    image: Mapping[str, Any] | None = None
    env: Mapping[str, str] | None = None
    secrets: Mapping[str, str] | None = None
    machine: Machine | None = None
    min_replica: int | None = None
    max_replica: int | None = None
    scale_to_zero_timeout: int | None = None
    type: Access | None = None


def endpoint(raw: Mapping[str, Any], namespace: str) -> Endpoint:
    status, model, compute, provider = raw["status"], raw["model"], raw["compute"], raw.get("provider") or {}
    scaling = compute.get("scaling") or {}
    return Endpoint(
        name=str(raw["name"]),
        namespace=namespace,
        repository=str(model["repository"]),
        task=str(model.get("task") or ""),
        revision=str(model.get("revision") or ""),
        framework=str(model.get("framework") or ""),
        type=str(raw.get("type") or ""),
        state=str(status["state"]),
        message=str(status.get("message") or "")[:500],
        url=str(status.get("url") or ""),
        health_route=str(raw.get("healthRoute") or "/health"),
        machine=_machine(compute, str(provider.get("vendor") or ""), str(provider.get("region") or "")),
        min_replica=int(scaling.get("minReplica") or 0),
        max_replica=int(scaling.get("maxReplica") or 1),
        ready_replica=int(status.get("readyReplica") or 0),
        scale_to_zero_timeout=scaling.get("scaleToZeroTimeout"),
        created_at=str(status.get("createdAt") or ""),
        updated_at=str(status.get("updatedAt") or ""),
    )


def hardware(raw: Mapping[str, Any]) -> list[Hardware]:
    """The price list."""
    return [
        _hardware(compute, vendor["name"], region["name"])
        for vendor in raw["vendors"]
        for region in vendor["regions"]
        for compute in region["computes"]
    ]


def payload(wanted: Wanted) -> dict[str, Any]:
    """What the API is sent: only what was said."""
    machine = wanted.machine or Machine()
    model = {
        "repository": wanted.repository,
        "task": wanted.task,
        "revision": wanted.revision,
        "framework": wanted.framework,
        "image": wanted.image,
        "env": wanted.env,
        "secrets": wanted.secrets,
    }
    scaling = {
        "minReplica": wanted.min_replica,
        "maxReplica": wanted.max_replica,
        "scaleToZeroTimeout": wanted.scale_to_zero_timeout,
    }
    compute = {
        "accelerator": machine.accelerator or None,
        "instanceType": machine.instance_type or None,
        "instanceSize": machine.instance_size or None,
        "scaling": _said(scaling) or None,
    }
    provider = {"vendor": machine.vendor or None, "region": machine.region or None}
    parts = {"model": _said(model), "compute": _said(compute), "provider": _said(provider)}
    return {name: part for name, part in {**parts, "type": wanted.type}.items() if part}


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _machine(compute: Mapping[str, Any], vendor: str, region: str) -> Machine:
    words = (str(compute.get(name) or "") for name in ("accelerator", "instanceType", "instanceSize"))
    accelerator, instance_type, instance_size = words
    return Machine(
        vendor=vendor,
        region=region,
        accelerator=accelerator,
        instance_type=instance_type,
        instance_size=instance_size,
    )


def _hardware(compute: Mapping[str, Any], vendor: str, region: str) -> Hardware:
    price = compute.get("pricePerHour")
    known = isinstance(price, (int, float)) and not isinstance(price, bool) and price > 0
    return Hardware(
        id=str(compute["id"]),
        machine=_machine(compute, vendor, region),
        title=str(compute.get("architecture") or ""),
        status=str(compute.get("status") or ""),
        accelerators=int(compute.get("numAccelerators") or 0),
        cpus=compute.get("numCpus"),
        memory_gb=float(compute.get("memoryGb") or 0),
        gpu_memory_gb=compute.get("gpuMemoryGb"),
        price_per_hour=float(price) if known and price is not None else None,
    )
