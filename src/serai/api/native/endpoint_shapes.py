"""The shapes of /api/v1/endpoints."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from serai.api.errors import ErrorBody
from serai.api.native.shapes import In, Out
from serai.providers.endpoints import waiting

Word = Annotated[str, Field(max_length=100)]
Most = Annotated[
    float | None,
    Field(ge=0, description="US dollars an hour. Refused where it may cost more, or nobody knows what it costs."),
]
Replicas = Annotated[int | None, Field(ge=0, le=1000)]
Variables = Annotated[dict[str, str] | None, Field(max_length=100)]
_HARDWARE = "A machine by its id in the price list, in place of `machine`."


class MachineShape(In):
    """A machine in Hugging Face's five words."""

    vendor: Word = ""
    region: Word = ""
    accelerator: Word = ""
    instance_type: Word = ""
    instance_size: Word = ""


class MachineOut(Out):
    vendor: str
    region: str
    accelerator: str
    instance_type: str
    instance_size: str


class CostOut(Out):
    """US dollars an hour. Null is unknown, and `why` says so; it is never nothing."""

    replica: float | None
    least: float | None = Field(description="With the fewest replicas.")
    most: float | None = Field(description="With all of them.")
    now: float | None = Field(description="With those that run.")
    currency: str
    seen_at: float | None = Field(description="When the price list was seen.")
    why: str


class EndpointOut(Out):
    name: str
    namespace: str
    repository: str
    task: str
    revision: str
    framework: str
    type: str
    state: str = Field(description="Hugging Face's word: pending, initializing, running, paused, scaledToZero, failed…")
    message: str
    url: str
    machine: MachineOut
    min_replica: int
    max_replica: int
    ready_replica: int
    scale_to_zero_timeout: int | None = Field(description="Minutes without a call after which it sleeps.")
    created_at: str
    updated_at: str
    cost: CostOut


class EndpointList(Out):
    endpoints: list[EndpointOut]


class HardwareOut(Out):
    id: str
    machine: MachineOut
    title: str
    status: str
    accelerators: int
    cpus: int | None
    memory_gb: float
    gpu_memory_gb: float | None
    price_per_hour: float | None


class HardwareList(Out):
    hardware: list[HardwareOut]
    seen_at: float | None
    error: ErrorBody | None = Field(description="Why it is not told anew.")


class Wish(In):
    """What can be said of an Endpoint."""

    task: Word | None = None
    revision: Word | None = None
    framework: Word | None = None
    image: dict[str, Any] | None = Field(None, description="The container, in Hugging Face's words.")
    env: Variables = None
    secrets: dict[str, SecretStr] | None = Field(None, max_length=100)
    hardware: Word = Field("", description=_HARDWARE)
    machine: MachineShape | None = None
    min_replica: Replicas = None
    max_replica: Replicas = None
    scale_to_zero_timeout: Annotated[int | None, Field(ge=1, le=100_000)] = None
    type: Literal["public", "authenticated", "private"] | None = None
    max_hourly: Most = None


class NewEndpoint(Wish):
    """Without replicas it has from none to one; without a type only whoever shows a token may ask it."""

    name: Annotated[str, Field(min_length=1, max_length=63, examples=["my-endpoint"])]
    repository: Annotated[str, Field(min_length=1, max_length=300, examples=["org/model"])]


class EndpointChange(Wish):
    """Only what is sent is changed."""

    repository: Annotated[str | None, Field(max_length=300)] = None


class CostQuestion(In):
    hardware: Word = Field("", description=_HARDWARE)
    machine: MachineShape | None = None
    min_replica: Annotated[int, Field(ge=0, le=1000)] = 0
    max_replica: Annotated[int, Field(ge=0, le=1000)] = 1


class Resumption(In):
    max_hourly: Most = None


class Waiting(In):
    seconds: Annotated[float, Field(gt=0, le=7 * 24 * 3600)] = waiting.LONGEST_S


class Use(In):
    name: Annotated[str, Field(max_length=64, description="What the service is called here; left out: as there.")] = ""


class LogText(Out):
    text: str
