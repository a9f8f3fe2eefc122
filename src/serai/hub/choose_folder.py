"""Which files of a repository make a model that is a folder: safetensors or ONNX. Pure.

Only what is named here is taken, so nothing pickled, and no second copy of the weights for another framework."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from serai.errors import NotFound
from serai.hub.names import safe
from serai.hub.remote import RemoteFile
from serai.types import ModelRef

_WORDS = re.compile(
    r"(?!.*\.index\.json$)[^/]+\.(json|jinja|txt|model|md)|LICEN[CS]E[^/]*|(\d_\w+|chat_templates)/[^/]+\.(json|jinja)"
)
_DUPLICATE = re.compile(
    r"consolidated|training_|optimizer|.*\.(fp16|bf16|fp32|non_ema)[.-]|adapter_model", re.IGNORECASE
)
_SHARD = re.compile(r"(.+)-\d{5}-of-(\d{5})\.safetensors")
_STEMS = ("decode", "decoder_model_merged", "model", "decoder_with_past_model")
_FORMS: Mapping[str, tuple[str, ...]] = {
    "": ("",),
    "int8": ("_int8", "_quantized", "_uint8"),
    "q4": ("_q4", "_bnb4", "_q4f16"),
    "fp16": ("_fp16",),
}
LOADING: Mapping[str, Mapping[str, object]] = {"int8": {"bits": 8}, "q4": {"bits": 4}, "fp16": {"dtype": "float16"}}
"""How each form of an ONNX model is asked for when it is loaded."""

_ALSO = {"quantized": "int8", "uint8": "int8", "q8": "int8", "q8_0": "int8", "bnb4": "q4", "q4f16": "q4", "f16": "fp16"}


def words(files: Sequence[RemoteFile]) -> list[RemoteFile]:
    """Configuration, tokenizer, templates, card and licence."""
    return [file for file in files if _WORDS.fullmatch(file.path) and safe(file.path)]


def safetensors(files: Sequence[RemoteFile]) -> list[RemoteFile]:
    """The weights, once: one file, or all shards with their index; nothing where there are none."""
    found = {file.path: file for file in files if re.fullmatch(r"[^/]+\.safetensors", file.path) and safe(file.path)}
    found = {path: file for path, file in found.items() if not _DUPLICATE.match(path)}
    if "model.safetensors" in found:
        return [found["model.safetensors"]]
    shards = [file for path, file in sorted(found.items()) if (split := _SHARD.fullmatch(path)) and split[1] == "model"]
    if shards:
        index = [file for file in files if file.path == "model.safetensors.index.json"]
        return [*index, *shards]
    return [file for _, file in sorted(found.items())]


def onnx(ref: ModelRef, files: Sequence[RemoteFile], room: int | None) -> tuple[str, list[RemoteFile]]:
    """The form and its file with the data that lies apart; nothing where there is no ONNX file. What was asked for,
    else the weights as they were trained where they are no larger than `room`, else the first shorter form that is.

    Raises NotFound with the forms that there are."""
    forms = {form: found for form in _FORMS if (found := _form(form, files))}
    if ref.variant is not None and ref.variant.lower() != "onnx":
        wanted = ref.variant.lower()
        wanted = _ALSO.get(wanted, wanted).replace("fp32", "")
        if wanted not in forms:
            there = ", ".join(form or "onnx" for form in forms)
            raise NotFound(f"{ref.name} has no {ref.variant}.", hint=f"There are: {there}.", who="hub")
        return wanted, forms[wanted]
    if not forms:
        return "", []
    sizes = {form: sum(file.size for file in found) for form, found in forms.items()}
    fitting = [form for form in forms if room is None or sizes[form] <= room]
    form = fitting[0] if fitting else min(sizes, key=lambda form: sizes[form])
    return form, forms[form]


def _form(form: str, files: Sequence[RemoteFile]) -> list[RemoteFile]:
    by_path = {file.path: file for file in files if safe(file.path)}
    for stem in _STEMS:
        for ending in _FORMS[form]:
            for folder in ("onnx/", ""):
                path = f"{folder}{stem}{ending}.onnx"
                if path in by_path:
                    apart = (other for other in sorted(by_path) if other.startswith(path) and other != path)
                    return [by_path[path], *(by_path[other] for other in apart)]
    return []
