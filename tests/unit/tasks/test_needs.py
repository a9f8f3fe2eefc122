from dataclasses import replace

import pytest

from serai import registry
from serai.errors import MissingExtra, ModelNotFound, NotOffered
from serai.tasks import needs
from serai.tasks.needs import NoModel

TASK = "text-ranking"


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> dict[str, registry.Engine]:
    """The engines that are here; a test may change them."""
    here = dict(registry.engines())
    monkeypatch.setattr(registry, "engines", lambda: here)
    return here


def test_where_an_engine_is_there_a_model_is_missing(engines: dict[str, registry.Engine]) -> None:
    error = needs.for_task(TASK)
    assert isinstance(error, NoModel) and isinstance(error, ModelNotFound)
    assert "serai search --task text-ranking" in error.hint and error.status == 404


def test_where_its_extra_is_missing_that_is_said(engines: dict[str, registry.Engine]) -> None:
    for name, engine in engines.items():
        engines[name] = replace(engine, requires=("no_such_module",), extra="torch")
    error = needs.for_task(TASK)
    assert isinstance(error, MissingExtra) and "serai[torch]" in error.hint


def test_where_no_engine_does_it_that_is_said() -> None:
    error = needs.for_task("text-to-image")
    assert isinstance(error, NotOffered) and "text-to-image" in error.message and error.hint
