"""Writes what belongs to a tiny GGUF model, some kB each: LoRA adapters, and a projector that reads pictures for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np

_RANK = 4


def adapter(
    path: Path,
    *,
    architecture: str = "llama",
    seed: int = 1,
    layers: int = 2,
    width: int = 64,
    kind: str = "adapter",
    of: str = "lora",
    strength: float = 4.0,
) -> Path:
    """A LoRA adapter for the outputs of the attention, strong enough that greedy answers change."""
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type(kind)
    writer.add_string("adapter.type", of)
    writer.add_float32("adapter.lora.alpha", float(_RANK))
    for layer in range(layers):
        name = f"blk.{layer}.attn_output.weight"
        writer.add_tensor(f"{name}.lora_a", _normal(random, strength / width**0.5, _RANK, width))
        writer.add_tensor(f"{name}.lora_b", _normal(random, strength / _RANK**0.5, width, _RANK))
    return _written(writer, path)


def projector(
    path: Path, *, width: int = 64, seed: int = 2, image: int = 16, patch: int = 8, kind: str = "mlp"
) -> Path:
    """A CLIP of two blocks with LLaVA's projector: a picture becomes (image / patch)² tokens of the model's width."""
    random, inner = np.random.default_rng(seed), 32
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", kind)
    writer.add_bool("clip.use_gelu", True)
    sizes = {"embedding_length": inner, "feed_forward_length": inner * 2, "block_count": 2, "projection_dim": width}
    sizes |= {"image_size": image, "patch_size": patch, "attention.head_count": 2}
    for name, size in sizes.items():
        writer.add_uint32(f"clip.vision.{name}", size)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    for name, shape in _vision(inner, width, image, patch).items():
        norm = name.endswith(("ln1.weight", "ln2.weight"))
        writer.add_tensor(name, np.ones(shape, np.float32) if norm else _normal(random, 0.3, *shape))
    return _written(writer, path)


def _vision(inner: int, width: int, image: int, patch: int) -> dict[str, Sequence[int]]:
    shapes: dict[str, Sequence[int]] = {
        "v.patch_embd.weight": (inner, 3, patch, patch),
        "v.position_embd.weight": ((image // patch) ** 2, inner),
        "mm.0.weight": (width, inner),
        "mm.0.bias": (width,),
        "mm.2.weight": (width, width),
        "mm.2.bias": (width,),
    }
    for block in ("v.blk.0.", "v.blk.1."):
        for part, rows, columns in (
            *((f"attn_{part}", inner, inner) for part in ("q", "k", "v", "out")),
            ("ffn_up", inner * 2, inner),
            ("ffn_down", inner, inner * 2),
        ):
            shapes |= {f"{block}{part}.weight": (rows, columns), f"{block}{part}.bias": (rows,)}
        for norm in ("ln1", "ln2"):
            shapes |= {f"{block}{norm}.weight": (inner,), f"{block}{norm}.bias": (inner,)}
    return shapes


def _normal(random: np.random.Generator, scale: float, *shape: int) -> Any:
    return random.normal(0, scale, shape).astype(np.float32)


def _written(writer: Any, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
