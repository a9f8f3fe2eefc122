"""Hugging Face's dedicated Inference Endpoints. `namespace` is a person's or an organisation's, left out the token's;
`service` is a remote service whose key is taken in place of the hub's token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serai.endpoints._request import NATIVE, Json, Request, given, nothing, pick, segment

_PATH = f"{NATIVE}/endpoints"


def endpoints(*, namespace: str | None = None, service: str | None = None) -> Request[list[Json]]:
    """The Endpoints, each with its state and what it costs an hour."""
    return Request("GET", _PATH, pick("endpoints"), params=_where(namespace, service), slow=True)


def endpoint(name: str, *, namespace: str | None = None, service: str | None = None) -> Request[Json]:
    """One Endpoint as it is now. Raises NotFound."""
    return Request("GET", _at(name), dict, params=_where(namespace, service), slow=True)


def create_endpoint(
    name: str,
    repository: str,
    *,
    hardware: str | None = None,
    machine: Mapping[str, str] | None = None,
    max_hourly: float | None = None,
    namespace: str | None = None,
    service: str | None = None,
    **fields: Any,
) -> Request[Json]:
    """Creates one, which begins to cost: `endpoint_cost` says what. `hardware` is an id of `endpoint_hardware`;
    `machine` says the same in Hugging Face's five words. Raises OverBudget, before, where it may cost more than
    `max_hourly` US dollars an hour, or nobody knows."""
    said = given(hardware=hardware, machine=machine, max_hourly=max_hourly, **fields)
    body = {"name": name, "repository": repository, **said}
    return Request("POST", _PATH, dict, body, _where(namespace, service), slow=True)


def change_endpoint(
    name: str, *, namespace: str | None = None, service: str | None = None, **fields: Any
) -> Request[Json]:
    """Changes its `hardware` or `machine`, `min_replica`, `max_replica`, `scale_to_zero_timeout`, `repository`, `task`,
    `revision`, `image`, `env`, `secrets` or `type`; refused above `max_hourly`."""
    return Request("PATCH", _at(name), dict, given(**fields), _where(namespace, service), slow=True)


def pause_endpoint(name: str, *, namespace: str | None = None, service: str | None = None) -> Request[Json]:
    """Stops it until `resume_endpoint`; it then costs nothing."""
    return Request("POST", _at(name, "pause"), dict, params=_where(namespace, service), slow=True)


def resume_endpoint(
    name: str, *, max_hourly: float | None = None, namespace: str | None = None, service: str | None = None
) -> Request[Json]:
    """Starts a paused one. Raises OverBudget where that may cost more than `max_hourly` US dollars an hour."""
    body = given(max_hourly=max_hourly)
    return Request("POST", _at(name, "resume"), dict, body, _where(namespace, service), slow=True)


def scale_endpoint_to_zero(name: str, *, namespace: str | None = None, service: str | None = None) -> Request[Json]:
    """Lets it sleep until the next call to it."""
    return Request("POST", _at(name, "scale-to-zero"), dict, params=_where(namespace, service), slow=True)


def delete_endpoint(name: str, *, namespace: str | None = None, service: str | None = None) -> Request[None]:
    """Deletes it for good."""
    return Request("DELETE", _at(name), nothing, params=_where(namespace, service), slow=True)


def wait_for_endpoint(
    name: str, *, seconds: float | None = None, namespace: str | None = None, service: str | None = None
) -> Request[Json]:
    """Waits until it runs and answers, as a job: `follow` it."""
    return Request("POST", _at(name, "wait"), dict, given(seconds=seconds), _where(namespace, service), slow=True)


def endpoint_logs(
    name: str, *, tail: int | None = None, namespace: str | None = None, service: str | None = None
) -> Request[str]:
    """The last lines that its container wrote."""
    params = {**_where(namespace, service), **given(tail=tail)}
    return Request("GET", _at(name, "logs"), lambda body: str(body["text"]), params=params, slow=True)


def use_endpoint(
    name: str, *, called: str | None = None, namespace: str | None = None, service: str | None = None
) -> Request[Json]:
    """Adds it as a remote service; its models are then `called/…`."""
    return Request("POST", _at(name, "use"), dict, given(name=called), _where(namespace, service), slow=True)


def endpoint_hardware(*, namespace: str | None = None, service: str | None = None) -> Request[Json]:
    """The machines that can be had: `{hardware, seen_at, error}`, each with its price an hour."""
    return Request("GET", f"{NATIVE}/endpoint-hardware", dict, params=_where(namespace, service), slow=True)


def endpoint_cost(
    *,
    hardware: str | None = None,
    machine: Mapping[str, str] | None = None,
    min_replica: int | None = None,
    max_replica: int | None = None,
    namespace: str | None = None,
    service: str | None = None,
) -> Request[Json]:
    """What an Endpoint would cost an hour: `{replica, least, most, seen_at, why}`. None is unknown, and `why` says
    so."""
    asked = given(hardware=hardware, machine=machine, min_replica=min_replica, max_replica=max_replica)
    return Request("POST", f"{NATIVE}/endpoint-cost", dict, asked, _where(namespace, service), slow=True)


def _at(name: str, verb: str = "") -> str:
    return f"{_PATH}/{segment(name)}/{verb}" if verb else f"{_PATH}/{segment(name)}"


def _where(namespace: str | None, service: str | None) -> Json:
    return given(namespace=namespace, service=service)
