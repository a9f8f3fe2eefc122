"""A model's projector and adapters are found beside it, and read before a process reads them."""

from pathlib import Path
from typing import Any

import pytest
from tests.fakes import pictures, tiny_companions, tiny_gguf

from serai.errors import BadRequest, LoadFailed
from serai.hosting import companions, launching
from serai.hosting.wire import body
from serai.settings import Models
from serai.types import CHAT, Call, Model

PICTURE = pictures.part(pictures.png())


def model(tiny: Path, **fields: Any) -> Model:
    return Model(**{"name": "m", "task": "text-generation", "format": "gguf", "path": str(tiny), **fields})


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return tiny_gguf.write(tmp_path / "m.gguf")


def test_a_projector_lies_beside_its_model(here: Path) -> None:
    assert companions.projector(model(here)) == ""
    beside = tiny_gguf.write(here.with_name("mmproj-F16.gguf"))
    assert companions.projector(model(here)) == str(beside)
    other = tiny_gguf.write(here.with_name("other.gguf"))
    assert companions.projector(model(here, loading={"projector": "other.gguf"})) == str(other)


@pytest.mark.parametrize("name", ["gone.gguf", "../m.txt", "/etc/passwd"])
def test_one_that_is_not_there_or_no_gguf_is_said(here: Path, name: str) -> None:
    with pytest.raises(LoadFailed, match="there is no"):
        companions.projector(model(here, loading={"projector": name}))


async def test_a_launch_gets_them_and_damaged_ones_are_refused(here: Path) -> None:
    adapter = tiny_companions.adapter(here.with_name("a.gguf"))
    make = launching.launcher({}, lambda _model, _line: None)
    process = make(model(here, engine="llama.cpp", loading={"adapters": {"a.gguf": 0.5}}), Models(), None)
    await process.stop()
    assert process.launch.adapters == ((str(adapter), 0.5),)
    adapter.write_bytes(b"GGUF but not really")
    with pytest.raises(LoadFailed):
        make(model(here, engine="llama.cpp", loading={"adapters": {"a.gguf": 0.5}}), Models(), None)


def asked(part: dict[str, Any], seen: Model) -> Any:
    inputs = {"messages": [{"role": "user", "content": [{"type": "text", "text": "what?"}, part]}]}
    return body(Call(task=CHAT, model="m", inputs=inputs), seen)["messages"][0]["content"][1]


def test_a_picture_passes_only_to_a_model_that_sees(here: Path) -> None:
    with pytest.raises(BadRequest, match="reads text only"):
        asked(PICTURE, model(here))
    tiny_gguf.write(here.with_name("mmproj.gguf"))
    assert asked(PICTURE, model(here)) == PICTURE


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://169.254.169.254/", "data:text/html;base64,AA", None])
def test_a_picture_is_never_fetched(here: Path, url: str | None) -> None:
    tiny_gguf.write(here.with_name("mmproj.gguf"))
    with pytest.raises(BadRequest, match="not a data URL"):
        asked({"type": "image_url", "image_url": {"url": url}}, model(here))


def test_adapters_are_chosen_by_name_for_a_call(here: Path) -> None:
    loaded = model(here, engine="llama.cpp", loading={"adapters": {"a.gguf": 1.0, "b.gguf": 0.25}})
    assert wanted(loaded, lora={"b.gguf": 0.5}) == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 0.5}]
    assert wanted(loaded, lora={}) == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 0.0}]
    assert wanted(loaded) == [{"id": 0, "scale": 1.0}, {"id": 1, "scale": 0.25}]
    assert wanted(model(here)) is None


@pytest.mark.parametrize("scale", [True, "1", None, float("nan"), float("inf")])
def test_an_adapters_strength_is_a_number(here: Path, scale: Any) -> None:
    with pytest.raises(BadRequest, match="takes a number"):
        wanted(model(here, loading={"adapters": {"a.gguf": 1.0}}), lora={"a.gguf": scale})


def test_one_that_is_not_loaded_or_that_an_engine_cannot_use_is_refused_by_name(here: Path) -> None:
    with pytest.raises(BadRequest, match=r"no adapter 'b.gguf'") as caught:
        wanted(model(here, loading={"adapters": {"a.gguf": 1.0}}), lora={"b.gguf": 1})
    assert "It has: a.gguf" in caught.value.hint and caught.value.facts["field"] == "lora"
    with pytest.raises(BadRequest, match="runs by transformers, which takes no adapters"):
        wanted(model(here, engine="transformers", loading={"adapters": {"a.gguf": 1.0}}), lora={"a.gguf": 1})


def wanted(seen: Model, **settings: Any) -> Any:
    call = Call(task=CHAT, model="m", inputs={"messages": [{"role": "user"}]}, settings=settings)
    return body(call, seen).get("lora")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"architecture": "qwen2"}, "an adapter for qwen2, the model is llama"),
        ({"kind": "model"}, "no adapter, but a model"),
        ({"of": "control_vector"}, "only LoRA"),
    ],
)
def test_an_adapter_of_another_kind_or_model_is_said_before_loading(
    here: Path, made: dict[str, Any], words: str
) -> None:
    tiny_companions.adapter(here.with_name("a.gguf"), **made)
    loaded = model(here, architecture="llama", loading={"adapters": {"a.gguf": 1.0}})
    with pytest.raises(LoadFailed, match=words) as caught:
        companions.check(loaded, "", companions.adapters(loaded))
    assert caught.value.cause == "mismatched"


@pytest.mark.parametrize("name", ["adapter", "model"])
def test_a_projector_that_is_none_is_said_before_loading(here: Path, name: str) -> None:
    path = here.with_name("p.gguf")
    tiny_companions.adapter(path) if name == "adapter" else tiny_gguf.write(path)
    with pytest.raises(LoadFailed, match="no projector for pictures"):
        companions.check(model(here), str(path), ())


def test_those_that_fit_pass(here: Path) -> None:
    adapter = tiny_companions.adapter(here.with_name("a.gguf"))
    companions.check(
        model(here, architecture="llama"),
        str(tiny_companions.projector(here.with_name("p.gguf"))),
        ((str(adapter), 1.0),),
    )
