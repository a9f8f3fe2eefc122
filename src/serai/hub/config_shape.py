"""config.json and the tensors of safetensors files as a Shape."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from serai.errors import LoadFailed
from serai.hub.safetensors import Tensor
from serai.hub.shape import MAX_CONTEXT, MAX_LAYERS, MAX_WIDTH, Layer, Shape

MAX_CONFIG = 1 << 20

_LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks|block|layer)\.(\d{1,4})\.")
_EXPERT = re.compile(r"\.experts\.\d{1,4}\.")
"""Experts that are stored apart: transformers makes one tensor of all."""

_INPUT = re.compile(r"(?:embed_tokens|wte|word_embeddings|shared|embeddings)\.weight$")
_OUTPUT = re.compile(r"(?:lm_head|embed_out)\.")


def from_config(text: bytes, tensors: Iterable[Tensor], name: str) -> Shape:
    """Raises LoadFailed where config.json cannot be read or a number in it cannot be true."""
    config = _Config(text, name)
    count = config.number(MAX_LAYERS, "num_hidden_layers", "n_layer", "num_layers", "n_layers")
    width = config.number(MAX_WIDTH, "hidden_size", "n_embd", "d_model", "dim")
    heads = config.number(MAX_WIDTH, "num_attention_heads", "n_head", "num_heads", "n_heads")
    head = config.number(MAX_WIDTH, "head_dim") or (width // heads if heads else 0)
    kept = config.number(MAX_WIDTH, "num_key_value_heads", "num_kv_heads") or heads
    groups: Counter[str] = Counter()
    elements: Counter[str] = Counter()
    merged: Counter[str] = Counter()
    for tensor in tensors:
        group = _group(tensor.name)
        groups[group] += tensor.size
        merged[group] += tensor.size if _EXPERT.search(tensor.name) else 0
        elements[tensor.dtype] += tensor.elements
    windows = _windows(config, count)
    layers = tuple(
        Layer(
            weights=groups[str(index)],
            rearranged=merged[str(index)],
            key=kept * head,
            value=kept * head,
            window=windows[index],
        )
        for index in range(count)
    )
    placed = sum(layer.weights for layer in layers) + groups["input"] + groups["output"]
    return Shape(
        format="safetensors",
        architecture=config.text("model_type"),
        size=groups.total(),
        layers=layers,
        input=groups["input"],
        output=groups["output"],
        other=groups.total() - placed,
        vocabulary=config.number(MAX_WIDTH, "vocab_size"),
        width=width,
        feed_forward=_feed_forward(config) or 4 * width,
        heads=heads,
        head=head,
        context=config.number(MAX_CONTEXT, "max_position_embeddings", "n_positions", "seq_length") or None,
        elements=dict(elements),
        tied=not groups["output"],
    )


def _feed_forward(config: _Config) -> int:
    whole = config.number(MAX_WIDTH, "intermediate_size", "n_inner", "ffn_dim", "d_ff")
    used = config.number(MAX_LAYERS, "num_experts_per_tok")
    expert = config.number(MAX_WIDTH, "moe_intermediate_size")
    return max(whole, used * expert) if expert else max(1, used) * whole


def _group(name: str) -> str:
    if block := _LAYER.search(name):
        return block[1].lstrip("0") or "0"
    if _OUTPUT.search(name):
        return "output"
    return "input" if _INPUT.search(name) else "other"


def _windows(config: _Config, count: int) -> list[int]:
    window = config.number(MAX_CONTEXT, "sliding_window")
    kinds = config.get("layer_types")
    if isinstance(kinds, list):
        return [window if index < len(kinds) and kinds[index] == "sliding_attention" else 0 for index in range(count)]
    if config.get("use_sliding_window") is False:
        return [0] * count
    period = config.number(MAX_LAYERS, "sliding_window_pattern")
    return [0 if period and (index + 1) % period == 0 else window for index in range(count)]


class _Config:
    """The part of config.json that describes the language model, with limits."""

    def __init__(self, text: bytes, name: str) -> None:
        self._name = name
        try:
            table = json.loads(text[:MAX_CONFIG].decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise self._broken("it cannot be read") from error
        if not isinstance(table, dict):
            raise self._broken("it is not a table")
        inner = table.get("text_config")
        self._table: Mapping[str, Any] = {**table, **inner} if isinstance(inner, dict) else table

    def get(self, key: str) -> Any:
        return self._table.get(key)

    def text(self, key: str) -> str:
        value = self._table.get(key)
        return value if isinstance(value, str) else ""

    def number(self, most: int, *keys: str) -> int:
        """The first of these that it has; 0 where it has none."""
        for key in keys:
            value = self._table.get(key)
            if isinstance(value, int) and not isinstance(value, bool):
                if not 0 <= value <= most:
                    raise self._broken(f"{key} = {value:,} cannot be")
                return value
        return 0

    def _broken(self, why: str) -> LoadFailed:
        hint = "The model's folder is damaged. Download it again."
        return LoadFailed(f"config.json of {self._name}: {why}.", cause="not_safetensors", hint=hint)
