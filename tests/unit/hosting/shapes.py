"""Shapes and plans of all kinds, for tests that must hold for each."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from serai.hosting.budget import CELL_BITS, Plan
from serai.hub.shape import Layer, Shape

SIZES = st.integers(0, 1 << 28)

calm = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
"""For examples that are many and machines that are busy."""


def simple(*, layers: int = 4, width: int = 1024, heads: int = 16, feed_forward: int = 2048) -> Shape:
    """A model with a layer of 100 MB, eight heads of 64 that are kept, and words for 100 MB on either side."""
    return Shape(
        format="gguf",
        architecture="llama",
        size=(layers + 2) * 100_000_000,
        layers=(Layer(weights=100_000_000, key=512, value=512),) * layers,
        input=100_000_000,
        output=100_000_000,
        vocabulary=32000,
        width=width,
        feed_forward=feed_forward,
        heads=heads,
        head=64,
        context=131_072,
    )


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    weights = draw(SIZES)
    return Layer(
        weights=weights,
        rearranged=draw(st.integers(0, weights)),
        key=draw(st.integers(0, 1 << 14)),
        value=draw(st.integers(0, 1 << 14)),
        window=draw(st.sampled_from([0, 512, 4096])),
        state=draw(st.integers(0, 1 << 20)),
    )


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    return Shape(
        format=draw(st.sampled_from(["gguf", "safetensors"])),
        architecture="any",
        size=draw(SIZES),
        layers=tuple(draw(st.lists(layers(), max_size=6))),
        input=draw(SIZES),
        output=draw(SIZES),
        other=draw(SIZES),
        vocabulary=draw(st.integers(0, 1 << 18)),
        width=draw(st.integers(0, 1 << 14)),
        feed_forward=draw(st.integers(0, 1 << 16)),
        heads=draw(st.integers(0, 128)),
        head=draw(st.integers(0, 256)),
        elements=draw(st.dictionaries(st.sampled_from(["BF16", "F32", "U8"]), SIZES)),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    return Plan(
        context=draw(st.integers(256, 1 << 17)),
        parallel=draw(st.integers(1, 16)),
        kv_type=draw(st.sampled_from(sorted(CELL_BITS))),
        batch=draw(st.sampled_from([32, 128, 512])),
        layers=draw(st.integers(0, 10)),
        cache=draw(st.integers(0, 1 << 30)),
        checkpoints=draw(st.integers(0, 32)),
        attention=draw(st.booleans()),
        dtype=draw(st.sampled_from(["auto", "float32", "bfloat16"])),
        bits=draw(st.sampled_from([0, 4, 8])),
    )
