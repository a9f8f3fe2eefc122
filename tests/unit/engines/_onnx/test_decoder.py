"""ONNX Runtime gives what PyTorch gives with the same model, in every form of names."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.contract.subjects.onnx import FIXTURES

from serai.engines._onnx.decoder import OnnxDecoder
from serai.engines._onnx.loading import choose_file, load, open_session
from serai.engines._serving.refused import CannotLoad, Refused
from serai.registry import Launch

FORMS = pytest.mark.parametrize("form", ["llama", "optimum"])


def decoder(form: str) -> OnnxDecoder:
    config = json.loads((FIXTURES / form / "config.json").read_text())
    return OnnxDecoder(open_session(choose_file(FIXTURES / form, 0, "auto"), "cpu", 1), 2, config)


def expected(form: str) -> Any:
    return json.loads((FIXTURES / form / "expected.json").read_text("utf-8"))


def answer(made: OnnxDecoder, slot: int, prompt: Sequence[int], count: int = 24) -> list[int]:
    tokens = [int(made.read(slot, prompt).argmax())]
    while len(tokens) < count:
        tokens.append(int(made.step({slot: tokens[-1]})[slot].argmax()))
    return tokens


@FORMS
def test_it_says_what_pytorch_says(form: str) -> None:
    said = expected(form)
    assert answer(decoder(form), 0, said["prompt"]) == said["answer"]


@FORMS
def test_a_prompt_may_be_read_in_parts_beside_another(form: str) -> None:
    made, said = decoder(form), expected(form)
    made.read(1, [9, 9, 9])
    made.read(0, said["prompt"][:2])
    assert answer(made, 0, said["prompt"][2:]) == said["answer"]


def test_what_is_kept_is_gone_on_from() -> None:
    made, said = decoder("optimum"), expected("optimum")
    answer(made, 0, said["prompt"])
    assert made.keep(0, 3) == 3
    assert answer(made, 0, said["prompt"][3:]) == said["answer"]
    assert made.keep(0, 0) == 0
    assert answer(made, 0, said["prompt"]) == said["answer"]


def loaded(form: str, **wishes: Any) -> Any:
    return load(Launch(engine="onnx", model=form, path=str(FIXTURES / form), **wishes), "cpu", 64)


def embedded(form: str, *texts: str) -> list[list[float]]:
    embeds = loaded(form).embeds
    made: list[list[float]] = embeds.vectors(embeds.tokens(list(texts)))
    return made


def test_embeddings_are_pytorchs_whatever_goes_together() -> None:
    said = expected("bert")
    for vector, text, want in zip(embedded("bert", *said["texts"]), said["texts"], said["vectors"], strict=True):
        assert vector == pytest.approx(want, abs=1e-5)
        assert embedded("bert", text)[0] == pytest.approx(want, abs=1e-5)
        assert sum(value * value for value in vector) == pytest.approx(1, abs=1e-5)


def test_a_text_that_is_too_long_is_refused_with_both_numbers() -> None:
    with pytest.raises(Refused) as caught:
        embedded("bert", "fine", "x" * 100)
    assert caught.value.facts == {"n_prompt_tokens": 100, "n_ctx": 64}


@pytest.mark.parametrize(
    ("pooling", "mode"),
    [
        ({"pooling_mode": "cls"}, "cls"),
        ({"pooling_mode_cls_token": True}, "cls"),
        ({"pooling_mode_max_tokens": True}, "max"),
    ],
)
def test_pooling_follows_the_makers(tmp_path: Path, pooling: Any, mode: str) -> None:
    for file in (FIXTURES / "bert").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    embeds: Any = load(Launch(engine="onnx", model="x", path=str(tmp_path)), "cpu", 64).embeds
    assert embeds._pooling == mode
    assert embeds.vectors(embeds.tokens(["the cat"]))[0] != pytest.approx(expected("bert")["vectors"][0], abs=1e-3)


FILES = ["model", "model_q4", "model_int8", "model_fp16"]


@pytest.mark.parametrize(
    ("bits", "dtype", "stem"),
    [(0, "auto", "model"), (4, "auto", "model_q4"), (8, "auto", "model_int8"), (0, "float16", "model_fp16")],
)
def test_the_file_follows_what_is_asked(tmp_path: Path, bits: int, dtype: str, stem: str) -> None:
    (tmp_path / "onnx").mkdir()
    for name in FILES:
        (tmp_path / "onnx" / f"{name}.onnx").touch()
    assert choose_file(tmp_path, bits, dtype).stem == stem


def test_a_form_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(CannotLoad, match="there are: model"):
        choose_file(FIXTURES / "optimum", 4, "auto")


def test_the_models_are_small() -> None:
    assert all(file.stat().st_size <= 60_000 for file in FIXTURES.rglob("*") if file.is_file())
