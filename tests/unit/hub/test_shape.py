import contextlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from tests.fakes import tiny_gguf

from serai.errors import LoadFailed
from serai.hosting.budget import Plan, need
from serai.hub.gguf import GgufHeader, read_header
from serai.hub.gguf_shape import from_gguf
from serai.hub.shape import Shape

Describe = Callable[..., Shape]


def shape(architecture: str = "llama", **fields: Any) -> Shape:
    """The shape of a file that says this; `__` stands for a dot."""
    usual = {"block_count": 4, "embedding_length": 512, "attention.head_count": 8, "attention.head_count_kv": 2}
    told = {name.replace("__", "."): value for name, value in fields.items()}
    return from_gguf(GgufHeader(architecture=architecture, size=1000, parameters=1, fields={**usual, **told}))


def test_a_files_weights_are_found_layer_by_layer(tiny: Path) -> None:
    found = from_gguf(read_header(tiny))
    assert len(found.layers) == 2 and found.layers[0].weights == found.layers[1].weights > 0
    assert found.input == found.output == found.vocabulary * found.width * 4
    assert 0 < found.size - found.weights < 50_000


def test_keys_and_values_follow_the_heads_that_keep_them() -> None:
    assert [(layer.key, layer.value) for layer in shape().layers] == [(128, 128)] * 4
    wide = shape(attention__key_length=96, attention__value_length=32)
    assert [(layer.key, layer.value) for layer in wide.layers] == [(192, 64)] * 4


def test_heads_may_differ_from_layer_to_layer() -> None:
    found = shape(attention__head_count_kv=[1, 2, 4, 8])
    assert [layer.key for layer in found.layers] == [64, 128, 256, 512]


@pytest.mark.parametrize(
    ("architecture", "whole"),
    [("gemma3", [5, 11]), ("gemma2", [1, 3, 5, 7, 9, 11]), ("cohere2", [3, 7, 11]), ("smallthinker", [0, 4, 8])],
)
def test_windows_follow_the_pattern_of_the_architecture(architecture: str, whole: list[int]) -> None:
    found = shape(architecture, block_count=12, attention__sliding_window=1024)
    assert [index for index, layer in enumerate(found.layers) if not layer.window] == whole


def test_windows_follow_the_file_where_it_says_so() -> None:
    found = shape("gemma4", attention__sliding_window=512, attention__sliding_window_pattern=[True, False, True, True])
    assert [layer.window for layer in found.layers] == [512, 0, 512, 512]
    assert not any(layer.window for layer in shape("phi3", attention__sliding_window=2048).layers)


def test_layers_that_look_at_others_keep_nothing() -> None:
    found = shape("gemma4", attention__shared_kv_layers=2)
    assert [layer.key for layer in found.layers] == [128, 128, 0, 0]


def test_a_recurrent_layer_keeps_a_state_whatever_the_context() -> None:
    state = {"ssm__conv_kernel": 4, "ssm__inner_size": 1024, "ssm__state_size": 16}
    found = shape("jamba", attention__head_count_kv=[0, 2, 0, 2], **state)
    assert [bool(layer.state) for layer in found.layers] == [True, False, True, False]
    assert found.layers[0].state == 4 * (3 * 1024 + 16 * 1024) and found.layers[0].key == 0


def test_values_of_latent_attention_lie_in_the_keys() -> None:
    found = shape("deepseek2", attention__head_count_kv=1, attention__key_length=576, attention__key_length_mla=192)
    assert [(layer.key, layer.value) for layer in found.layers] == [(576, 0)] * 4


def test_experts_that_are_asked_together_count_together() -> None:
    assert shape(feed_forward_length=1024, expert_used_count=2).feed_forward == 2048
    assert shape(feed_forward_length=1024, expert_used_count=8, expert_feed_forward_length=256).feed_forward == 2048


@pytest.mark.parametrize(
    "field", ["block_count", "embedding_length", "attention__head_count", "attention__head_count_kv", "context_length"]
)
@pytest.mark.parametrize("number", [-1, 1 << 40])
def test_impossible_numbers_are_refused_in_words(field: str, number: int) -> None:
    with pytest.raises(LoadFailed, match="cannot be"):
        shape(**{field: number})


def test_a_file_that_says_nothing_has_no_layers() -> None:
    found = from_gguf(GgufHeader(architecture="x", size=10, parameters=0))
    assert (found.layers, found.weights, found.context) == ((), 0, None)


def test_a_copy_that_the_kernels_make_is_known(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama")
    writer.add_block_count(1)
    blocks = np.zeros((8, 144), np.uint8)
    writer.add_tensor("blk.0.attn_q.weight", blocks, raw_dtype=gguf.GGMLQuantizationType.Q4_K)
    writer.add_tensor("token_embd.weight", blocks, raw_dtype=gguf.GGMLQuantizationType.Q4_K)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    found = from_gguf(read_header(tmp_path / "m.gguf"))
    assert (found.layers[0].weights, found.layers[0].rearranged) == (1152, 1152)
    assert (found.tied, found.rearranged, found.input) == (True, 1152, 1152)


def test_two_thousand_mutations_give_a_shape_or_words(tiny: Path, tmp_path: Path) -> None:
    data, luck = tiny.read_bytes(), random.Random(5)
    for _ in range(2000):
        changed = bytearray(data)
        for _ in range(luck.randrange(1, 8)):
            changed[luck.randrange(12_000)] = luck.randrange(256)
        (tmp_path / "mutant.gguf").write_bytes(changed)
        with contextlib.suppress(LoadFailed):
            found = from_gguf(read_header(tmp_path / "mutant.gguf"))
            assert need(found, Plan()).total >= 0


def test_a_block_with_an_absurd_number_takes_no_memory(tmp_path: Path) -> None:
    path = tiny_gguf.write(tmp_path / "m.gguf", layers=1)
    path.write_bytes(path.read_bytes().replace(b"blk.0.attn_q", b"blk.9999999"[:12].ljust(12, b"9")))
    assert "other" in read_header(path).weights
