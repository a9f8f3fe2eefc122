import contextlib
import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from serai.errors import LoadFailed
from serai.hosting.budget import Plan, need
from serai.hub import safetensors
from serai.hub.config_shape import from_config
from serai.hub.headers import read

TABLE: dict[str, Any] = {
    "__metadata__": {"format": "pt"},
    "model.embed_tokens.weight": {"dtype": "BF16", "shape": [100, 64], "data_offsets": [0, 12800]},
    "model.layers.0.q.weight": {"dtype": "F32", "shape": [8, 4], "data_offsets": [12800, 12928]},
}
CONFIG = {"model_type": "llama", "num_hidden_layers": 1, "hidden_size": 64, "num_attention_heads": 4, "vocab_size": 100}


def write(path: Path, table: Any = TABLE, data: int = 12928, length: int | None = None) -> Path:
    header = table if isinstance(table, bytes) else json.dumps(table).encode()
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + bytes(data))
    return path


def test_names_types_and_sizes_are_read(tmp_path: Path) -> None:
    first, second = safetensors.read_file(write(tmp_path / "m.safetensors"))
    assert (first.name, first.dtype, first.elements, first.size) == ("model.embed_tokens.weight", "BF16", 6400, 12800)
    assert second.size == 128


def refused(path: Path) -> LoadFailed:
    with pytest.raises(LoadFailed) as caught:
        safetensors.read_file(path)
    return caught.value


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"dtype": "F32", "shape": [1], "data_offsets": [12926, 12930]}, "behind the file's end"),
        ({"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "overlap"),
        ({"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}, "unknown type"),
        ({"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}, "impossible"),
        ({"dtype": "F32", "shape": [1 << 61, 1 << 61], "data_offsets": [0, 4]}, "does not fit its shape"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}, "does not fit its shape"),
        ({"dtype": "F32", "shape": [1] * 99, "data_offsets": [0, 4]}, "impossible"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}, "impossible"),
        ({"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}, "impossible"),
        ({"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}, "unknown type"),
        ([], "not a table"),
    ],
)
def test_what_cannot_be_is_refused_in_words(tmp_path: Path, row: Any, words: str) -> None:
    assert words in refused(write(tmp_path / "m.safetensors", {**TABLE, "x": row})).message


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    row = b'"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
    assert "cannot be read" in refused(write(tmp_path / "m.safetensors", b"{" + row + b"," + row + b"}")).message


@pytest.mark.parametrize("header", [b"", b"[]", b"{", b"\xff\xff", b"[" * 200_000, b'{"a":' * 50_000, b"9" * 9_999])
def test_what_is_not_a_table_is_refused(tmp_path: Path, header: bytes) -> None:
    assert refused(write(tmp_path / "m.safetensors", header)).cause == "not_safetensors"


@pytest.mark.parametrize("length", [1 << 62, 20_000, 9 << 20])
def test_a_claimed_length_costs_no_memory(tmp_path: Path, length: int) -> None:
    assert "claims" in refused(write(tmp_path / "m.safetensors", length=length)).message or length == 20_000


def test_every_truncation_is_an_error_in_words(tmp_path: Path) -> None:
    data = write(tmp_path / "m.safetensors").read_bytes()
    for length in range(0, len(data), 61):
        (tmp_path / "short").write_bytes(data[:length])
        assert refused(tmp_path / "short").cause in {"truncated", "not_safetensors"}


def test_two_thousand_mutations_give_tensors_or_words(tmp_path: Path) -> None:
    data = write(tmp_path / "m.safetensors", data=0).read_bytes()
    luck = random.Random(3)
    for _ in range(2000):
        changed = bytearray(data + bytes(12928))
        for _ in range(luck.randrange(1, 6)):
            changed[luck.randrange(len(data))] = luck.randrange(256)
        (tmp_path / "mutant").write_bytes(changed)
        with contextlib.suppress(LoadFailed):
            safetensors.read_file(tmp_path / "mutant")


@pytest.mark.parametrize("file", ["../../etc/passwd.safetensors", "/x.safetensors", ".x.safetensors", "x.bin", 7, ""])
def test_an_index_names_files_of_its_own_folder_only(file: Any) -> None:
    with pytest.raises(LoadFailed):
        safetensors.files_of(json.dumps({"weight_map": {"a": file}}).encode(), "m")


def test_a_folder_in_parts_is_read_whole(tmp_path: Path) -> None:
    write(tmp_path / "a.safetensors")
    more = {"lm_head.weight": {"dtype": "BF16", "shape": [100, 64], "data_offsets": [0, 12800]}}
    write(tmp_path / "b.safetensors", more, 12800)
    names = {"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}
    (tmp_path / safetensors.INDEX).write_text(json.dumps(names))
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    shape = read(tmp_path)
    assert (shape.input, shape.output, shape.layers[0].weights) == (12800, 12800, 128)
    assert (shape.layers[0].key, shape.elements) == (64, {"BF16": 12800, "F32": 32})
    write(tmp_path / "b.safetensors")
    with pytest.raises(LoadFailed, match="same tensor"):
        read(tmp_path)


def test_experts_that_are_stored_apart_are_copied_when_they_are_merged() -> None:
    names = ("model.layers.0.mlp.experts.3.up_proj.weight", "model.layers.0.mlp.up_proj.weight")
    tensors = [safetensors.Tensor(name, "BF16", 100, 200) for name in names]
    shape = from_config(json.dumps(CONFIG).encode(), tensors, "m")
    assert (shape.layers[0].weights, shape.layers[0].rearranged) == (400, 200)
    kept, changed = (need(shape, Plan(engine="transformers", dtype=dtype)) for dtype in ("auto", "float32"))
    assert (kept.spare, changed.spare, changed.weights) == (200, 400, 800)


def test_windows_are_read_from_the_configuration() -> None:
    kinds = ["sliding_attention", "full_attention"]
    told = {**CONFIG, "num_hidden_layers": 2, "sliding_window": 512, "layer_types": kinds}
    assert [layer.window for layer in from_config(json.dumps(told).encode(), (), "m").layers] == [512, 0]
    nested = from_config(json.dumps({"model_type": "gemma3", "text_config": told}).encode(), (), "m")
    assert [layer.window for layer in nested.layers] == [512, 0]


@pytest.mark.parametrize("wrong", [{"num_hidden_layers": 1 << 40}, {"hidden_size": -5}, {"vocab_size": 10**30}])
def test_impossible_configurations_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(LoadFailed, match="cannot be"):
        from_config(json.dumps({**CONFIG, **wrong}).encode(), (), "m")


@pytest.mark.parametrize("text", [b"", b"[1]", b"[" * 100_000, b"\xff"])
def test_a_configuration_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(LoadFailed, match=r"config\.json"):
        from_config(text, (), "m")
