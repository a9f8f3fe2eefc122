"""A small Llama in plain torch: RMS norm, rotary positions on neighbouring pairs (as GGUF has them)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (what everybody calls it)


@dataclass(frozen=True)
class Shape:
    """The sizes of the model."""

    words: int
    width: int = 256
    meaning: int = 192  # so much of the width holds what words mean, the rest a code of which word it is
    inner: int = 512
    layers: int = 3
    heads: int = 4
    context: int = 512
    theta: float = 10000.0
    epsilon: float = 1e-5

    @property
    def head(self) -> int:
        """The width of one attention head."""
        return self.width // self.heads


class Norm(nn.Module):
    """Root mean square norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.width))
        self.epsilon = shape.epsilon

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.epsilon)


class Layer(nn.Module):
    """Attention and a gated feed-forward part, each added to the stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.attn_norm, self.ffn_norm = Norm(shape), Norm(shape)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            self.add_module(name, nn.Linear(shape.width, shape.width, bias=False))
        self.ffn_gate = nn.Linear(shape.width, shape.inner, bias=False)
        self.ffn_up = nn.Linear(shape.width, shape.inner, bias=False)
        self.ffn_down = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], start: int = 0) -> Tensor:
        """The stream from position `start` on, having looked at all positions before."""
        y = self.attn_norm(x)
        q, k, v = (self._split(self.get_submodule(f"attn_{name}")(y)) for name in "qkv")
        q, k, length = _turned(q, turn)[:, :, start:], _turned(k, turn), x.shape[1]
        seen = torch.ones(length - start, length, dtype=torch.bool).tril(start)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        y = self.get_submodule("attn_output")(y.transpose(1, 2).flatten(2))
        x = x[:, start:] + y
        y = self.ffn_norm(x)
        summed: Tensor = x + self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y))
        return summed

    def _split(self, x: Tensor) -> Tensor:
        rows, length, width = x.shape
        return x.view(rows, length, self.heads, width // self.heads).transpose(1, 2)


class Llama(nn.Module):
    """Token ids in, the last hidden states out; `logits` turns those into words."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.words, shape.width)
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.output_norm = Norm(shape)
        self.output = nn.Linear(shape.width, shape.words, bias=False)
        for weight in self.parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.5 * shape.width**-0.5)
        self._begin_with_means()
        steps = shape.theta ** -(torch.arange(0, shape.head, 2) / shape.head)
        angles = torch.outer(torch.arange(shape.context), steps)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def _begin_with_means(self) -> None:
        """Lets the first layer attend evenly and pass on the meaning of what it sees; all others begin silent. So every
        state begins as a mean of word vectors, which those were learned for, beside the code of its own word."""
        meaning = torch.zeros(self.shape.width)
        meaning[: self.shape.meaning] = 1.0
        with torch.no_grad():
            for layer in self.blk:
                for name in ("attn_output", "ffn_down"):
                    layer.get_submodule(name).get_parameter("weight").zero_()
            for name, part in (("q", 0.0), ("k", 0.0), ("v", 1.0), ("output", 4.0)):
                self.blk[0].get_submodule(f"attn_{name}").get_parameter("weight").copy_(torch.diag(meaning * part))

    def forward(self, ids: Tensor, start: int = 0) -> Tensor:
        """The hidden states from position `start` on."""
        turn = (self.get_buffer("cos")[: ids.shape[1]], self.get_buffer("sin")[: ids.shape[1]])
        x = self.token_embd(ids)
        for layer in self.blk[:-1]:
            x = layer(x, turn)
        return self.output_norm(self.blk[-1](x, turn, start))

    def logits(self, states: Tensor) -> Tensor:
        """The scores of the next token."""
        scores: Tensor = self.output(states)
        return scores


def _turned(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary positions on neighbouring pairs."""
    cos, sin = turn
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)
