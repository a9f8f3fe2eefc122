"""Writes a llama of random weights, under 1 MB, whose vocabulary can spell every byte."""

from __future__ import annotations

import itertools
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
    template: str = TEMPLATE,
    says: str = "",
    marks: tuple[str, ...] = (),
) -> Path:
    """The weights are random but the same for the same seed; at temperature 0 it never ends by itself. With `says` it
    answers just that at temperature 0, if the template ends with a new line and nothing forbids it. `marks` are special
    tokens of its vocabulary."""
    pieces = spell(says)
    width = 256 if says else width
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
    words = [*marks, *WORDS, *pieces]
    _vocabulary(writer, words, template, len(marks))
    _tensors(writer, np.random.default_rng(seed), layers, width, ff, words, pieces)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    if architecture != "llama":
        _rename(path, architecture)
    return path


def spell(text: str) -> list[str]:
    """A text in pieces of three characters or more, no two alike, so that each has one successor."""
    pieces: list[str] = []
    while text:
        length = next(length for length in range(3, 1000) if text[:length] not in pieces)
        length = len(text) if len(text) < length + 3 else length
        pieces.append(text[:length])
        text = text[length:]
    return [piece.replace(" ", "▁") for piece in pieces]


def _vocabulary(writer: Any, words: list[str], template: str, marks: int) -> None:
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 259 + [float(len(word)) for word in words])
    writer.add_token_types([2, 3, 3] + [6] * 256 + [3] * marks + [1] * (len(words) - marks))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_chat_template(template)
    writer.add_vocab_size(len(tokens))


def _chain(embeddings: Any, words: list[str], pieces: list[str]) -> Any:
    """Of each token's numbers, those that make the next the likeliest: from a new line over the pieces to the end."""
    path = [3 + ord("\n"), *(259 + words.index(piece) for piece in pieces), 2]
    made = np.zeros_like(embeddings)
    for before, after in itertools.pairwise(path):
        made[after] += embeddings[before]
    return made


def _tensors(
    writer: Any, random: np.random.Generator, layers: int, width: int, ff: int, words: list[str], pieces: list[str]
) -> None:
    tokens = 259 + len(words)

    def add(name: str, *shape: int, zero: int | slice | None = None) -> Any:
        weights = random.normal(0, 0.3, shape).astype(np.float32)
        if zero is not None:
            weights[zero] = 0
        if pieces and name == "output.weight":
            weights = _chain(embeddings, words, pieces)
        writer.add_tensor(name, weights)
        return weights

    silent = slice(None) if pieces else None
    embeddings = add("token_embd.weight", tokens, width)
    add("output.weight", tokens, width, zero=2)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for layer in range(layers):
        block = f"blk.{layer}."
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{block}{norm}.weight", np.ones(width, np.float32))
        for part in ("attn_q", "attn_k", "attn_v"):
            add(f"{block}{part}.weight", width, width)
        add(f"{block}attn_output.weight", width, width, zero=silent)
        add(f"{block}ffn_gate.weight", ff, width)
        add(f"{block}ffn_up.weight", ff, width)
        add(f"{block}ffn_down.weight", width, ff, zero=silent)


def _rename(path: Path, architecture: str) -> None:
    """Claims another architecture of the same length in the header alone."""
    data = path.read_bytes()
    assert len(architecture) == len("llama")
    start = data.index(b"llama", data.index(b"general.architecture"))
    path.write_bytes(data[:start] + architecture.encode() + data[start + 5 :])
