"""From what a task of the hub is answered to a Delta, as the task declares it. Pure; on nonsense it raises Python's own
errors."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from serai.tasks import media
from serai.types import Answerer, Delta, Usage

FILES = frozenset({"text-to-image", "image-to-image", "text-to-speech"})
"""Tasks whose answer is a file, with nothing around it."""

_WRITTEN = {
    "summarization": "summary_text",
    "translation": "translation_text",
    "text2text-generation": "generated_text",
    "image-to-text": "generated_text",
}


def answered(task: str, answer: Any, who: Answerer) -> Delta:
    """The one Delta of an answer in JSON."""
    if task in _WRITTEN:
        row = answer[0] if isinstance(answer, list) else answer
        return Delta(text=str(row[_WRITTEN[task]]), answerer=who, finish="stop", usage=Usage())
    return _data(_DATA[task](answer), who)


def file(task: str, content: bytes, said: str, who: Answerer) -> Delta:
    """The one Delta of an answer that is a file, of the kind that it is rather than the kind that was said."""
    found = media.kind_of(content) or said
    name, wanted = ("audio", "audio/") if task == "text-to-speech" else ("image", "image/")
    if not content or not found.startswith(wanted):
        raise ValueError("no file of this kind")
    data: dict[str, Any] = {name: media.pack(content, found)}
    return _data({**data, "sampling_rate": _rate(content)} if name == "audio" else data, who)


def _data(data: Any, who: Answerer) -> Delta:
    return Delta(data=data, answerer=who, finish="stop", usage=Usage())


def _rate(content: bytes) -> int | None:
    """Points of sound a second, where the file says it plainly."""
    if content[8:16] == b"WAVEfmt ":
        return int.from_bytes(content[24:28], "little")
    return int.from_bytes(content[18:21], "big") >> 4 if content[:4] == b"fLaC" else None


def _scores(answer: Any) -> Any:
    rows = answer[0] if isinstance(answer[0], list) else answer
    return [{"label": str(row["label"]), "score": float(row["score"])} for row in rows]


def _labels(answer: Any) -> Any:
    """A list of labels with scores, or both apart, as older containers have them."""
    if isinstance(answer, dict):
        pairs = zip(answer["labels"], answer["scores"], strict=True)
        answer = [{"label": label, "score": score} for label, score in pairs]
    return sorted(_scores(answer), key=lambda row: -row["score"])


def _rows(*names: str) -> Callable[[Any], Any]:
    """A list of objects that have these fields at least; one alone counts as a list."""

    def read(answer: Any) -> Any:
        rows = [answer] if isinstance(answer, dict) else answer
        if not all(name in row for row in rows for name in names):
            raise KeyError(names)
        return list(rows)

    return read


def _words(answer: Any) -> Any:
    """Of several gaps the first, which is what the task promises."""
    return _rows("token_str", "score")(answer[0] if answer and isinstance(answer[0], list) else answer)


def _table(answer: Any) -> Any:
    row = answer[0] if isinstance(answer, list) else answer
    empty = {"cells": [], "coordinates": [], "aggregator": "NONE"}
    return {**empty, **{name: row[name] for name in ("answer", *empty) if name in row or name == "answer"}}


def _heard(answer: Any) -> Any:
    told = {"text": str(answer["text"])}
    return told | {name: answer[name] for name in ("chunks", "language", "duration") if answer.get(name) is not None}


def _masks(answer: Any) -> Any:
    return [{**row, "mask": _file(row["mask"], "image/png")} for row in _rows("label", "mask")(answer)]


def _sounds(answer: Any) -> Any:
    return [{"label": row["label"], "audio": _file(row["blob"], row["content-type"])} for row in answer]


def _file(text: str, kind: str) -> str:
    content = base64.b64decode(text, validate=True)
    return media.pack(content, media.kind_of(content) or kind)


_DATA: Mapping[str, Callable[[Any], Any]] = {
    "text-classification": _scores,
    "token-classification": _rows("score", "word"),
    "fill-mask": _words,
    "zero-shot-classification": _labels,
    "zero-shot-image-classification": _labels,
    "image-classification": _scores,
    "audio-classification": _scores,
    "question-answering": _rows("answer", "score"),
    "table-question-answering": _table,
    "visual-question-answering": _rows("answer"),
    "document-question-answering": _rows("answer"),
    "object-detection": _rows("label", "score", "box"),
    "image-segmentation": _masks,
    "automatic-speech-recognition": _heard,
    "audio-to-audio": _sounds,
    "tabular-classification": list,
    "tabular-regression": list,
}
