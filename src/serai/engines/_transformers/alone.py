"""Answers one by one: for models whose caches cannot share a forward, and for those that read a source first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any

import torch
from transformers import DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput

from serai.engines._serving.sampling import Logits


class Alone:
    """A Decoder with a cache of its own for every slot, in whatever form the model wants it. Models that keep a state
    read a prompt whole and from its beginning: several tokens on top of a state are not what all of them expect."""

    def __init__(self, model: Any, slots: int) -> None:
        self.slots = slots
        self._model = model
        self._stateful = bool(getattr(model, "_is_stateful", False))
        self.chunk = 1 << 30 if self._stateful else 256
        self._caches: list[Any] = [None] * slots
        self._lengths = [0] * slots
        takes = signature(model.forward).parameters
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}
        self._cache = "past_key_values" if "past_key_values" in takes else "cache_params"

    def read(self, slot: int, tokens: Sequence[int]) -> Logits:
        return self._forward(slot, tokens)

    def step(self, tokens: Mapping[int, int]) -> Mapping[int, Logits]:
        return {slot: self._forward(slot, [token]) for slot, token in tokens.items()}

    def keep(self, slot: int, count: int) -> int:
        """Caches that hold a state or a window cannot always go back; they begin anew."""
        extra = self._lengths[slot] - count
        if extra > 0 or self._stateful:
            self._lengths[slot] = count if count and self._cropped(slot, extra) else 0
            if not self._lengths[slot]:
                self._caches[slot] = None
        return self._lengths[slot]

    def _cropped(self, slot: int, extra: int) -> bool:
        try:
            if able := not self._stateful and bool(self._caches[slot].is_croppable):
                self._caches[slot].crop(-extra)
        except (RuntimeError, ValueError):
            return False
        return able

    def _forward(self, slot: int, tokens: Sequence[int], **beside: Any) -> Logits:
        if self._caches[slot] is None:
            self._caches[slot] = DynamicCache(config=self._model.config.get_text_config(decoder=True))
        given = torch.tensor([list(tokens)], device=self._model.device)
        with torch.inference_mode():
            cache = {self._cache: self._caches[slot]}
            out = self._model(input_ids=given, use_cache=True, **cache, **beside, **self._last_only)
        self._lengths[slot] += len(tokens)
        return last(out)


class FromSource:
    """A Decoder for models with an encoder: the prompt is what they read, and the answer begins by itself."""

    chunk = 1 << 30

    def __init__(self, model: Any, slots: int) -> None:
        self.slots = slots
        self._model = model
        self._start = model.generation_config.decoder_start_token_id
        if self._start is None:
            self._start = model.config.decoder_start_token_id or 0
        self._sources: list[Any] = [None] * slots
        self._caches: list[Any] = [None] * slots

    def read(self, slot: int, tokens: Sequence[int]) -> Logits:
        given = torch.tensor([list(tokens)], device=self._model.device)
        with torch.inference_mode():
            source = self._model.get_encoder()(input_ids=given).last_hidden_state
        config = self._model.config.get_text_config(decoder=True)
        self._sources[slot] = BaseModelOutput(last_hidden_state=source)
        self._caches[slot] = EncoderDecoderCache(DynamicCache(config=config), DynamicCache(config=config))
        return self._forward(slot, self._start)

    def step(self, tokens: Mapping[int, int]) -> Mapping[int, Logits]:
        return {slot: self._forward(slot, token) for slot, token in tokens.items()}

    def keep(self, slot: int, count: int) -> int:  # noqa: ARG002 - a source is read whole or not at all
        self._sources[slot] = self._caches[slot] = None
        return 0

    def _forward(self, slot: int, token: int) -> Logits:
        given = torch.tensor([[token]], device=self._model.device)
        with torch.inference_mode():
            out = self._model(
                encoder_outputs=self._sources[slot],
                decoder_input_ids=given,
                past_key_values=self._caches[slot],
                use_cache=True,
            )
        return last(out)


def last(out: Any) -> Logits:
    """The numbers for what follows the last token."""
    logits: Logits = out.logits[0, -1].float().cpu().numpy()
    return logits
