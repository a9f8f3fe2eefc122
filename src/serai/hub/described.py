"""One model of the hub as its page shows it: card, files, quantisations side by side, evaluations. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serai.errors import BadRequest, NotFound
from serai.hub import choose_gguf
from serai.hub.choose import Choice, choose
from serai.hub.listing import Listed
from serai.hub.remote import RemoteFile, Repository
from serai.types import ModelRef

CARD = "README.md"
MAX_CARD = 1 << 20
_FRONT = re.compile(r"\A\ufeff?---\r?\n.*?\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_RESULTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One form of a model that can be downloaded by its `name`; `label` is its quantisation or format."""

    name: str
    label: str
    format: str
    size: int
    files: int
    recommended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What the card claims a model to have reached."""

    task: str
    dataset: str
    metric: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """All of a model's page; `unusable` says in words why there is nothing to run."""

    listed: Listed
    revision: str
    commit: str
    revisions: tuple[str, ...]
    card: str
    files: tuple[RemoteFile, ...]
    variants: tuple[Variant, ...]
    evaluations: tuple[Evaluation, ...]
    unusable: BadRequest | NotFound | None = None


def variants(
    ref: ModelRef, repository: Repository, room: int, runs: Callable[[str], bool]
) -> tuple[tuple[Variant, ...], BadRequest | NotFound | None]:
    """The forms of a model, the smallest first, and why there is none. The recommended one is what `serai pull` would
    fetch where weights may take `room` bytes."""
    asked = ModelRef(ref.name, None, ref.revision)
    try:
        best = choose(asked, repository.files, room, runs)
    except (BadRequest, NotFound) as error:
        return (), error
    forms = [_quant(asked, label, files, best) for label, files in choose_gguf.groups(repository.files).items()]
    for kind in ("safetensors", "onnx"):
        if (form := _folder(asked, kind, repository.files, best, alone=not forms)) is not None:
            forms.append(form)
    return tuple(sorted(forms, key=lambda form: form.size)), None


def _quant(ref: ModelRef, label: str, files: Sequence[RemoteFile], best: Choice) -> Variant:
    chosen = best.format == "gguf" and best.entry == files[0].path
    name = str(ModelRef(ref.name, label, ref.revision))
    size = sum(file.size for file in files)
    return Variant(name=name, label=label, format="gguf", size=size, files=len(files), recommended=chosen)


def _folder(ref: ModelRef, kind: str, files: Sequence[RemoteFile], best: Choice, *, alone: bool) -> Variant | None:
    try:
        choice = choose(ModelRef(ref.name, kind, ref.revision), files)
    except (BadRequest, NotFound):
        return None
    chosen = best.format == kind
    usual = chosen and alone
    name = str(ref if usual else ModelRef(ref.name, kind, ref.revision))
    return Variant(name=name, label=kind, format=kind, size=choice.size, files=len(choice.files), recommended=chosen)


def card(text: bytes) -> str:
    """The card without its front matter, whatever bytes it is made of."""
    return _FRONT.sub("", text.decode("utf-8", "replace"), count=1)


def evaluations(body: Mapping[str, Any]) -> tuple[Evaluation, ...]:
    """The card's `model-index`, as far as it can be understood."""
    found: list[Evaluation] = []
    for model in _rows(body.get("model-index")):
        for result in _rows(model.get("results")):
            task, dataset = result.get("task"), result.get("dataset")
            for metric in _rows(result.get("metrics")):
                value = metric.get("value")
                if isinstance(value, int | float) and math.isfinite(value) and len(found) < _RESULTS:
                    told = {"task": _name(task), "dataset": _name(dataset), "metric": _name(metric)}
                    found.append(Evaluation(**told, value=float(value)))
    return tuple(found)


def revisions(body: object) -> tuple[str, ...]:
    """The names of branches, then of tags."""
    refs = body if isinstance(body, dict) else {}
    names = [row.get("name") for kind in ("branches", "tags") for row in _rows(refs.get(kind))]
    return tuple(name for name in names if isinstance(name, str) and _asked_for(name))[:200]


def _asked_for(revision: str) -> bool:
    try:
        return ModelRef.parse(f"a@{revision}").revision == revision
    except ValueError:
        return False


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _name(value: object) -> str:
    named = value if isinstance(value, dict) else {}
    return str(named.get("name") or named.get("type") or "")[:100]
