"""What a model's size in memory follows from, whatever its format. Neutral and pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_LAYERS = 4096
MAX_WIDTH = 1 << 24
MAX_CONTEXT = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer: bytes of weights as stored, and of those what the engine keeps a second, rearranged copy of; numbers
    that a token's key and value take in the cache; the window that limits how many tokens are kept (0: all of them);
    bytes of recurrent state for each stream, whatever the context."""

    weights: int = 0
    rearranged: int = 0
    key: int = 0
    value: int = 0
    window: int = 0
    state: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A model as far as memory goes. `input` are the weights that are looked up by token, `output` those that give
    the next token, `other` what belongs to no layer, `rearranged` as in a layer; `feed_forward` is as wide as it gets
    for one token, all experts that are asked together; `tied`: `output` is `input` once more; `elements` counts the
    stored numbers by type, for formats whose type may change when they are loaded."""

    format: str
    architecture: str
    size: int
    layers: tuple[Layer, ...]
    input: int = 0
    output: int = 0
    other: int = 0
    rearranged: int = 0
    vocabulary: int = 0
    width: int = 0
    feed_forward: int = 0
    heads: int = 0
    head: int = 0
    context: int | None = None
    elements: Mapping[str, int] = field(default_factory=dict)
    tied: bool = False

    @property
    def weights(self) -> int:
        """Bytes of all weights as they are stored."""
        return self.input + self.output + self.other + sum(layer.weights for layer in self.layers)

    @property
    def windowed(self) -> bool:
        """Whether some of what it remembers cannot be taken back: windows and recurrent states."""
        return any(layer.window or layer.state for layer in self.layers)
