"""Add a task: the example is found by the registry, and its examples fit what it takes."""

import pytest
from tests.unit.contributing.conftest import Checkout

pytestmark = pytest.mark.slow

FILE = "src/serai/tasks/language_detection.py"


def test_the_example_is_found_and_checked(checkout: Checkout) -> None:
    files = checkout.follow("task.md")
    assert len(files[FILE].splitlines()) <= 40
    ran = checkout.pytest("tests/unit/tasks")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("PASSED") >= 10 and "[language-detection]" in ran.stdout


def test_an_example_that_does_not_fit_is_found_out(checkout: Checkout) -> None:
    checkout.follow("task.md")
    checkout.change(FILE, '{"top_k": 2}', '{"top_k": 0}')
    ran = checkout.pytest("tests/unit/tasks", "-k", "examples_fit")
    assert ran.returncode == 1 and "top_k = 0 does not fit" in ran.stdout


def test_a_field_without_a_description_is_found_out(checkout: Checkout) -> None:
    checkout.follow("task.md")
    checkout.change(FILE, ', description="The text whose language is asked for."', "")
    ran = checkout.pytest("tests/unit/tasks", "-k", "described")
    assert ran.returncode == 1
