"""The commands on the page about money, one after another, on a real server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, serving
from tests.e2e.test_docs_keys import BLOCK, run

pytestmark = pytest.mark.engine

PAGE = ROOT / "docs" / "how-to" / "money.md"


def test_the_pages_commands_work_in_their_order(tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    with serving(tmp_path):
        run(tmp_path, 'serai run serai-guide "Hello"')
        prices, usage, budgets = (run(tmp_path, code) for code in blocks)
    assert "openai/*: $1.25 in, $10 out, $0.125 cached" in prices and "box/*: free" in prices
    assert re.search(r"serai-guide +1 +\d+ +\d+ +\$0.0000", usage) and "name,title,calls" in usage
    assert "place:openai  $20.00 a month, soft" in budgets and "person:owner" in budgets
