"""Embeddings: a text's tokens through the model, pooled as its makers say, at length one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from serai.engines._serving.embeddings import Text
from serai.engines._serving.refused import Refused, too_long
from serai.engines._serving.vocabulary import Vocabulary, read_json

_TOKENS_AT_ONCE = 8192
Ids = NDArray[np.int64]
Run = Callable[[Ids, Ids], NDArray[np.float32]]
"""Given the tokens of several texts and the mask that says which are none, what the model makes of each token, or of
each text if it pools by itself."""


class Embedder:
    """Makes vectors of texts. Those of like length go together, so little is spent on padding."""

    def __init__(self, run: Run, words: Vocabulary, folder: Path, context: int) -> None:
        self._run = run
        self._words = words
        self._longest = _longest(folder, context)
        self._pooling = _pooling(folder)

    def tokens(self, texts: list[Text]) -> list[list[int]]:
        tokens = [self._words.encode(text, special=True) if isinstance(text, str) else text for text in texts]
        if any(not one or max(one) >= self._words.size for one in tokens):
            raise Refused(f"A text has no tokens, or some beyond the model's {self._words.size}.")
        longest = max(len(one) for one in tokens)
        if longest > self._longest:
            raise too_long(longest, self._longest)
        return tokens

    def vectors(self, tokens: list[list[int]]) -> list[list[float]]:
        vectors: list[list[float]] = [[] for _ in tokens]
        order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        for group in _groups(order, tokens):
            made = self._made([tokens[index] for index in group])
            for index, vector in zip(group, made, strict=True):
                vectors[index] = vector.tolist()
        return vectors

    def _made(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        longest = max(1, *(len(one) for one in tokens))
        ids = np.zeros((len(tokens), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(tokens):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        out = self._run(ids, mask).astype(np.float32)
        made = pooled(out, mask, self._pooling) if out.ndim == 3 else out
        sizes = np.linalg.norm(made, axis=1, keepdims=True)
        vectors: NDArray[np.float32] = made / np.maximum(sizes, 1e-12)
        return vectors


def pooled(hidden: NDArray[np.float32], mask: Ids, pooling: str) -> NDArray[np.float32]:
    """One vector for each text: of its first token, its last, the largest numbers, or the mean."""
    seen = mask[:, :, None]
    if pooling == "cls":
        made = hidden[:, 0]
    elif pooling == "lasttoken":
        made = hidden[np.arange(len(hidden)), np.maximum(mask.sum(1) - 1, 0)]
    elif pooling == "max":
        made = np.where(seen > 0, hidden, np.float32(-1e9)).max(1)
    else:
        made = (hidden * seen).sum(1) / np.maximum(seen.sum(1), 1)
    return np.asarray(made, dtype=np.float32)


def _groups(order: list[int], tokens: list[list[int]]) -> list[list[int]]:
    """Texts that go together: so many that their longest, times their number, stays in bounds."""
    groups: list[list[int]] = []
    for index in order:
        if groups and (len(groups[-1]) + 1) * len(tokens[index]) <= _TOKENS_AT_ONCE:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _pooling(folder: Path) -> str:
    """mean, cls, max or lasttoken, by sentence-transformers' configuration; mean where there is none."""
    config = read_json(folder / "1_Pooling" / "config.json")
    if isinstance(config.get("pooling_mode"), str):
        return str(config["pooling_mode"])
    for name, mode in (("cls_token", "cls"), ("max_tokens", "max"), ("lasttoken", "lasttoken")):
        if config.get(f"pooling_mode_{name}") is True:
            return mode
    return "mean"


def _longest(folder: Path, context: int) -> int:
    """How many tokens a text may have: what its makers say, else what its positions allow."""
    said = read_json(folder / "sentence_bert_config.json").get("max_seq_length")
    return min(said, context) if isinstance(said, int) and said > 0 else context
