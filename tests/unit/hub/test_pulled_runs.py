"""What was pulled runs: each format by its own engine, confined as always."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import tiny_folder
from tests.fakes.hub import FakeHub, serving
from tests.fakes.waiting import until

from serai import wiring
from serai.backend import collect
from serai.services import Services
from serai.settings import SettingsFile
from serai.types import TEXT_GENERATION, Call, Model

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(300)]

ONNX = Path(__file__).parents[2] / "fixtures" / "onnx" / "llama"


@pytest.fixture
async def hub() -> AsyncIterator[FakeHub]:
    async with serving(FakeHub()) as running:
        yield running


@pytest.fixture
async def house(hub: FakeHub, tmp_path: Path) -> AsyncIterator[Services]:
    environ = {"HF_HOME": str(tmp_path / "hf"), "HOME": str(tmp_path), "HF_ENDPOINT": hub.endpoint}
    environ |= {"SERAI_MODELS_PRELOAD": "false", "SERAI_HUB_ADOPT": "false", "SERAI_MODELS_CONTEXT": "256"}
    built = wiring.build(SettingsFile(tmp_path / "home", environ))
    await built.start()
    yield built
    await built.close()


async def pull(house: Services, name: str) -> Model:
    job = await house.jobs.submit("download", {"model": name}, name)

    async def over() -> bool:
        return (await house.jobs.get(job["id"]))["state"] not in ("queued", "running")

    await until(over, 60)
    done = await house.jobs.get(job["id"])
    assert done["state"] == "done", done["error"]
    return await house.store.find(done["result"]["model"])  # type: ignore[index]


def folder(path: Path) -> dict[str, bytes]:
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}


async def says(house: Services, model: Model, task: str, text: str) -> Any:
    settings = {"max_tokens": 4, "temperature": 0}
    call = Call(task=task, model=model.name, inputs={"inputs": text}, settings=settings)
    async with asyncio.timeout(120):
        return await collect(house.router.run(call))


async def test_safetensors_run_by_transformers(hub: FakeHub, house: Services, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    hub.files["org/safe"] = folder(tiny_folder.write(tmp_path / "made")) | {"pytorch_model.bin": b"pickle"}
    hub.plain = {"config.json", "generation_config.json", "tokenizer_config.json"}
    model = await pull(house, "org/safe")
    assert (model.engine, model.name) == ("transformers", "org/safe")
    assert "pytorch_model.bin" not in {path.name for path in Path(model.path or "").iterdir()}
    assert (await says(house, model, TEXT_GENERATION, "the cat")).usage.completion_tokens == 4


async def test_onnx_runs_by_onnx_runtime(hub: FakeHub, house: Services) -> None:
    hub.files["org/onnx"] = folder(ONNX)
    model = await pull(house, "org/onnx")
    assert model.engine == "onnx"
    assert (await says(house, model, TEXT_GENERATION, "a")).usage.completion_tokens > 0


async def test_a_gguf_is_preferred_and_runs_by_llama_cpp(hub: FakeHub, house: Services, tiny: Path) -> None:
    hub.files["org/gguf"] = {"tiny-Q8_0.gguf": tiny.read_bytes(), "model.safetensors": b"x", "config.json": b"{}"}
    model = await pull(house, "org/gguf")
    assert (model.engine, model.name) == ("llama.cpp", "org/gguf:Q8_0")
    assert (await says(house, model, TEXT_GENERATION, "the cat")).usage.completion_tokens > 0
