"""A store of models in memory, with the interface of `hub.store.Store` that others need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from serai.errors import ModelNotFound
from serai.types import Model


def gguf_model(path: Path, name: str = "tiny", **facts: object) -> Model:
    known = {"task": "text-generation", "format": "gguf", "engine": "llama.cpp", "context_length": 512}
    return Model(name=name, path=str(path), **{**known, **facts})  # type: ignore[arg-type]


def folder_model(path: Path, name: str = "tiny", **facts: object) -> Model:
    known = {"task": "text-generation", "format": "safetensors", "engine": "transformers", "context_length": 512}
    return Model(name=name, path=str(path), **{**known, **facts})  # type: ignore[arg-type]


class FakeStore:
    def __init__(self, *models: Model) -> None:
        self.by_name = {model.name: model for model in models}
        self.touched: list[str] = []

    async def models(self) -> Sequence[Model]:
        return list(self.by_name.values())

    async def find(self, name: str) -> Model:
        if name not in self.by_name:
            raise ModelNotFound(name)
        return self.by_name[name]

    async def touch(self, name: str) -> None:
        self.touched.append(name)
