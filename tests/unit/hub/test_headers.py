"""Shapes of files that are here, and of files of the hub from their first bytes."""

import json
import os
from pathlib import Path

import pytest
from tests.fakes import tiny_gguf
from tests.fakes.hub import FakeHub, serving
from tests.unit.hub.test_safetensors import CONFIG, write

from serai.errors import BadRequest, LoadFailed
from serai.hub import headers
from serai.hub.headers import Headers
from serai.hub.remote import Hub


async def nobody() -> None:
    return None


def of(hub: FakeHub) -> Headers:
    return Headers(Hub(lambda: hub.endpoint, nobody, lambda: False))


def test_what_was_read_is_kept_until_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny_gguf.write(tmp_path / "m.gguf", layers=1)
    kept = Headers()
    first = kept.of(path)
    assert kept.of(path) is first
    tiny_gguf.write(path, layers=3)
    os.utime(path, ns=(1, 1))
    assert len(kept.of(path).layers) == 3


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(LoadFailed, match="not there"):
        Headers().of(tmp_path / "none.gguf")


async def test_a_file_of_the_hub_is_known_before_it_is_here(tiny: Path) -> None:
    big = tiny.read_bytes() + bytes(30 << 20)
    files = {"m.Q8_0.gguf": big, "m.Q4_K_M.gguf": tiny.read_bytes()}
    async with serving(FakeHub(files={"org/m": files})) as hub:
        kept = of(hub)
        shape, sizes = await kept.of_remote("org/m:Q8_0")
        assert shape.layers == headers.read(tiny).layers and shape.size == len(big)
        assert sizes == {"Q8_0": len(big), "Q4_K_M": tiny.stat().st_size}
        ranges = [wanted for path, wanted, _ in hub.requests if path.startswith("/blob")]
        assert ranges == ["bytes=0-262143"]
        asked = len(hub.requests)
        assert (await kept.of_remote("org/m:Q8_0"))[0] is shape
        assert len(hub.requests) == asked


async def test_a_long_header_is_read_in_growing_steps(tmp_path: Path) -> None:
    path = tiny_gguf.write(tmp_path / "m.gguf")
    long = path.read_bytes().replace(b"\x04\x00\x00\x00\x00\x00\x00\x00tiny", struct_text(b"x" * 3_000_004), 1)
    async with serving(FakeHub(files={"org/m": {"m.gguf": long}})) as hub:
        shape, _ = await of(hub).of_remote("org/m")
        ranges = [wanted for path, wanted, _ in hub.requests if path.startswith("/blob")]
    assert len(shape.layers) == 2
    assert ranges == ["bytes=0-262143", "bytes=262144-2097151", f"bytes=2097152-{len(long) - 1}"]


def struct_text(text: bytes) -> bytes:
    return len(text).to_bytes(8, "little") + text


async def test_a_server_without_ranges_is_read_too(tiny: Path) -> None:
    async with serving(FakeHub(files={"org/m": {"m.gguf": tiny.read_bytes()}}, ignore_ranges=True)) as hub:
        assert len((await of(hub).of_remote("org/m"))[0].layers) == 2


async def test_safetensors_of_the_hub_are_known_from_their_headers(tmp_path: Path) -> None:
    weights = write(tmp_path / "m").read_bytes()
    files = {"model.safetensors": weights, "config.json": json.dumps(CONFIG).encode()}
    async with serving(FakeHub(files={"org/m": files})) as hub:
        shape, sizes = await of(hub).of_remote("org/m")
    assert (shape.format, shape.input, shape.layers[0].key, sizes) == ("safetensors", 12800, 64, {})


async def test_a_hostile_file_of_the_hub_is_an_error_in_words(tiny: Path) -> None:
    hostile = tiny.read_bytes()[:16] + b"\xff" * 8 + bytes(1000)
    async with serving(FakeHub(files={"org/m": {"m.gguf": hostile}})) as hub:
        with pytest.raises(LoadFailed, match="claims"):
            await of(hub).of_remote("org/m")


async def test_what_is_no_name_is_refused() -> None:
    async with serving(FakeHub()) as hub:
        with pytest.raises(BadRequest):
            await of(hub).of_remote("../x")


def test_a_folder_of_onnx_takes_what_its_files_do(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").write_bytes(bytes(100))
    (tmp_path / "onnx" / "model.onnx_data").write_bytes(bytes(900))
    shape = headers.read(tmp_path)
    assert (shape.format, shape.weights, shape.layers[0].key) == ("onnx", 1000, 64)


def test_a_model_in_parts_is_read_whole(tmp_path: Path, tiny: Path) -> None:
    first = tmp_path / "m-00001-of-00002.gguf"
    first.write_bytes(tiny.read_bytes())
    with pytest.raises(LoadFailed, match="00002-of-00002"):
        headers.read(first)
    (tmp_path / "m-00002-of-00002.gguf").write_bytes(tiny.read_bytes())
    assert headers.read(first).weights == 2 * headers.read(tiny).weights
