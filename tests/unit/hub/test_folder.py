"""What folders say of themselves, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from serai.errors import LoadFailed
from serai.hub.folder import read_folder


def folder(path: Path, weights: str = "model.safetensors", generation: Any = None, **config: Any) -> Path:
    (path / weights).parent.mkdir(parents=True, exist_ok=True)
    (path / weights).write_bytes(b"x" * 100)
    (path / "config.json").write_text(json.dumps(config), "utf-8")
    if generation is not None:
        (path / "generation_config.json").write_text(json.dumps(generation), "utf-8")
    return path


def test_a_language_model_tells_its_facts(tmp_path: Path) -> None:
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "max_position_embeddings": 4096}
    read = read_folder(folder(tmp_path, dtype="bfloat16", **config))
    assert (read.format, read.task, read.architecture) == ("safetensors", "text-generation", "llama")
    assert (read.context_length, read.quantisation, read.size) == (4096, "bfloat16", 100)


@pytest.mark.parametrize(
    ("config", "task"),
    [
        ({"architectures": ["GPT2LMHeadModel"]}, "text-generation"),
        ({"architectures": ["T5ForConditionalGeneration"], "model_type": "t5"}, "text-generation"),
        ({"architectures": ["MarianMTModel"]}, "text-generation"),
        ({"architectures": ["BertForMaskedLM"]}, "fill-mask"),
        ({"architectures": ["BertModel"]}, "feature-extraction"),
        ({"architectures": ["WhisperForConditionalGeneration"]}, "automatic-speech-recognition"),
        ({"architectures": ["Qwen3VLForConditionalGeneration"], "vision_config": {}}, "image-text-to-text"),
        ({"architectures": "LlamaForCausalLM"}, "other"),
        ({}, "other"),
    ],
)
def test_the_task_follows_from_the_architecture(tmp_path: Path, config: dict[str, Any], task: str) -> None:
    assert read_folder(folder(tmp_path, **config)).task == task


def test_onnx_lies_beside_or_in_a_folder_of_its_own(tmp_path: Path) -> None:
    assert read_folder(folder(tmp_path / "a", "model.onnx")).format == "onnx"
    assert read_folder(folder(tmp_path / "b", "onnx/model.onnx")).format == "onnx"


def test_what_its_makers_recommend_becomes_its_settings(tmp_path: Path) -> None:
    said = {"do_sample": True, "temperature": 0.6, "top_p": 0.9, "top_k": "many"}
    assert read_folder(folder(tmp_path / "a", generation=said)).sampling == {"temperature": 0.6, "top_p": 0.9}
    assert read_folder(folder(tmp_path / "b", generation={"do_sample": False})).sampling == {"temperature": 0.0}


def test_pickles_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(LoadFailed, match="pickles") as caught:
        read_folder(folder(tmp_path, "pytorch_model.bin"))
    assert caught.value.cause == "unsupported"


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, '{"architectures": [{}]', "null"])
def test_a_configuration_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    folder(tmp_path)
    (tmp_path / "config.json").write_text(text, "utf-8")
    with pytest.raises(LoadFailed, match="config"):
        read_folder(tmp_path)


@pytest.mark.parametrize("value", [-1, 0, True, "9", 1e9, 1 << 40, None, []])
def test_numbers_that_cannot_be_are_unknown(tmp_path: Path, value: Any) -> None:
    assert read_folder(folder(tmp_path, max_position_embeddings=value)).context_length is None


def test_nothing_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(LoadFailed, match="not there") as caught:
        read_folder(tmp_path / "gone")
    assert caught.value.cause == "missing"
    (tmp_path / "empty").mkdir()
    with pytest.raises(LoadFailed, match="no weights"):
        read_folder(tmp_path / "empty")
