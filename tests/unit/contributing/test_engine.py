"""Add an engine: the example passes the contract suite as a real process."""

import pytest
from tests.unit.contributing.conftest import Checkout

pytestmark = pytest.mark.engine
FILE = "src/serai/engines/echo.py"


def test_the_example_keeps_the_contract(checkout: Checkout) -> None:
    files = checkout.follow("engine.md")
    assert len(files[FILE].splitlines()) <= 60
    ran = checkout.pytest("tests/contract", "tests/unit/engines", "-k", "echo")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("PASSED") >= 13


def test_an_engine_that_does_not_stop_is_found_out(checkout: Checkout) -> None:
    checkout.follow("engine.md")
    checkout.change(FILE, "handler_cancellation=True", "handler_cancellation=False")
    checkout.change(FILE, "asyncio.sleep(0.005)", "asyncio.sleep(2)")
    ran = checkout.pytest("tests/contract", "-k", "echo and closing_the_stream")
    assert ran.returncode == 1 and "TimeoutError" in ran.stdout
