"""Finds what the suite runs against: every module in subjects/. A new backend is one new file there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from tests.contract.subject import Kit, LocalSubject, Subject
from tests.contract.subjects.script import UPSTREAM, by_script, following, write_script

from serai.hosting.pool import Pool

__all__ = ["UPSTREAM", "by_script", "write_script"]
SUBJECTS = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent / "subjects")]))


@pytest.fixture
def kit(make_pool: Callable[..., Pool], tiny: Path, tmp_path: Path) -> Kit:
    return Kit(make_pool=make_pool, tiny=tiny, folder=tmp_path)


@pytest_asyncio.fixture(params=SUBJECTS)
async def subject(request: pytest.FixtureRequest, kit: Kit) -> AsyncIterator[Subject]:
    """A backend that answers any chat with many tokens."""
    module = importlib.import_module(f"tests.contract.subjects.{request.param}")
    async with module.subject(kit) as made:
        yield made


@pytest.fixture
def scripted(kit: Kit) -> Callable[..., LocalSubject]:
    """Makes a backend whose process follows the given steps."""
    return partial(following, kit)
