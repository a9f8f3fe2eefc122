"""Why a model's process could not load or died, in human words. Pure."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from serai.errors import LoadFailed, ModelCrashed

_TAIL = 8
"""Lines of its log that go with an error."""

Explain = Callable[[list[str]], tuple[str, str] | None]

_WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("{model}: the file is not there.", "Was it moved or deleted? Add it again, or download it."),
    "not_gguf": ("{model}: the file is not a GGUF file.", "Choose a file that ends in .gguf."),
    "truncated": ("{model}: the file is incomplete.", "Download it again."),
    "unsupported": ("{model}: the engine does not know this kind of model.", "Choose another model or file."),
    "incomplete": (
        "{model}: the engine that runs it is not installed completely.",
        "`serai doctor` says what is missing; if it finds nothing, install Serai anew.",
    ),
    "mismatched": (
        "{model}: an adapter or projector that was set for it does not belong to it.",
        "Take the one that was made for this very model, as GGUF, or leave it out of the model's loading.",
    ),
    "out_of_memory": (
        "{model} does not fit into the memory that is free.",
        "Unload another model, set a shorter context (models.context), or choose a smaller quantisation.",
    ),
    "timed_out": (
        "{model} was not ready in time.",
        "A slow disk? Raise models.load_timeout_s, or choose a smaller model.",
    ),
    "unprotected": (
        "{model}: this machine cannot confine its process, as models.sandbox requires.",
        "`serai doctor` says what is missing; `serai config set models.sandbox auto` loads it all the same.",
    ),
    "crashed": (
        "{model}: its process ended while it was loading.",
        "The log of the model says more.",
    ),
}


def load_failed(model: str, cause: str, detail: str = "", **facts: Any) -> LoadFailed:
    """The error for a stable cause; `detail` are the engine's own words."""
    words, hint = _WORDS[cause]
    message = words.format(model=model)
    return LoadFailed(f"{message[:-1]} ({detail})." if detail else message, cause=cause, hint=hint, **facts)


def from_exit(model: str, code: int, told: Mapping[str, Any], lines: Sequence[str], explain: Explain) -> LoadFailed:
    """The error for a process that ended while it was loading: by what it told, what it logged, or how it ended."""
    tail = list(lines)[-_TAIL:]
    if told.get("failed") in _WORDS:
        return load_failed(model, str(told["failed"]), str(told.get("message", "")).rstrip("."), log=tail)
    if known := explain(list(lines)):
        return load_failed(model, known[0], known[1], log=tail)
    if code == -signal.SIGKILL:
        return load_failed(model, "out_of_memory", "the system ended its process", log=tail)
    return load_failed(model, "crashed", how_it_ended(code), log=tail)


def crashed(model: str, code: int, lines: Sequence[str] = ()) -> ModelCrashed:
    """The error for calls that a dying process takes with it, and the last lines that it logged."""
    hint = "It is started again by the next call."
    if code == -signal.SIGKILL:
        hint += " If this repeats, memory may be short: unload another model or choose a smaller one."
    return ModelCrashed(f"The process of {model} died ({how_it_ended(code)}).", hint=hint, log=list(lines)[-_TAIL:])


def how_it_ended(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"signal {-code}, {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
