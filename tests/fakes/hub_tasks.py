"""What a model of each task answers on loopback, in the shapes of Hugging Face's own containers."""

from __future__ import annotations

import base64
import io
import wave
from typing import Any, NamedTuple

from serai.tasks.media import WHITE


class File(NamedTuple):
    content: bytes
    kind: str


def _wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(b"\0\0" * 100)
    return file.getvalue()


PICTURE = base64.b64decode(WHITE.partition(",")[2])
SOUND = _wav()
IN_BASE64 = base64.b64encode(PICTURE).decode()

_LABELS = [{"label": "a", "score": 0.9}, {"label": "b", "score": 0.1}]
_FOUND = {"answer": "a caravan", "score": 0.9, "start": 9, "end": 18}

ANSWERS: dict[str, Any] = {
    "text-classification": [_LABELS],
    "token-classification": [{"entity_group": "PER", "score": 0.9, "word": "Sarah", "start": 0, "end": 5}],
    "fill-mask": [{"score": 0.9, "token": 7, "token_str": "sea", "sequence": "the sea"}],
    "zero-shot-classification": _LABELS,
    "zero-shot-image-classification": _LABELS,
    "image-classification": _LABELS,
    "audio-classification": _LABELS,
    "question-answering": _FOUND,
    "document-question-answering": [_FOUND],
    "visual-question-answering": [{"answer": "white", "score": 0.9}],
    "table-question-answering": {"answer": "12", "coordinates": [[0, 1]], "cells": ["12"], "aggregator": "NONE"},
    "summarization": [{"summary_text": "They came."}],
    "translation": [{"translation_text": "Sie kamen."}],
    "text2text-generation": [{"generated_text": "They came."}],
    "image-to-text": [{"generated_text": "a white point"}],
    "object-detection": [{"label": "a", "score": 0.9, "box": {"xmin": 0, "ymin": 0, "xmax": 1, "ymax": 1}}],
    "image-segmentation": [{"label": "a", "score": 0.9, "mask": IN_BASE64}],
    "automatic-speech-recognition": {"text": "The inn is open.", "chunks": [{"text": "The", "timestamp": [0, 1]}]},
    "audio-to-audio": [{"label": "clean", "content-type": "audio/wav", "blob": base64.b64encode(SOUND).decode()}],
    "text-to-image": File(PICTURE, "image/png"),
    "image-to-image": File(PICTURE, "image/png"),
    "text-to-speech": File(SOUND, "audio/wav"),
    "tabular-classification": ["camel"],
    "tabular-regression": [2.5],
    "feature-extraction": [3.0, 4.0],
    "text-generation": [{"generated_text": " I rest."}],
}
