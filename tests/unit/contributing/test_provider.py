"""Add a provider: the example passes the contract suite before a service on loopback."""

import pytest
from tests.unit.contributing.conftest import Checkout

pytestmark = pytest.mark.engine
FILE = "src/serai/providers/lighthouse.py"


def test_the_example_keeps_the_contract(checkout: Checkout) -> None:
    files = checkout.follow("provider.md")
    assert len(files[FILE].splitlines()) <= 60
    ran = checkout.pytest("tests/contract", "tests/unit/providers", "-k", "lighthouse")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("PASSED") >= 15


def test_a_provider_that_leaves_the_connection_open_is_found_out(checkout: Checkout) -> None:
    checkout.follow("provider.md")
    post = 'self._http.post("v1/chat/completions", json=body, allow_redirects=False)'
    checkout.change(FILE, f"async with {post} as answer:", f"self.left = answer = await {post}\n            if answer:")
    ran = checkout.pytest("tests/contract", "-k", "lighthouse and closing_the_stream")
    assert ran.returncode == 1 and "TimeoutError" in ran.stdout
