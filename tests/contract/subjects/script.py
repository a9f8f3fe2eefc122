"""A process by script behind the same pool: what the engine does not do by itself can be made to happen."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.contract.subject import Kit, LocalSubject, Subject, local
from tests.fakes.store import gguf_model

from serai.hosting.fitting import Choice
from serai.hosting.process import ModelProcess
from serai.registry import Launch
from serai.settings import Models
from serai.types import Model

UPSTREAM = (sys.executable, str(Path(__file__).parents[2] / "fakes" / "upstream.py"))


@asynccontextmanager
async def subject(kit: Kit) -> AsyncIterator[Subject]:
    yield following(kit, *[{"text": "word "}] * 24, endless=True)


def following(kit: Kit, *steps: dict[str, Any], **more: Any) -> LocalSubject:
    """A model whose process follows the given steps."""
    path = write_script(kit.folder / "script.json", *steps, **more)
    return local(kit.make_pool(launcher=by_script), gguf_model(path))


def write_script(path: Path, *steps: dict[str, Any], **more: Any) -> Path:
    path.write_text(json.dumps({"steps": steps, **more}), "utf-8")
    return path


def by_script(model: Model, settings: Models, choice: Choice | None) -> ModelProcess:
    """A launcher for models whose file is a script for the fake upstream."""
    launch = Launch(engine=model.engine, model=model.name, path=str(model.path), parallel=settings.parallel)
    return ModelProcess(launch, environ={}, command=UPSTREAM)
