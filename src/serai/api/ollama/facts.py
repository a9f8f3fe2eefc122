"""Serai's models in Ollama's shapes. Pure."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from serai.api.ollama import modelfile, names
from serai.hosting.status import Running
from serai.hub.gguf import GgufHeader
from serai.hub.names import is_digest
from serai.hub.records import File
from serai.types import FEATURE_EXTRACTION, TEXT_RANKING, Model

_UNITS = ((1e9, "B", 1), (1e6, "M", 2), (1e3, "K", 2))
_FOR_GOOD = timedelta(days=36_500)
_THINKS = ("enable_thinking", "<think>", "reasoning_content")


def listed(model: Model, files: Sequence[File]) -> dict[str, Any]:
    """One of the models that are here."""
    name = names.shown(model.name)
    return {
        "name": name,
        "model": name,
        "modified_at": moment(model.added_at or 0),
        "size": model.size or 0,
        "digest": digest(model, files),
        "details": details(model),
    }


def running(model: Model, now: Running, kept: float | None, idle_s: float, files: Sequence[File]) -> dict[str, Any]:
    """One of the models that are loaded. `kept` is how long it was asked to stay, `idle_s` how long it may, 0 for
    good."""
    stays = kept if kept is not None else idle_s or math.inf
    known = {name: value for name, value in listed(model, files).items() if name != "modified_at"}
    last = datetime.fromtimestamp(now.last_used_at, UTC)
    return {
        **known,
        "size": now.memory,
        "size_vram": 0 if now.device.lower().startswith("cpu") else now.memory,
        "expires_at": _written(last + (timedelta(seconds=stays) if stays < _FOR_GOOD.total_seconds() else _FOR_GOOD)),
        "context_length": now.context,
    }


def shown(model: Model, header: GgufHeader | None, *, sees: bool) -> dict[str, Any]:
    """All that is known of a model."""
    own = header.chat_template if header and header.chat_template else ""
    template = str(model.loading.get("chat_template") or own)
    return {
        "license": model.license or "",
        "modelfile": modelfile.write(model, template),
        "parameters": modelfile.parameters(model),
        "template": template,
        "system": model.settings.get("system", ""),
        "details": details(model),
        "model_info": _info(model, header),
        "capabilities": capabilities(model, template, sees=sees),
        "modified_at": moment(model.added_at or 0),
    }


def details(model: Model) -> dict[str, Any]:
    family = model.architecture or ""
    return {
        "parent_model": "",
        "format": model.format,
        "family": family,
        "families": [family] if family else [],
        "parameter_size": _counted(model.parameters),
        "quantization_level": model.quantisation or "",
    }


def capabilities(model: Model, template: str, *, sees: bool) -> list[str]:
    """Tools can be used with every model that writes: those that do not know them are taught."""
    if model.task == FEATURE_EXTRACTION:
        return ["embedding"]
    if model.task == TEXT_RANKING:
        return []
    thinks = any(word in template for word in _THINKS)
    return ["completion", "tools", *(["vision"] if sees else []), *(["thinking"] if thinks else [])]


def digest(model: Model, files: Sequence[File]) -> str:
    """What tells this model from others: its file's own where that is known, else one of its facts."""
    known = next((file.etag for file in files if file.path == model.path and is_digest(file.etag)), None)
    if known is not None and len(known) == 64:
        return known
    facts = f"{model.name}\n{model.size}\n{model.added_at}\n{model.quantisation}"
    return hashlib.sha256(facts.encode()).hexdigest()


def moment(seconds: float) -> str:
    return _written(datetime.fromtimestamp(seconds, UTC))


def _written(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def _counted(parameters: int | None) -> str:
    for size, unit, digits in _UNITS:
        if parameters and parameters >= size:
            return f"{parameters / size:.{digits}f}{unit}"
    return str(parameters or "")


def _info(model: Model, header: GgufHeader | None) -> dict[str, Any]:
    family = model.architecture or "unknown"
    known = {
        "general.architecture": family,
        "general.basename": model.title,
        "general.parameter_count": model.parameters,
        f"{family}.context_length": model.context_length,
        f"{family}.vocab_size": header.vocabulary if header else None,
    }
    own = {f"{family}.{name}": value for name, value in header.fields.items()} if header else {}
    plain = {name: value for name, value in own.items() if isinstance(value, (int, float, str, bool))}
    return {name: value for name, value in (plain | known).items() if value is not None}
