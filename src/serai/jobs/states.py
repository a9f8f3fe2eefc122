"""What may happen to a job, as a table. Pure."""

from __future__ import annotations

from typing import Literal

from serai.errors import Conflict

State = Literal["queued", "running", "paused", "done", "failed", "cancelled"]
Action = Literal["claim", "finish", "fail", "requeue", "pause", "resume", "cancel"]

_STEPS: dict[Action, dict[State, State]] = {
    "claim": {"queued": "running"},
    "finish": {"running": "done"},
    "fail": {"running": "failed"},
    "requeue": {"running": "queued"},
    "pause": {"queued": "paused", "running": "paused", "paused": "paused"},
    "resume": {"paused": "queued", "failed": "queued", "queued": "queued", "running": "running"},
    "cancel": {
        "queued": "cancelled",
        "running": "cancelled",
        "paused": "cancelled",
        "failed": "cancelled",
        "cancelled": "cancelled",
    },
}
"""What was asked for twice is fine: it leaves the state as it is."""

_WORDS = {"done": "is done", "cancelled": "was cancelled", "failed": "has failed", "paused": "is paused"}


def after(state: State, action: Action) -> State:
    """The state that follows. Raises Conflict in words when this cannot happen to such a job."""
    step = _STEPS[action].get(state)
    if step is None:
        hint = "Start a new one." if action == "resume" else ""
        raise Conflict(f"The job {_WORDS.get(state, f'is {state}')}; it cannot {action}.", hint=hint, state=state)
    return step
