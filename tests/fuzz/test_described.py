"""Every operation that the OpenAPI document describes, with what fits its description and what does not."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from serai.api.all import describe
from tests.e2e.conftest import Server

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(300)]

LONGEST_S = 20
"""No answer takes longer."""

MEANT = {"busy", "hub_unreachable", "load_failed", "missing_extra", "not_offered", "unreachable", "timed_out"}
"""Codes of what may happen although Serai is whole: no hub can be reached here, and not everything is installed."""

CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
ENDLESS = "/api/v1/events"
BUILDS = "/api/v1/engines/build"
MODELS = {"/v1/embeddings": "embeds", "/api/embed": "embeds", "/api/embeddings": "embeds"}
MODELS |= {"/v1/rerank": "ranks", "/v2/rerank": "ranks"}
CONFIG = {
    "seed": 7,  # and nothing below that would make later examples depend on earlier answers
    "suppress-health-check": ["all"],
    "generation": {"max-examples": 4, "deterministic": True, "no-shrink": True, "database": "none"},
    "phases": {
        "fuzzing": {"extra-data-sources": {"responses": False}, "error-feedback": {"enabled": False}},
    },
}


described = schemathesis.openapi.from_dict(describe().openapi(), config=SchemathesisConfig.from_dict(CONFIG))
described = described.exclude(path=[ENDLESS, BUILDS])


@described.parametrize()
def test_no_call_breaks_it(server: Server, case: Any) -> None:
    """Whatever is sent, the answer is one that the document promises."""
    check(case, call(case, server))


def test_no_chain_of_calls_breaks_it(server: Server) -> None:
    """What one call makes is what the next ones are about. Faults are gathered here: ids differ each time, so that
    Hypothesis, which would try a fault again, takes it for flaky and gives up."""
    faults: list[BaseException] = []
    seen = 0

    class Chain(described.as_state_machine()):  # type: ignore[misc]
        def call(self, case: Any, **_: Any) -> Any:
            return call(case, server)

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            nonlocal seen
            seen += 1
            try:
                check(case, response)
            except (AssertionError, BaseExceptionGroup) as fault:
                faults.append(fault)

    few = settings(max_examples=25, stateful_step_count=6, derandomize=True, database=None, deadline=None)
    with contextlib.suppress(Flaky):
        Chain.run(settings=settings(few, suppress_health_check=list(HealthCheck), phases=[Phase.generate]))
    assert faults == []
    assert seen > 5


def call(case: Any, server: Server) -> Any:
    aim(case)
    return case.call(server.url, timeout=LONGEST_S)


def check(case: Any, response: Any) -> None:
    if response.status_code >= 500:
        assert code(response) in MEANT, response.text
    case.validate_response(response, checks=CHECKS)


def aim(case: Any) -> None:
    """Has the call reach a real model, and ask it for little."""
    if not isinstance(case.body, dict):
        return
    if isinstance(case.body.get("model"), str):
        case.body["model"] = MODELS.get(case.path, "serai-guide")
    for name in ("max_tokens", "max_output_tokens", "max_completion_tokens"):
        if isinstance(case.body.get(name), int):
            case.body[name] = min(case.body[name], 8)


def code(response: Any) -> str:
    """An error's code, whichever dialect tells it."""
    told = response.json()
    error = told.get("serai") or told["error"]
    return str((error.get("serai") or error)["code"])
