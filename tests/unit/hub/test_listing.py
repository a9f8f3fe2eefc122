from __future__ import annotations

import pytest

from serai.hub.listing import listed, of_models, revived
from serai.types import Model

ROW = {
    "id": "acme/tiny-GGUF",
    "pipeline_tag": "text-generation",
    "library_name": "llama.cpp",
    "tags": ["gguf", "en", "fa", "license:mit"],
    "downloads": 12,
    "likes": 3,
    "gated": False,
    "lastModified": "2026-01-02T03:04:05.000Z",
    "gguf": {"total": 1_000_000_000, "architecture": "llama", "context_length": 4096},
}


def test_a_row_of_the_hub_is_read() -> None:
    model = listed(ROW)
    assert model is not None
    assert (model.author, model.license, model.languages, model.formats) == ("acme", "mit", ("en", "fa"), ("gguf",))
    assert (model.size, model.context_length, model.gated) == (610_000_000, 4096, "")
    assert revived(model.as_dict()) == model


def test_weights_as_stored_give_the_size() -> None:
    model = listed({"id": "a/b", "safetensors": {"parameters": {"BF16": 10, "F32": 5}, "total": 15}})
    assert model is not None and (model.size, model.parameters) == (40, 15)


@pytest.mark.parametrize("name", ["../x", "a/b/c", "a/b@main", "a/b:q", "<b>/x", "", None, 7, "a" * 500])
def test_names_that_could_not_be_asked_for_are_left_out(name: object) -> None:
    assert listed({"id": name}) is None


def test_what_makes_no_sense_is_unknown() -> None:
    hostile = {"tags": [1, None, "x\x1b[2J"], "downloads": -1, "likes": True, "gated": {}, "gguf": 3, "safetensors": []}
    model = listed({"id": "a/b", "lastModified": "soon", "pipeline_tag": ["x"], **hostile})
    assert model is not None and (model.downloads, model.likes, model.modified_at, model.task) == (None, None, None, "")
    assert model.tags == ("x[2J",) and model.size is None
    assert listed([]) is None


def test_models_that_are_here_count_once_a_repository() -> None:
    models = [Model(name=name, task="text-generation", format="gguf") for name in ("a/b:Q4_0", "a/b:Q8_0", "alias")]
    assert [(model.name, model.formats) for model in of_models(models)] == [("a/b", ("gguf",))]
