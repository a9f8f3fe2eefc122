"""What a model of Replicate made, in ours. On nonsense it raises Python's own errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from serai.providers import _answer, _sound
from serai.tasks import media
from serai.types import FEATURE_EXTRACTION, Answerer, Call, Delta, Usage

Fetch = Callable[[str, str], Awaitable[tuple[bytes, str]]]
"""Gets an address, of a kind that begins so."""


async def made(call: Call, prediction: Mapping[str, Any], who: Answerer, fetch: Fetch) -> Delta:
    """The one Delta of a prediction that has succeeded."""
    output, usage = prediction["output"], counted(prediction)
    if call.task == "image-to-text":
        return Delta(text=text(output), answerer=who, finish="stop", usage=usage)
    return Delta(data=await _data(call.task, output, call.settings, fetch), answerer=who, finish="stop", usage=usage)


def text(output: Any) -> str:
    """A text, which comes whole or in pieces; none yet is an empty one."""
    if isinstance(output, list):
        return "".join(str(piece) for piece in output)
    return "" if output is None else str(output)


def counted(prediction: Mapping[str, Any]) -> Usage:
    """What the service counted, where it says so."""
    metrics = prediction.get("metrics") or {}
    speed = metrics.get("tokens_per_second")
    return Usage(
        prompt_tokens=metrics.get("input_token_count") or 0,
        completion_tokens=metrics.get("output_token_count") or 0,
        tokens_per_second=speed if isinstance(speed, (int, float)) and speed > 0 else None,
    )


async def _data(task: str, output: Any, settings: Mapping[str, Any], fetch: Fetch) -> Any:
    if task == FEATURE_EXTRACTION:
        rows = output["embeddings"] if isinstance(output, dict) else output
        return _answer.units([row["embedding"] for row in rows] if isinstance(rows[0], dict) else rows)
    if task == "automatic-speech-recognition":
        return _heard(output, settings.get("return_timestamps"))
    if task == "text-to-speech":
        content, kind = await fetch(_first(output), "audio/")
        return {"audio": media.pack(content, kind), "sampling_rate": _sound.sampling_rate(content)}
    content, kind = await fetch(_first(output), "image/")
    return {"image": media.pack(content, kind)}


def _first(output: Any) -> str:
    """The first file of what may be one, a list, or a list within an object."""
    if isinstance(output, dict):
        output = next(iter(output.values()))
    found = output[0] if isinstance(output, list) else output
    if not isinstance(found, str):
        raise TypeError("no address")
    return found


def _heard(output: Any, wanted: str | None) -> dict[str, Any]:
    """Models of speech say it in several ways."""
    if isinstance(output, str):
        return {"text": output} | ({"chunks": []} if wanted else {})
    segments = output.get("segments") or output.get("chunks") or []
    said = output.get("text") or output.get("transcription") or "".join(str(one["text"]) for one in segments)
    answer: dict[str, Any] = {"text": str(said).strip()}
    language = output.get("detected_language") or output.get("language")
    answer |= {"language": str(language)} if language else {}
    return answer | ({"chunks": [_chunk(one) for one in _timed(segments, wanted)]} if wanted else {})


def _timed(segments: Any, wanted: str) -> list[Any]:
    words = [word for segment in segments for word in segment.get("words") or ()]
    return words if wanted == "word" and words else list(segments)


def _chunk(one: Mapping[str, Any]) -> dict[str, Any]:
    times = one.get("timestamp") or (one["start"], one["end"])
    return {"text": str(one.get("text") or one.get("word")), "timestamp": [float(time) for time in times]}
