"""Add a provider: the example passes the contract suite before a service on loopback."""

import re
import tomllib
from pathlib import Path

import pytest
from tests.unit.contributing.conftest import PAGES, Checkout

from serai.providers import _entry

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
    checkout.change(
        "src/serai/providers/_base.py",
        "response.release() if response.content.at_eof() else response.close()",
        "self.left = response",
    )
    ran = checkout.pytest("tests/contract", "-k", "lighthouse and closing_the_stream")
    assert ran.returncode == 1 and "TimeoutError" in ran.stdout


def test_the_entry_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    table = next(
        code for code in re.findall(r"```toml\n(.*?)```", (PAGES / "provider.md").read_text("utf-8"), re.DOTALL)
    )
    shipped = Path(_entry.__file__).with_name("compatible.toml").read_text("utf-8")
    monkeypatch.setattr(_entry, "_data", lambda: tomllib.loads(f"{shipped}\n{table}"))
    entry = _entry.entries.__wrapped__()["lantern"]
    assert entry.embeddings and "top_k" in entry.settings and "logit_bias" not in entry.settings
