"""The lengths of time for which calls are counted together, and for how long each is kept."""

from __future__ import annotations

from serai.errors import BadRequest

MINUTE, HOUR, DAY = 60, 3_600, 86_400
LEVELS = (MINUTE, HOUR, DAY)
KEPT = {MINUTE: 1 * DAY, HOUR: 31 * DAY}
"""Seconds; how long days are kept is a setting."""

POINTS = 2_000
"""Most points of one time series."""

_BY_MINUTE, _BY_HOUR = 6 * HOUR, 7 * DAY
"""The longest spans that are told by the minute and by the hour, where nobody asked for a step."""


def step_for(start: float, end: float, now: float, wanted: int | None = None) -> tuple[int, int]:
    """The step of a time series, and the level that it is added up from: the finest that fits and goes back that far.
    Raises BadRequest for a step that gives too many points or is no multiple of a minute."""
    span = end - start - MINUTE  # so long may pass between naming a span and its being read
    if wanted is not None and (wanted < MINUTE or wanted % MINUTE):
        raise BadRequest("A step has whole minutes.", hint="Ask for 60, 3600 or 86400 seconds, say.", param="step")
    step = wanted or (MINUTE if span <= _BY_MINUTE else HOUR if span <= _BY_HOUR else DAY)
    oldest = now - start
    level = next(level for level in reversed(LEVELS) if step % level == 0)
    while level in KEPT and oldest > KEPT[level]:
        level = LEVELS[LEVELS.index(level) + 1]
    step = -(-step // level) * level  # what is no longer known by the minute is told by the hour
    if span / step > POINTS:
        least = -(-int(span / POINTS) // MINUTE) * MINUTE
        raise BadRequest(
            f"That would be more than {POINTS:,} points.", hint=f"Take a step of {least} seconds or more.", param="step"
        )
    return step, level
