from __future__ import annotations

from typing import get_args

import pytest

from serai.errors import Conflict
from serai.jobs.states import Action, State, after

ALLOWED = {
    ("queued", "claim"): "running",
    ("running", "finish"): "done",
    ("running", "fail"): "failed",
    ("running", "requeue"): "queued",
    ("queued", "pause"): "paused",
    ("running", "pause"): "paused",
    ("paused", "pause"): "paused",
    ("paused", "resume"): "queued",
    ("failed", "resume"): "queued",
    ("queued", "resume"): "queued",
    ("running", "resume"): "running",
    ("queued", "cancel"): "cancelled",
    ("running", "cancel"): "cancelled",
    ("paused", "cancel"): "cancelled",
    ("failed", "cancel"): "cancelled",
    ("cancelled", "cancel"): "cancelled",
}


@pytest.mark.parametrize("state", get_args(State))
@pytest.mark.parametrize("action", get_args(Action))
def test_every_step(state: State, action: Action) -> None:
    if expected := ALLOWED.get((state, action)):
        assert after(state, action) == expected
    else:
        with pytest.raises(Conflict, match=f"cannot {action}"):
            after(state, action)


def test_words() -> None:
    with pytest.raises(Conflict) as caught:
        after("done", "resume")
    assert (caught.value.message, caught.value.hint) == ("The job is done; it cannot resume.", "Start a new one.")
