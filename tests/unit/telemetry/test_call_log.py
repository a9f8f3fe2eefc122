"""Who answered, and why others did not, stands in the log; the words of a call never do."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from serai.telemetry.calls import CallLog
from serai.types import CHAT, Attempt, Call, Record, Usage

TRIED = (Attempt(backend="far", model="far/m", reason="far is away.", code="unreachable"),)


def record(**told: Any) -> Record:
    call = Call(task=CHAT, model="best", inputs={"messages": [{"role": "user", "content": "a secret"}]}, id="call_1")
    whole = {"model": "near/m", "backend": "near", "place": "near", "status": "done", "error": "", "tried": ()}
    return Record(call=call, usage=Usage(), started_at=1.0, **{**whole, **told})


@pytest.mark.parametrize(
    ("told", "level", "said"),
    [
        ({}, "DEBUG", "call_1 was answered by near/m at near."),
        ({"tried": TRIED}, "INFO", "call_1 was answered by near/m at near. Tried before: far/m: far is away."),
        ({"status": "failed", "error": "busy"}, "WARNING", "call_1 to near/m failed: busy."),
        ({"status": "failed", "error": "busy", "model": "", "backend": ""}, "INFO", "call_1 to best failed: busy."),
    ],
)
def test_the_log_says_who_answered(caplog: pytest.LogCaptureFixture, told: Any, level: str, said: str) -> None:
    log = CallLog()
    log._log.propagate = True
    with caplog.at_level(logging.DEBUG, logger=log._log.name):
        log.ended(record(**told))
    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [(level, said)]
    assert "secret" not in caplog.text
