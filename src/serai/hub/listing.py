"""A model as the hub's lists tell of it. What the hub says is foreign: names are checked, text is cut. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from serai.types import Model, ModelRef

FORMATS = ("gguf", "safetensors", "onnx")
_BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
_Q4 = 0.61
"""Bytes that a number takes in the usual quantisation, Q4_K_M."""

_LANGUAGE = re.compile(r"[a-z]{2}")
_TEXT = 200
_TAGS = 100

Gate = Literal["", "auto", "manual"]
"""Whether a model's makers let in only those who accept their terms: at once, or after they have looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What is unknown is None or empty. `weights` counts the stored numbers by type."""

    name: str
    author: str = ""
    task: str = ""
    library: str = ""
    license: str = ""
    languages: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    downloads: int | None = None
    likes: int | None = None
    gated: Gate = ""
    modified_at: float | None = None
    parameters: int | None = None
    context_length: int | None = None
    architecture: str = ""
    weights: Mapping[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int | None:
        """About how many bytes its weights take: as the usual quantisation where there are such, else as stored."""
        if "gguf" in self.formats:
            return int(self.parameters * _Q4) if self.parameters else None
        if self.weights:
            return sum(count * _BYTES.get(dtype, 1) for dtype, count in self.weights.items())
        return None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def revived(row: Mapping[str, Any]) -> Listed:
    """What `as_dict` gave, once more."""
    tuples = {name: tuple(row.get(name) or ()) for name in ("languages", "formats", "tags")}
    return Listed(**{**row, **tuples})


def listed(row: object) -> Listed | None:
    """One row of the hub's answer; None where it is none, or its name could not be asked for."""
    if not isinstance(row, dict) or not _named(row.get("id")):
        return None
    tags = tuple(text for tag in _rows(row.get("tags"))[:_TAGS] if (text := _text(tag)))
    gguf, safetensors = _mapping(row.get("gguf")), _mapping(row.get("safetensors"))
    weights = {
        _text(kind): n for kind, count in _mapping(safetensors.get("parameters")).items() if (n := _number(count))
    }
    name, gated = str(row["id"]), row.get("gated")
    return Listed(
        name=name,
        author=name.partition("/")[0] if "/" in name else "",
        task=_text(row.get("pipeline_tag")),
        library=_text(row.get("library_name")),
        license=next((tag.removeprefix("license:") for tag in tags if tag.startswith("license:")), ""),
        languages=tuple(tag for tag in tags if _LANGUAGE.fullmatch(tag)),
        formats=tuple(kind for kind in FORMATS if kind in tags),
        tags=tags,
        downloads=_number(row.get("downloads")),
        likes=_number(row.get("likes")),
        gated="manual" if gated == "manual" else "auto" if gated else "",
        modified_at=_moment(row.get("lastModified")),
        parameters=_number(gguf.get("total")) or _number(safetensors.get("total")),
        context_length=_number(gguf.get("context_length")),
        architecture=_text(gguf.get("architecture")),
        weights=weights,
    )


def of_models(models: Iterable[Model]) -> list[Listed]:
    """The models on this machine that have a name as on the hub, for where the hub cannot be asked."""
    found: dict[str, Listed] = {}
    for model in models:
        name = ModelRef.parse(model.name).name
        if "/" in name and name not in found:
            found[name] = Listed(
                name=name,
                author=name.partition("/")[0],
                task=model.task,
                license=model.license or "",
                languages=model.languages,
                formats=(model.format,) if model.format in FORMATS else (),
                parameters=model.parameters,
                context_length=model.context_length,
                architecture=model.architecture or "",
            )
    return list(found.values())


def _named(name: object) -> bool:
    try:
        return isinstance(name, str) and str(ModelRef.parse(name)) == ModelRef.parse(name).name
    except ValueError:
        return False


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value[:_TEXT] if letter.isprintable())


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 60 else None


def _moment(value: object) -> float | None:
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError):
        return None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> list[object]:
    return value if isinstance(value, list) else []
