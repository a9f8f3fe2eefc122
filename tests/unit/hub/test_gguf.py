import random
import struct
from pathlib import Path

import gguf
import numpy as np
import pytest

from serai.errors import LoadFailed
from serai.hub.gguf import read_header


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Tiny")
    writer.add_context_length(2048)
    writer.add_block_count(1)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_languages(["en", "fa"])
    writer.add_float32("general.sampling.temp", 0.5)
    writer.add_token_list([f"token-{i}" for i in range(300)])
    writer.add_tensor("a", np.zeros((8, 32), np.float32))
    blocks = gguf.quants.quantize(np.ones((4, 32), np.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("b", blocks, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def cause(path: Path) -> str:
    with pytest.raises(LoadFailed) as caught:
        read_header(path)
    return caught.value.cause


def test_facts_are_read(model: Path) -> None:
    header = read_header(model)
    assert (header.name, header.context_length, header.quantisation) == ("Tiny", 2048, "Q8_0")
    assert (header.vocabulary, header.languages) == (300, ("en", "fa"))
    assert header.sampling == {"temp": 0.5}


def test_every_truncation_is_an_error_in_words(model: Path, tmp_path: Path) -> None:
    data = model.read_bytes()
    for length in range(0, len(data), 97):
        short = tmp_path / "short.gguf"
        short.write_bytes(data[:length])
        assert cause(short) in {"truncated", "not_gguf"}


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    assert cause(tmp_path / "gone.gguf") == "missing"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"0" * 60, b"<!DOCTYPE html>" + b" " * 60, b"x" * 64])
def test_other_files_are_not_taken_for_models(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.gguf").write_bytes(content)
    assert cause(tmp_path / "x.gguf") == "not_gguf"


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(LoadFailed, match="Git LFS"):
        read_header(tmp_path / "x.gguf")


def test_big_endian_files_are_unsupported(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"GGUF" + struct.pack(">I", 3) + bytes(40))
    assert cause(tmp_path / "x.gguf") == "unsupported"


def test_a_claimed_length_costs_no_memory(tmp_path: Path) -> None:
    claim = struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + struct.pack("<Q", 2**62)
    (tmp_path / "x.gguf").write_bytes(claim + bytes(40))
    assert cause(tmp_path / "x.gguf") == "truncated"


def test_lists_within_lists_are_refused(tmp_path: Path) -> None:
    field = struct.pack("<Q1sIIQ", 1, b"k", 9, 9, 1)
    (tmp_path / "x.gguf").write_bytes(struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + field + bytes(40))
    assert cause(tmp_path / "x.gguf") == "not_gguf"


@pytest.mark.slow
def test_two_thousand_mutations_give_facts_or_words(model: Path, tmp_path: Path) -> None:
    data, chance, mutant = model.read_bytes(), random.Random(7), tmp_path / "mutant.gguf"
    for _ in range(2000):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(data) // 2)] = chance.randrange(256)
        mutant.write_bytes(changed)
        try:
            read_header(mutant)
        except LoadFailed:
            continue
