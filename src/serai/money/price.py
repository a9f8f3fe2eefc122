"""What one model costs, and what was counted of a call. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Literal

from serai.errors import BadRequest

_MILLION = 1_000_000
_HOUR_S = 3600
_MOST = 1_000_000.0

Source = Literal["override", "service", "listed", "local"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """In US dollars: `input`, `output` and `cached_input` for a million tokens (what is not told of cached ones costs
    as the others do), the rest for one request, picture, second of sound, second or hour in which the model is at
    work. What a service does not charge for is 0; a price that is not known at all is no Price."""

    input: float = 0.0
    output: float = 0.0
    cached_input: float | None = None
    request: float = 0.0
    image: float = 0.0
    audio_second: float = 0.0
    compute_second: float = 0.0
    hour: float = 0.0

    @property
    def free(self) -> bool:
        return not any((self.input, self.output, self.request, self.image, self.audio_second, self.by_time))

    @property
    def by_time(self) -> float:
        """For one second of work."""
        return self.compute_second + self.hour / _HOUR_S

    def as_dict(self) -> dict[str, float]:
        """Only what costs something."""
        return {name: value for name, value in asdict(self).items() if value or (name == "cached_input" and value == 0)}


FREE = Price()


@dataclass(frozen=True, slots=True)
class Known:
    """A price, who says so, and when and where it was seen if it comes with Serai."""

    price: Price
    source: Source
    seen: date | None = None
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a call took, or may take; `prompt` includes `cached`."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    images: int = 0
    audio_s: float = 0.0
    seconds: float = 0.0


def cost(price: Price, counts: Counts) -> float:
    """In US dollars, for one request."""
    cached = min(counts.cached, counts.prompt)
    per_cached = price.input if price.cached_input is None else price.cached_input
    tokens = (counts.prompt - cached) * price.input + cached * per_cached + counts.completion * price.output
    pieces = price.request + counts.images * price.image + counts.audio_s * price.audio_second
    return tokens / _MILLION + pieces + counts.seconds * price.by_time


def check(values: Mapping[str, Any]) -> Price:
    """Raises BadRequest, naming what does not fit."""
    known = [field.name for field in fields(Price)]
    for name, value in values.items():
        if name not in known:
            raise BadRequest(f"A price has no {name!r}.", hint=f"It has {', '.join(known)}.", param=name)
        if value is None and name == "cached_input":
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
            raise BadRequest(f"{name} must be between 0 and {_MOST:,.0f} US dollars.", param=name)
    given: dict[str, Any] = {name: value if value is None else float(value) for name, value in values.items()}
    return Price(**given)


def quoted(values: object) -> Known | None:
    """What a service says of its own price; None unless all of it is understood: half a price is no price."""
    if not isinstance(values, Mapping) or values.get("currency", "USD") != "USD":
        return None
    told = {str(name): value for name, value in values.items() if value is not None}
    told.pop("currency", None)
    seen_at = told.pop("seen_at", None)
    try:
        price = check(told)
    except BadRequest:
        return None
    if not told or not all(math.isfinite(value) for value in price.as_dict().values()):
        return None
    seen = datetime.fromtimestamp(seen_at, UTC).date() if isinstance(seen_at, int | float) else None
    return Known(price, "service", seen)
