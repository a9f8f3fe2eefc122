"""The examples are written as the rest of the code is."""

import sys
from pathlib import Path

import pytest
from tests.unit.contributing.conftest import PAGES, Checkout, examples

BIN = Path(sys.executable).parent
PYTHON = [page.name for page in sorted(PAGES.glob("*.md")) if any(name.endswith(".py") for name in examples(page.name))]


@pytest.mark.parametrize("page", PYTHON)
def test_the_linter_has_nothing_to_say(checkout: Checkout, page: str) -> None:
    files = checkout.follow(page)
    for words in (["check"], ["format", "--check", "--diff"]):
        ran = checkout.run(str(BIN / "ruff"), *words, "--no-cache", *files)
        assert ran.returncode == 0, ran.stdout


@pytest.mark.slow
def test_the_types_hold(checkout: Checkout) -> None:
    files = [name for page in PYTHON for name in checkout.follow(page) if name.startswith("src/")]
    ran = checkout.run(str(BIN / "mypy"), "--cache-dir", "cache")
    mine = [line for line in ran.stdout.splitlines() if line.startswith(tuple(files))]
    assert ran.returncode in {0, 1} and mine == [], ran.stdout
