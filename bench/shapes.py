"""Writes models of any shape with random weights, in seconds: GGUF for llama.cpp, safetensors for transformers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import numpy as np


@dataclass(frozen=True, kw_only=True)
class Gguf:
    """A GGUF model as it is written; `kind` is the type of its large tensors."""

    architecture: str = "llama"
    layers: int = 8
    width: int = 1024
    heads: int = 16
    kv_heads: int = 4
    head: int = 64
    feed_forward: int = 2816
    vocabulary: int = 32000
    kind: str = "Q4_K"
    experts: int = 0
    used: int = 0
    expert: int = 0
    window: int = 0
    tied: bool = False

    def write(self, path: Path) -> Path:
        writer = gguf.GGUFWriter(path, self.architecture)
        self._facts(writer)
        self._words(writer)
        self._tensors(writer)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    def _facts(self, writer: Any) -> None:
        writer.add_name("shape")
        writer.add_context_length(1 << 17)
        writer.add_embedding_length(self.width)
        writer.add_block_count(self.layers)
        writer.add_feed_forward_length(self.feed_forward)
        writer.add_head_count(self.heads)
        writer.add_head_count_kv(self.kv_heads)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_dimension_count(self.head)
        writer.add_key_length(self.head)
        writer.add_value_length(self.head)
        writer.add_vocab_size(self.vocabulary)
        if self.experts:
            writer.add_expert_count(self.experts)
            writer.add_expert_used_count(self.used)
        if self.expert:
            writer.add_expert_feed_forward_length(self.expert)
        if self.window:
            writer.add_sliding_window(self.window)

    def _words(self, writer: Any) -> None:
        words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
        words += [f"▁w{number}" for number in range(self.vocabulary - len(words))]
        writer.add_tokenizer_model("llama")
        writer.add_token_list(words)
        writer.add_token_scores([0.0] * len(words))
        writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * (len(words) - 259))
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_unk_token_id(0)

    def _tensors(self, writer: Any) -> None:
        width, head = self.width, self.head
        self._add(writer, "token_embd.weight", self.vocabulary, width)
        self._one(writer, "output_norm.weight", width)
        if not self.tied:
            self._add(writer, "output.weight", self.vocabulary, width)
        gemma = self.architecture.startswith("gemma")
        for layer in range(self.layers):
            block = f"blk.{layer}."
            for norm in ("attn_norm", "ffn_norm", *(("post_attention_norm", "post_ffw_norm") if gemma else ())):
                self._one(writer, f"{block}{norm}.weight", width)
            if self.architecture in {"gemma3", "qwen3", "qwen3moe"}:
                self._one(writer, f"{block}attn_q_norm.weight", head)
                self._one(writer, f"{block}attn_k_norm.weight", head)
            self._add(writer, f"{block}attn_q.weight", self.heads * head, width)
            self._add(writer, f"{block}attn_k.weight", self.kv_heads * head, width)
            self._add(writer, f"{block}attn_v.weight", self.kv_heads * head, width)
            self._add(writer, f"{block}attn_output.weight", width, self.heads * head)
            self._feed(writer, block)

    def _feed(self, writer: Any, block: str) -> None:
        wide, ending = (self.expert or self.feed_forward, "_exps") if self.experts else (self.feed_forward, "")
        if self.experts:
            writer.add_tensor(f"{block}ffn_gate_inp.weight", np.full((self.experts, self.width), 0.01, np.float32))
        self._add(writer, f"{block}ffn_gate{ending}.weight", wide, self.width, self.experts)
        self._add(writer, f"{block}ffn_up{ending}.weight", wide, self.width, self.experts)
        self._add(writer, f"{block}ffn_down{ending}.weight", self.width, wide, self.experts)

    def _one(self, writer: Any, name: str, count: int) -> None:
        writer.add_tensor(name, np.ones(count, np.float32))

    def _add(self, writer: Any, name: str, rows: int, columns: int, times: int = 0) -> None:
        shape = (times, rows, columns) if times else (rows, columns)
        if self.kind in {"F16", "F32"}:
            kind = np.float16 if self.kind == "F16" else np.float32
            writer.add_tensor(name, np.resize(_NUMBERS.astype(kind), shape))
            return
        kind = getattr(gguf.GGMLQuantizationType, self.kind)
        block, size = gguf.GGML_QUANT_SIZES[kind]
        data = np.resize(_blocks(self.kind, size), (*shape[:-1], columns // block * size))
        writer.add_tensor(name, data, raw_dtype=kind)


@dataclass(frozen=True, kw_only=True)
class Safetensors:
    """A folder for transformers: its configuration class and arguments, and the type of the weights."""

    config: str
    dtype: str = "bfloat16"
    facts: dict[str, Any] = field(default_factory=dict)

    def told(self) -> str:
        return json.dumps({"config": self.config, "dtype": self.dtype, "facts": self.facts})


_NUMBERS = np.random.default_rng(0).normal(0, 0.02, 1 << 18)


def _blocks(kind: str, size: int) -> np.ndarray[Any, Any]:
    """Random blocks whose scales are small, so that all numbers are."""
    data = np.random.default_rng(1).integers(0, 256, (4096, size), dtype=np.uint8)
    tiny = np.frombuffer(np.float16(1e-4).tobytes(), np.uint8)
    scales = {"Q6_K": [208], "Q4_K": [0, 2], "Q5_K": [0, 2]}.get(kind, [0])
    for place in scales:
        data[:, place : place + 2] = tiny
    return data
