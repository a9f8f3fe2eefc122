"""What a folder of model files says of itself, by config.json: safetensors as transformers saves them, or ONNX.

Only small JSON files are read, of bounded size, and nothing in them is trusted to be of its type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serai.errors import LoadFailed
from serai.types import TEXT_GENERATION

_LARGEST = 8 << 20
_SOURCE_TO_TEXT = {"bart", "bigbird_pegasus", "blenderbot", "blenderbot-small", "encoder-decoder", "fsmt", "led"}
_SOURCE_TO_TEXT |= {"longt5", "m2m_100", "marian", "mbart", "mt5", "mvp", "nllb-moe", "pegasus", "pegasus_x", "plbart"}
_SOURCE_TO_TEXT |= {"prophetnet", "switch_transformers", "t5", "t5gemma", "umt5"}
_BY_ENDING: Mapping[str, str] = {
    "ForCausalLM": TEXT_GENERATION,
    "LMHeadModel": TEXT_GENERATION,
    "ForMaskedLM": "fill-mask",
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering",
    "ForImageClassification": "image-classification",
    "ForObjectDetection": "object-detection",
    "ForSemanticSegmentation": "image-segmentation",
    "ForDepthEstimation": "depth-estimation",
    "ForCTC": "automatic-speech-recognition",
    "ForSpeechSeq2Seq": "automatic-speech-recognition",
    "ForAudioClassification": "audio-classification",
    "ForTextToSpectrogram": "text-to-speech",
    "MTModel": TEXT_GENERATION,
    "Model": "feature-extraction",
}
"""The hub's task by the end of an architecture's name; the first that fits counts."""

_SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
_CONTEXT = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder with a model; None where it does not say. `sampling` are the settings its makers recommend."""

    format: str
    task: str
    size: int
    architecture: str | None = None
    context_length: int | None = None
    quantisation: str | None = None
    sampling: Mapping[str, float] = field(default_factory=dict)


def read_folder(path: Path) -> Folder:
    """Raises LoadFailed with the cause missing, truncated or unsupported, in words."""
    files = _weights(path)
    config = _read(path / "config.json")
    if config is None and not (path / "config.json").is_file():
        hint = "Add the folder that holds config.json and the weights, as it lies on the hub."
        raise LoadFailed(f"{path.name} has no config.json.", cause="missing", hint=hint)
    if config is None:
        raise LoadFailed(f"{path.name}: config.json cannot be read.", cause="truncated", hint="Download it again.")
    text = config.get("text_config") if isinstance(config.get("text_config"), dict) else config
    return Folder(
        format=files[0].suffix.removeprefix("."),
        task=_task(path, config),
        size=sum(file.stat().st_size for file in files),
        architecture=_name(config.get("model_type")),
        context_length=_context(text or {}),
        quantisation=_quantisation(config),
        sampling=_sampling(_read(path / "generation_config.json") or {}),
    )


def _weights(path: Path) -> list[Path]:
    """safetensors beside config.json, else ONNX there or in `onnx/`."""
    found = sorted(path.glob("*.safetensors")) or sorted(path.glob("*.onnx")) or sorted(path.glob("onnx/*.onnx"))
    if found:
        return found
    if not path.exists():
        hint = "Was it moved or deleted? Add it again from where it is now."
        raise LoadFailed(f"{path.name} is not there any more.", cause="missing", hint=hint)
    pickled = any(path.glob("*.bin")) or any(path.glob("*.pt"))
    why = "only weights as Python pickles, which could run anything" if pickled else "no weights"
    hint = "Serai reads safetensors, ONNX and GGUF: choose a repository that has one of them."
    raise LoadFailed(f"{path.name} holds {why}.", cause="unsupported" if pickled else "missing", hint=hint)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        said = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _task(path: Path, config: Mapping[str, Any]) -> str:
    if (path / "modules.json").is_file() or (path / "sentence_bert_config.json").is_file():
        return "feature-extraction"
    named = config.get("architectures")
    architecture = str(named[0]) if isinstance(named, list) and named else ""
    if isinstance(config.get("vision_config"), dict):
        return "image-text-to-text"
    if architecture.endswith("ForConditionalGeneration"):
        known = config.get("model_type") in _SOURCE_TO_TEXT
        return TEXT_GENERATION if known else "automatic-speech-recognition" if "Whisper" in architecture else "other"
    return next((task for ending, task in _BY_ENDING.items() if architecture.endswith(ending)), "other")


def _name(value: Any) -> str | None:
    return value[:96] if isinstance(value, str) and value else None


def _context(config: Mapping[str, Any]) -> int | None:
    for name in _CONTEXT:
        value = config.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 31:
            return value
    return None


def _quantisation(config: Mapping[str, Any]) -> str | None:
    shortened = config.get("quantization_config")
    if isinstance(shortened, dict):
        return _name(shortened.get("quant_method"))
    return _name(config.get("dtype") or config.get("torch_dtype"))


def _sampling(said: Mapping[str, Any]) -> dict[str, float]:
    """The makers' settings; where they do not sample, the likeliest word always."""
    if said.get("do_sample") is False:
        return {"temperature": 0.0}
    given = {name: said.get(name) for name in _SAMPLING} if said.get("do_sample") else {}
    return {name: value for name, value in given.items() if isinstance(value, (int, float)) and value >= 0}
