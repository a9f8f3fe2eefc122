"""Many answers through one model at once: a cache with a row for each, and a mask for what each row may see.

transformers takes a ready mask of four dimensions as it is, so rows of different lengths share one forward: each writes
its key and value at its own place and sees its own tokens only. Rows between busy ones go along with a token that
nobody reads; that costs less than copying the cache to leave them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

from serai.engines._serving.sampling import Logits

_KINDS = frozenset({"full_attention", "sliding_attention"})
_GROWTH = 256


class Place:
    """Where the forward at hand writes: rows `low` up to `high`, and for each its first position; `total` is how many
    positions any of them sees."""

    def __init__(self) -> None:
        self.low, self.high, self.total = 0, 0, 0
        self.rows: torch.Tensor | None = None
        self.starts: torch.Tensor | None = None
        self.start = 0

    def one(self, row: int, start: int, count: int) -> None:
        """`count` tokens in a row of one slot."""
        self.low, self.high, self.total = row, row + 1, start + count
        self.rows, self.starts, self.start = None, None, start

    def each(self, low: int, starts: torch.Tensor) -> None:
        """A token in each of several rows."""
        self.low, self.high = low, low + len(starts)
        self.rows = torch.arange(self.low, self.high, device=starts.device)
        self.starts, self.total = starts, int(starts.max()) + 1
        self.start = self.total - 1


class Layer(CacheLayerMixin):
    """One layer's keys and values: [slots, heads, positions, width], grown as needed, never shrunk."""

    is_sliding = False

    def __init__(self, slots: int, place: Place) -> None:
        super().__init__()
        self._slots = slots
        self._place = place

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.keys = self._empty(key_states, 0)
        self.values = self._empty(value_states, 0)
        self.is_initialized = True

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any) -> Any:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.keys = self._written(self.keys, key_states)
        self.values = self._written(self.values, value_states)
        seen = (slice(self._place.low, self._place.high), slice(None), slice(self._place.total))
        return self.keys[seen], self.values[seen]

    def _written(self, kept: Any, states: torch.Tensor) -> Any:
        place = self._place
        if kept.shape[2] < place.total:
            more = self._empty(states, -(-place.total // _GROWTH) * _GROWTH + min(kept.shape[2], 8 * _GROWTH))
            more[:, :, : kept.shape[2]] = kept
            kept = more
        if place.rows is None:
            kept[place.low, :, place.start : place.total] = states[0]
        else:
            kept[place.rows, :, place.starts] = states[:, :, 0]
        return kept

    def _empty(self, like: torch.Tensor, positions: int) -> torch.Tensor:
        """Zeros: what was never written must not be no number, for even unseen it takes part in a sum."""
        return torch.zeros((self._slots, like.shape[1], positions, like.shape[3]), dtype=like.dtype, device=like.device)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:  # noqa: ARG002 - transformers' own signature
        return self._place.total, 0

    def get_seq_length(self) -> int:
        return self._place.start

    def get_max_length(self) -> int:
        return -1


class Slots:
    """A Decoder over one cache for all slots."""

    def __init__(self, model: Any, slots: int, chunk: int) -> None:
        config = model.config.get_text_config(decoder=True)
        self.slots, self.chunk = slots, chunk
        self._model = model
        self._device = model.device
        self._lengths = [0] * slots
        self._place = Place()
        self._cache = Cache(layers=[Layer(slots, self._place) for _ in range(config.num_hidden_layers)])
        self._window = getattr(config, "sliding_window", None)
        kinds = getattr(config, "layer_types", None)
        self._kinds = frozenset(kinds) if kinds and len(set(kinds)) > 1 else None
        if kinds and set(kinds) == {"full_attention"}:
            self._window = None
        self._eager = config._attn_implementation == "eager"
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in signature(model.forward).parameters else {}

    def read(self, slot: int, tokens: Sequence[int]) -> Logits:
        start = self._lengths[slot]
        self._place.one(slot, start, len(tokens))
        positions = torch.arange(start, start + len(tokens), device=self._device)[None]
        logits: Logits = self._forward(torch.tensor([list(tokens)], device=self._device), positions)[0]
        self._lengths[slot] = start + len(tokens)
        return logits

    def step(self, tokens: Mapping[int, int]) -> Mapping[int, Logits]:
        low, high = min(tokens), max(tokens) + 1
        starts = torch.tensor(self._lengths[low:high], device=self._device)
        self._place.each(low, starts)
        given = torch.tensor([[tokens.get(row, 0)] for row in range(low, high)], device=self._device)
        logits = self._forward(given, starts[:, None])
        for slot in tokens:
            self._lengths[slot] += 1
        return {slot: logits[slot - low] for slot in tokens}

    def keep(self, slot: int, count: int) -> int:
        self._lengths[slot] = min(self._lengths[slot], count)
        return self._lengths[slot]

    def _forward(self, tokens: torch.Tensor, positions: torch.Tensor) -> Any:
        with torch.inference_mode():
            out = self._model(
                input_ids=tokens,
                attention_mask=self._masks(positions),
                position_ids=positions,
                past_key_values=self._cache,
                use_cache=True,
                **self._last_only,
            )
        return out.logits[:, -1].float().cpu().numpy()

    def _masks(self, positions: torch.Tensor) -> Any:
        """What each query sees: its own row's positions up to its own, within the window where there is one."""
        seen = torch.arange(self._place.total, device=self._device)
        full = seen <= positions[:, None, :, None]
        if self._window is None:
            return self._form(full)
        near = full & (seen > positions[:, None, :, None] - self._window)
        if self._kinds is None:
            return self._form(near)
        return {"full_attention": self._form(full), "sliding_attention": self._form(near)}

    def _form(self, mask: torch.Tensor) -> torch.Tensor:
        if not self._eager:
            return mask
        dtype = self._model.dtype
        return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(~mask, torch.finfo(dtype).min)


def can_batch(model: Any) -> bool:
    """Whether the model is of a kind that Slots knows: attention over positions, all of them or a window."""
    config = model.config.get_text_config(decoder=True)
    kinds = set(getattr(config, "layer_types", None) or ("full_attention",))
    return kinds <= _KINDS and "position_ids" in signature(model.forward).parameters


def agrees(model: Any, slots: Slots) -> bool:
    """Whether rows that share a forward get what each would get alone: asked of the model itself once, because an
    architecture may treat a cache or a mask in ways of its own. Leaves the slots empty."""
    tokens = [5, 7, 6, 9, 8, 4]
    tokens = [token % model.config.get_text_config(decoder=True).vocab_size for token in tokens]
    try:
        with torch.inference_mode():
            alone = model(input_ids=torch.tensor([tokens], device=model.device), use_cache=False).logits[0].float()
        last = slots.slots - 1
        slots.read(last, tokens[:2])
        slots.read(last, tokens[2:4])
        slots.read(0, tokens[:1]) if last else None
        made = slots.step({0: tokens[1], last: tokens[4]} if last else {0: tokens[4]})
        wanted = {0: alone[1], last: alone[4]} if last else {0: alone[4]}
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError, KeyError, NotImplementedError):
        return False
    finally:
        for slot in range(slots.slots):
            slots.keep(slot, 0)
    near = (1e-3 if model.dtype == torch.float32 else 5e-2) * float(alone.abs().max())
    return all(float((torch.from_numpy(made[slot]) - want.cpu()).abs().max()) <= near for slot, want in wanted.items())
