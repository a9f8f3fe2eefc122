"""A model of TinyLlama's size that continues a text in one fixed way: after each word comes its one successor.

So a test can have it copy its prompt, half of it, or none of it, at the price of real weights: 22 layers that are read
and computed like any, and whose outputs are nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Kind

LAYERS, WIDTH, HEADS, KV_HEADS, FEED, WORDS = 22, 2048, 32, 4, 5632, 17_576
HEAD = WIDTH // HEADS
_FIRST = 0x4E00
_BYTES = {Kind.Q4_K: 144, Kind.Q6_K: 210}


def chain(count: int, start: int = 0) -> str:
    """Words in the order in which the model writes them. Each is one Chinese character, and one token."""
    order = _order()
    return "".join(chr(_FIRST + order[(start + step) % WORDS]) for step in range(count))


def write(path: Path) -> Path:
    """About 650 MB."""
    luck = np.random.default_rng(0)
    writer = gguf.GGUFWriter(path, "llama")
    _facts(writer)
    signs = (luck.integers(0, 2, (WORDS + 259, WIDTH), dtype=np.int8) * 2 - 1) * 16
    successors = np.arange(WORDS + 259)
    order = np.array(_order()) + 259
    successors[np.roll(order, -1)] = order  # the row of a word answers to the word before it
    writer.add_tensor("token_embd.weight", _q8(signs), raw_dtype=Kind.Q8_0)
    writer.add_tensor("output.weight", _q8(signs[successors]), raw_dtype=Kind.Q8_0)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        _layer(writer, luck, f"blk.{layer}.")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _layer(writer: Any, luck: np.random.Generator, prefix: str) -> None:
    for name in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"{prefix}{name}.weight", np.ones(WIDTH, np.float32))
    sizes = {"attn_q": (WIDTH, WIDTH), "attn_k": (KV_HEADS * HEAD, WIDTH), "attn_v": (KV_HEADS * HEAD, WIDTH)}
    sizes |= {"attn_output": (WIDTH, WIDTH), "ffn_gate": (FEED, WIDTH), "ffn_up": (FEED, WIDTH)}
    for name, (rows, columns) in {**sizes, "ffn_down": (WIDTH, FEED)}.items():
        kind = Kind.Q6_K if name in ("attn_v", "ffn_down") else Kind.Q4_K
        silent = name in ("attn_output", "ffn_down")
        writer.add_tensor(f"{prefix}{name}.weight", _blocks(luck, rows, columns, kind, silent), raw_dtype=kind)


def _blocks(luck: np.random.Generator, rows: int, columns: int, kind: Kind, silent: bool) -> Any:
    """Random weights in blocks as they are stored, small; or, silent, all zero by their scales."""
    blocks = luck.integers(0, 256, (rows * columns // 256, _BYTES[kind]), dtype=np.uint8)
    scale = np.frombuffer(np.float16(0 if silent else 1e-5).tobytes(), np.uint8)
    at = slice(208, 210) if kind == Kind.Q6_K else slice(0, 2)
    blocks[:, at] = scale
    if kind == Kind.Q4_K:
        blocks[:, 2:4] = scale
    return blocks.reshape(rows, -1)


def _q8(numbers: Any) -> Any:
    """Whole numbers as Q8_0, a sixteenth of their size."""
    blocks = numbers.reshape(-1, 32)
    scale = np.tile(np.frombuffer(np.float16(1 / 16).tobytes(), np.uint8), (len(blocks), 1))
    return np.concatenate([scale, blocks.view(np.uint8)], axis=1).reshape(len(numbers), -1)


def _facts(writer: Any) -> None:
    writer.add_name("copier")
    writer.add_context_length(2048)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(HEAD)
    writer.add_vocab_size(WORDS + 259)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(
        [
            "<unk>",
            "<s>",
            "</s>",
            *(f"<0x{byte:02X}>" for byte in range(256)),
            *(chr(_FIRST + word) for word in range(WORDS)),
        ]
    )
    writer.add_token_scores([0.0] * (WORDS + 259))
    writer.add_token_types([2, 3, 3, *[6] * 256, *[1] * WORDS])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template("{% for m in messages %}{{m['content']}}{% endfor %}")


def _order() -> list[int]:
    return [int(number) for number in np.random.default_rng(7).permutation(WORDS)]
