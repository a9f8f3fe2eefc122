"""A GGUF header as a Shape: what llama.cpp reads from the same fields, as it reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serai.errors import LoadFailed
from serai.hub.gguf import GgufHeader, Skipped
from serai.hub.shape import MAX_CONTEXT, MAX_LAYERS, MAX_WIDTH, Layer, Shape

_REARRANGED = frozenset({2, 12, 20, 39})
"""Types that llama.cpp rearranges for AVX2: Q4_0, Q4_K, IQ4_NL, MXFP4. Other processors know a few more or fewer."""

_PATTERNS: Mapping[str, tuple[int, bool]] = {
    "gemma2": (2, False),
    "gpt-oss": (2, False),
    "gemma3n": (5, False),
    "gemma3": (6, False),
    "gemma-embedding": (6, False),
    "modern-bert": (3, True),
    "smallthinker": (4, True),
    "cohere2moe": (4, True),
    "laguna": (4, True),
    "plamo3": (8, False),
    "phi3": (0, False),
}
"""Every how many layers one sees the whole context, and whether it is the first or the last of them; else the last of
four. 0: llama.cpp keeps the whole context in every layer."""

_KV_LAYERS = {"gemma3n": 20}
"""Only the first so many layers keep keys and values; the others look there."""

_EVERY_FOURTH = {"qwen3next", "qwen35", "qwen35moe", "qwen4exp"}
_BOTH = {"falcon-h1"}
"""Attention and a recurrent state in each layer."""


def from_gguf(header: GgufHeader) -> Shape:
    """Raises LoadFailed (not_gguf) where a number cannot be true."""
    reader = _Fields(header)
    count = reader.number("block_count", MAX_LAYERS)
    width = reader.number("embedding_length", MAX_WIDTH)
    heads = max(reader.list("attention.head_count", count, MAX_WIDTH), default=0)
    head = width // heads if heads else 0
    output = _bytes(header, "output")
    tied = "output" not in header.weights
    return Shape(
        format="gguf",
        architecture=header.architecture,
        size=header.size,
        layers=tuple(_layers(header, reader, count, head, heads, width)),
        input=_bytes(header, "token_embd") + _bytes(header, "per_layer_token_embd"),
        output=output,
        other=_bytes(header, "other"),
        rearranged=_rearranged(header, "token_embd" if tied else "output"),
        vocabulary=min(header.vocabulary or 0, MAX_WIDTH),
        width=width,
        feed_forward=_feed_forward(reader, count),
        heads=heads,
        head=reader.number("attention.key_length", MAX_WIDTH) or head,
        context=reader.number("context_length", MAX_CONTEXT) or None,
        tied=tied,
    )


def _feed_forward(reader: _Fields, count: int) -> int:
    whole = max(reader.list("feed_forward_length", count, MAX_WIDTH), default=0)
    used = reader.number("expert_used_count", MAX_LAYERS)
    expert = reader.number("expert_feed_forward_length", MAX_WIDTH)
    shared = reader.number("expert_shared_feed_forward_length", MAX_WIDTH)
    return max(whole, used * expert + shared) if expert else max(1, used) * whole


def _layers(header: GgufHeader, reader: _Fields, count: int, head: int, heads: int, width: int) -> list[Layer]:
    kv_heads = reader.list("attention.head_count_kv", count, MAX_WIDTH) or [heads] * count
    keys = reader.number("attention.key_length", MAX_WIDTH) or head
    values = reader.number("attention.value_length", MAX_WIDTH) or head
    windows = _windows(header.architecture, reader, count)
    recurrent = _recurrent(header.architecture, reader, count, kv_heads)
    narrow_keys = reader.number("attention.key_length_swa", MAX_WIDTH) or keys
    narrow_values = reader.number("attention.value_length_swa", MAX_WIDTH) or values
    latent = bool(reader.number("attention.key_length_mla", MAX_WIDTH))
    kept = _KV_LAYERS.get(header.architecture, count - reader.number("attention.shared_kv_layers", MAX_LAYERS))
    state = _state(reader, width)
    layers: list[Layer] = []
    for index in range(count):
        attends = index < kept and (not recurrent[index] or header.architecture in _BOTH)
        group = f"blk.{index}"
        layers.append(
            Layer(
                weights=_bytes(header, group),
                rearranged=_rearranged(header, group),
                key=kv_heads[index] * (narrow_keys if windows[index] else keys) if attends else 0,
                value=kv_heads[index] * (narrow_values if windows[index] else values) if attends and not latent else 0,
                window=windows[index],
                state=state if recurrent[index] else 0,
            )
        )
    return layers


def _windows(architecture: str, reader: _Fields, count: int) -> list[int]:
    """The window of each layer. A file says which layers have one, or the architecture does."""
    window = reader.number("attention.sliding_window", MAX_CONTEXT)
    if architecture == "llama4":
        window = 8192
    period, first = _PATTERNS.get(architecture, (4, False))
    given = reader.get("attention.sliding_window_pattern")
    if isinstance(given, list):
        return [window if index < len(given) and given[index] else 0 for index in range(count)]
    if isinstance(given, int) and not isinstance(given, bool):
        period = max(0, given)
    if not window or period == 0:
        return [0] * count
    whole = 0 if first else period - 1
    return [0 if index % period == whole else window for index in range(count)]


def _recurrent(architecture: str, reader: _Fields, count: int, kv_heads: list[int]) -> list[bool]:
    """Which layers keep a state instead of keys and values."""
    if not _state(reader, 1):
        return [False] * count
    given = reader.get("attention.recurrent_layers")
    if isinstance(given, list):
        return [bool(given[index]) if index < len(given) else False for index in range(count)]
    if architecture in _EVERY_FOURTH:
        interval = reader.number("full_attention_interval", MAX_LAYERS) or 4
        return [(index + 1) % interval != 0 for index in range(count)]
    if architecture in _BOTH or not any(kv_heads):
        return [True] * count
    return [heads == 0 for heads in kv_heads]


def _state(reader: _Fields, width: int) -> int:
    """Bytes of one layer's recurrent state for one stream, in float32."""
    if size := reader.number("wkv.head_size", MAX_WIDTH):
        return 4 * width * (size + (reader.number("token_shift_count", 64) or 2))
    if cache := reader.number("shortconv.l_cache", MAX_WIDTH):
        return 4 * width * (cache - 1)
    inner, state = reader.number("ssm.inner_size", MAX_WIDTH), reader.number("ssm.state_size", MAX_WIDTH)
    kernel = max(0, reader.number("ssm.conv_kernel", MAX_WIDTH) - 1)
    groups = reader.number("ssm.group_count", MAX_WIDTH)
    return 4 * (kernel * (inner + 2 * groups * state) + state * inner)


def _bytes(header: GgufHeader, group: str) -> int:
    return sum(header.weights.get(group, {}).values())


def _rearranged(header: GgufHeader, group: str) -> int:
    return sum(size for kind, size in header.weights.get(group, {}).items() if kind in _REARRANGED)


class _Fields:
    """The architecture's fields, with limits."""

    def __init__(self, header: GgufHeader) -> None:
        self._fields = header.fields

    def get(self, name: str) -> Any:
        return self._fields.get(name)

    def number(self, name: str, most: int) -> int:
        """A count; the largest of a list; 0 where there is none."""
        return max(self.list(name, 1, most), default=0)

    def list(self, name: str, count: int, most: int) -> list[int]:
        """One number for each of `count` layers; a single one holds for all."""
        value = self._fields.get(name)
        if value is None or isinstance(value, str | float):
            return []
        if isinstance(value, Skipped):
            raise impossible(name, value.count)
        given = value if isinstance(value, list) else [value] * count
        numbers = [item for item in given if isinstance(item, int)]
        for number in numbers:
            if not 0 <= number <= most:
                raise impossible(name, number)
        return numbers + [0] * (count - len(numbers)) if isinstance(value, list) else numbers


def impossible(name: str, number: int) -> LoadFailed:
    return LoadFailed(
        f"The file says {name} = {number:,}, which cannot be.",
        cause="not_gguf",
        hint="The file is damaged or made to mislead. Download it again from somebody you trust.",
    )
