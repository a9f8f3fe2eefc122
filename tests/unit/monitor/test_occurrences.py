from __future__ import annotations

from typing import Any

from tests.unit.monitor.past import failed, past, tried

from serai.monitor.occurrences import AWAY, Occurrence, Occurrences


class Told:
    def __init__(self) -> None:
        self.all: list[Occurrence] = []
        self.of = Occurrences(self.all.append)

    def kinds(self) -> list[str]:
        return [one.kind for one in self.all]


def job(state: str) -> dict[str, Any]:
    names = ("id", "kind", "title", "principal", "result", "error")
    return {
        **dict.fromkeys(names, "x"),
        "state": state,
        "created_at": 1.0,
        "updated_at": 2.0,
        "args": {"deep": "words"},
    }


def test_a_call_that_failed_is_told_without_its_words() -> None:
    told = Told()
    told.of.add(past())
    told.of.add(failed("busy", tried=tried("far", "timed_out")))
    [one] = told.all
    assert (one.kind, one.data["error"], one.data["tried"][0]["code"]) == ("call.failed", "busy", "timed_out")
    assert "settings" not in one.data and "reason" not in str(one.data)


def test_a_service_is_away_once_and_back_once() -> None:
    told = Told()
    for _ in range(AWAY + 2):
        told.of.add(past(tried=tried("shore", "unreachable")))
    told.of.add(past(place="shore", backend="shore"))
    told.of.add(past(place="shore", backend="shore"))
    assert told.kinds() == ["provider.away", "provider.back"]


def test_a_service_that_answers_between_is_not_away() -> None:
    told = Told()
    for _ in range(AWAY):
        told.of.add(failed("unreachable", place="shore", backend="shore"))
        told.of.add(past(place="shore", backend="shore"))
    assert told.kinds() == ["call.failed"] * AWAY


def test_jobs_are_told_at_their_end_by_an_id_of_their_own() -> None:
    told = Told()
    for state in ("queued", "running", "done", "done"):
        told.of.hear("job", job(state))
    assert told.kinds() == ["job.ended"] * 2 and len({one.id for one in told.all}) == 1
    assert "args" not in told.all[0].data


def test_a_model_s_state_is_told_when_it_changes() -> None:
    told = Told()
    for state in ("loading", "loading", "failed"):
        told.of.hear("model", {"name": "m", "state": state, "error": {"code": "load_failed"}})
    assert [(one.data["before"], one.data["state"]) for one in told.all] == [(None, "loading"), ("loading", "failed")]


def test_budgets_are_passed_on_and_nothing_else() -> None:
    told = Told()
    for topic in ("budget", "call", "session", "settings"):
        told.of.hear(topic, {"spent": 1.0})
    assert [(one.kind, one.data) for one in told.all] == [("budget", {"spent": 1.0})]
