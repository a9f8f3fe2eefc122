"""Writes a llama of random weights, under 1 MB, whose vocabulary can spell every byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np

WORDS = [
    "▁",
    "▁the",
    "▁a",
    "▁cat",
    "▁sat",
    "▁on",
    "▁mat",
    "e",
    "t",
    "a",
    "o",
    "n",
    "s",
    "r",
    "h",
    "l",
    "d",
    "u",
    "c",
    "m",
]
TEMPLATE = (
    "{% for m in messages %}<|{{m['role']}}|>\n{{m['content']}}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def write(
    path: Path,
    *,
    context: int = 512,
    architecture: str = "llama",
    seed: int = 0,
    layers: int = 2,
    width: int = 64,
    pooling: int = 0,
) -> Path:
    """The weights are random but the same for the same seed; at temperature 0 it never ends by itself."""
    heads, ff = width // 16, width * 2
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(ff)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    if pooling:
        writer.add_pooling_type(gguf.PoolingType(pooling))
    tokens = _vocabulary(writer)
    _tensors(writer, np.random.default_rng(seed), layers, width, ff, tokens)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    if architecture != "llama":
        _rename(path, architecture)
    return path


def _vocabulary(writer: Any) -> int:
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *WORDS]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 259 + [float(len(word)) for word in WORDS])
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * len(WORDS))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_chat_template(TEMPLATE)
    writer.add_vocab_size(len(tokens))
    return len(tokens)


def _tensors(writer: Any, random: np.random.Generator, layers: int, width: int, ff: int, tokens: int) -> None:
    def add(name: str, *shape: int, zero: int | None = None) -> None:
        weights = random.normal(0, 0.3, shape).astype(np.float32)
        if zero is not None:
            weights[zero] = 0
        writer.add_tensor(name, weights)

    add("token_embd.weight", tokens, width)
    add("output.weight", tokens, width, zero=2)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for layer in range(layers):
        block = f"blk.{layer}."
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{block}{norm}.weight", np.ones(width, np.float32))
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"{block}{part}.weight", width, width)
        add(f"{block}ffn_gate.weight", ff, width)
        add(f"{block}ffn_up.weight", ff, width)
        add(f"{block}ffn_down.weight", width, ff)


def _rename(path: Path, architecture: str) -> None:
    """Claims another architecture of the same length in the header alone."""
    data = path.read_bytes()
    assert len(architecture) == len("llama")
    start = data.index(b"llama", data.index(b"general.architecture"))
    path.write_bytes(data[:start] + architecture.encode() + data[start + 5 :])
