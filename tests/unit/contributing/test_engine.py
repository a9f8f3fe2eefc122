"""Add an engine: the example passes the contract suite as a real process."""

import sys

import pytest
from tests.unit.contributing.conftest import Checkout

pytestmark = pytest.mark.engine
FILE = "src/serai/engines/echo.py"
BACKENDS = """
import asyncio, pathlib, sys
from serai import settings, wiring
async def main():
    built = wiring.build(settings.SettingsFile(pathlib.Path(sys.argv[1]) / "home", {}))
    print(*[backend.name for backend in built.router.backends])
    await built.close()
asyncio.run(main())
"""


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


def test_the_server_offers_what_the_new_engine_runs(checkout: Checkout) -> None:
    checkout.follow("engine.md")
    ran = checkout.run(sys.executable, "-c", BACKENDS, str(checkout.root))
    assert ran.stdout.split() == ["echo", "llama.cpp", "onnx", "transformers"], ran.stderr
