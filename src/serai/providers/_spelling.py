"""A call's settings in a service's own words. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from serai.errors import BadRequest


def checked(service: str, settings: Mapping[str, Any], has: Collection[str]) -> dict[str, Any]:
    """The settings, of which the service has all. Raises BadRequest naming the first that it has not; that no thinking
    is wanted is no wish to a service that has no switch for it."""
    wanted = dict(settings)
    if not wanted.get("reasoning") and "reasoning" not in has:
        wanted.pop("reasoning", None)
    missing = sorted(wanted.keys() - set(has))
    if missing:
        hint = "Leave them out, or ask a model of this machine."
        text = f"{service} does not have these settings here: {', '.join(missing)}."
        raise BadRequest(text, hint=hint, field=missing[0])
    return wanted


def spelled(service: str, settings: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Those settings by the service's own names. Raises as `checked`."""
    return {names[name]: value for name, value in checked(service, settings, names).items()}
