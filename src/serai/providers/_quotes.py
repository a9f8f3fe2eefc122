"""What services tell of their prices in the lists of their models: for a million tokens, in US dollars. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

_MILLION = 1_000_000


def of(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """A row's price as OpenRouter tells it, each token alone; None where it tells none, or one that varies."""
    pricing = row.get("pricing")
    if not isinstance(pricing, Mapping):
        return None
    tokens = {"input": "prompt", "output": "completion"}
    quote = _quote({name: _number(pricing.get(there), _MILLION) for name, there in tokens.items()})
    if quote is None:
        return None
    more = {"cached_input": ("input_cache_read", _MILLION), "request": ("request", 1)}
    told = {name: _number(pricing[there], times) for name, (there, times) in more.items() if there in pricing}
    return quote | {name: value for name, value in told.items() if value is not None}


def by_name(rows: Iterable[Any]) -> dict[str, Mapping[str, Any]]:
    """The prices of a list's rows that tell one, by the models' names."""
    return {row["id"]: quote for row in rows if (quote := of(row)) is not None}


def of_provider(provider: Mapping[str, Any]) -> dict[str, Any] | None:
    """The price of one of the providers behind Hugging Face's router, which tells it for a million tokens."""
    pricing = provider.get("pricing")
    if not isinstance(pricing, Mapping):
        return None
    return _quote({name: _number(pricing.get(name), 1) for name in ("input", "output")})


def behind(model: str, providers: Mapping[str, dict[str, Any] | None]) -> dict[str, Mapping[str, Any]]:
    """Prices by name for a model and the providers that have it now. Where the router chooses it is the highest, if all
    tell theirs; `cheapest` is the lowest that is told, by what is written."""
    known = {name: quote for name, quote in providers.items() if quote is not None}
    quotes: dict[str, Mapping[str, Any]] = {f"{model}:{name}": quote for name, quote in known.items()}
    if not known:
        return quotes
    quotes[f"{model}:cheapest"] = min(known.values(), key=lambda quote: quote["output"])
    if len(known) == len(providers):
        highest = {part: max(quote[part] for quote in known.values()) for part in ("input", "output")}
        quotes |= dict.fromkeys((model, f"{model}:fastest", f"{model}:preferred"), highest)
    return quotes


def _quote(parts: Mapping[str, float | None]) -> dict[str, Any] | None:
    return dict(parts) if all(value is not None for value in parts.values()) else None


def _number(value: Any, times: int) -> float | None:
    """What is no price at all, or stands for one that varies, is None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return round(number * times, 9) if math.isfinite(number) and number >= 0 else None
