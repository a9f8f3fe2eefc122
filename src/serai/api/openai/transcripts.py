"""What was heard, in the forms that OpenAI's audio calls have: JSON, text, and subtitles. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from serai.errors import ModelFailed

FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
TIMED = ("srt", "verbose_json", "vtt")

Heard = Mapping[str, Any]


def plain(heard: Heard) -> dict[str, Any]:
    """The text, and how long the recording was, where that is known."""
    seconds = _duration(heard)
    usage = {"usage": {"type": "duration", "seconds": math.ceil(seconds)}} if seconds else {}
    return {"text": heard["text"], **usage}


def verbose(heard: Heard, words: Heard | None, *, task: str, language: str, segments: bool) -> dict[str, Any]:
    """The text with its times. What the model does not tell of a segment is null."""
    told: dict[str, Any] = {
        "task": task,
        "language": heard.get("language") or language,
        "duration": _duration(heard),
        **plain(heard),
    }
    if segments:
        told["segments"] = [_segment(index, chunk) for index, chunk in enumerate(_chunks(heard))]
    if words is not None:
        told["words"] = [_word(chunk) for chunk in _chunks(words)]
    return told


def text(heard: Heard, shape: str) -> str:
    """The transcript as a file: text, srt or vtt."""
    if shape == "text":
        return f"{heard['text']}\n"
    return srt(heard) if shape == "srt" else vtt(heard)


def srt(heard: Heard) -> str:
    """Subtitles in SubRip's form."""
    parts = [
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n"
        for number, (start, end, text) in enumerate(_lines(heard), 1)
    ]
    return "\n".join(parts)


def vtt(heard: Heard) -> str:
    """Subtitles in WebVTT's form."""
    parts = [f"{_clock(start, '.')} --> {_clock(end, '.')}\n{text}\n" for start, end, text in _lines(heard)]
    return "\n".join(["WEBVTT\n", *parts])


def _lines(heard: Heard) -> list[tuple[float, float, str]]:
    """An empty line would end a subtitle, and an arrow begin one."""
    found = []
    for chunk in _chunks(heard):
        start, end = _times(chunk)
        lines = [line.strip() for line in chunk["text"].replace("-->", "→").splitlines()]
        found.append((start, end, "\n".join(filter(None, lines))))
    return found


def _chunks(heard: Heard) -> Sequence[Mapping[str, Any]]:
    """Raises ModelFailed where the model told no times."""
    chunks = heard.get("chunks")
    if chunks is None and heard["text"]:
        raise ModelFailed("The model told no times.", hint="Ask for json or text.")
    return chunks or ()


def _times(chunk: Mapping[str, Any]) -> tuple[float, float]:
    """The end of the last one is not always known."""
    start, end = chunk["timestamp"]
    return float(start), float(start if end is None else end)


def _segment(index: int, chunk: Mapping[str, Any]) -> dict[str, Any]:
    start, end = _times(chunk)
    known = {name: chunk.get(name) for name in ("temperature", "avg_logprob", "compression_ratio", "no_speech_prob")}
    return {
        "id": index,
        "seek": chunk.get("seek", 0),
        "start": start,
        "end": end,
        "text": chunk["text"],
        "tokens": chunk.get("tokens", []),
        **known,
    }


def _word(chunk: Mapping[str, Any]) -> dict[str, Any]:
    start, end = _times(chunk)
    return {"word": chunk["text"].strip(), "start": start, "end": end}


def _duration(heard: Heard) -> float:
    if heard.get("duration") is not None:
        return float(heard["duration"])
    return max((_times(chunk)[1] for chunk in heard.get("chunks") or ()), default=0.0)


def _clock(seconds: float, point: str) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"
