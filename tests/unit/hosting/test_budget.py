"""What a plan needs: figures as llama.cpp's log gives them, and promises that hold for every shape."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.hosting.shapes import calm, plans, shapes, simple

from serai.hosting.budget import MB, Plan, need
from serai.hub.shape import Layer, Shape


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (Plan(context=4096), 4),
        (Plan(context=32768), 32),
        (Plan(context=4096, parallel=4), 16),
        (Plan(context=4096, kv_type="q8_0"), 2.125),
        (Plan(context=4096, kv_type="q4_0"), 1.125),
        (Plan(context=4096, kv_type="f32"), 8),
        (Plan(context=4097), 4.25),
    ],
)
def test_the_cache_is_as_large_as_llama_cpp_says(plan: Plan, expected: float) -> None:
    shape = Shape(format="gguf", architecture="llama", size=1, layers=(Layer(key=128, value=128),) * 2)
    assert need(shape, plan).kv == expected * MB


def test_a_window_keeps_itself_and_a_batch() -> None:
    windowed = tuple(Layer(key=128, value=128, window=0 if index == 5 else 512) for index in range(6))
    shape = Shape(format="gguf", architecture="gemma3", size=1, layers=windowed)
    assert need(shape, Plan(context=4096, batch=512)).kv == 4.5 * MB
    assert need(shape, Plan(context=4096, batch=128, parallel=2)).kv == 7.75 * MB
    assert need(shape, Plan(context=4096, batch=512, checkpoints=1)).kv == 4.5 * MB + 5 * 512 * 512


def test_computing_takes_what_llama_cpp_reserves_for_a_batch() -> None:
    shape = simple(width=512, heads=8, feed_forward=4096)
    assert need(shape, Plan(context=4096, batch=512)).compute / MB == pytest.approx(33, rel=0.02)
    assert need(shape, Plan(context=32768, batch=512)).compute / MB == pytest.approx(61, rel=0.02)


def test_without_flash_attention_the_scores_of_all_heads_count() -> None:
    shape = simple()
    short = need(shape, Plan(context=4096, attention=False)).compute
    assert short - need(shape, Plan(context=4096)).compute > 4096 * 512 * shape.heads * 4


def test_layers_move_to_the_gpu_from_the_last_on_the_output_first() -> None:
    shape = simple(layers=4)
    layer = shape.layers[0].weights
    one, all_ = need(shape, Plan(layers=1)), need(shape, Plan(layers=5))
    assert one.on("cpu") == need(shape, Plan()).on("cpu") - shape.output
    assert all_.on("gpu") - one.on("gpu") == 4 * layer + all_.kv
    assert need(shape, Plan(layers=99)).by_device == all_.by_device


def test_what_the_kernels_rearrange_can_be_given_back() -> None:
    layers = (Layer(weights=100, rearranged=80),) * 2
    needed = need(Shape(format="gguf", architecture="x", size=1, layers=layers), Plan())
    assert (needed.weights, needed.spare, needed.peak) == (200, 160, needed.total + 160)


def test_safetensors_take_as_much_as_their_type() -> None:
    shape = Shape(format="safetensors", architecture="llama", size=2000, layers=(), elements={"BF16": 1000})
    sizes = [need(shape, Plan(engine="transformers", dtype=dtype)).weights for dtype in ("auto", "float32", "float16")]
    assert sizes == [2000, 4000, 2000]


@calm
@given(shapes(), plans())
def test_the_parts_are_the_whole(shape: Shape, plan: Plan) -> None:
    needed = need(shape, plan)
    assert sum(needed.by_device.values()) == needed.total
    assert min(needed.weights, needed.kv, needed.compute, needed.cache, needed.runtime, needed.spare) >= 0
    assert 0 <= needed.later <= needed.total


@calm
@given(
    shapes(), plans(), st.sampled_from(["context", "parallel", "batch", "cache", "checkpoints"]), st.integers(1, 9999)
)
def test_more_never_needs_less(shape: Shape, plan: Plan, what: str, more: int) -> None:
    larger = replace(plan, **{what: getattr(plan, what) + more})
    assert need(shape, larger).total >= need(shape, plan).total


@calm
@given(shapes(), plans(), st.integers(1, 200))
def test_more_layers_on_the_gpu_never_take_less_of_it(shape: Shape, plan: Plan, more: int) -> None:
    assert need(shape, replace(plan, layers=plan.layers + more)).on("gpu") >= need(shape, plan).on("gpu")
