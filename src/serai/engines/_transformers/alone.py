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
    """A Decoder with a cache of its own for every slot, in whatever form the model wants it."""

    chunk = 256

    def __init__(self, model: Any, slots: int) -> None:
        self.slots = slots
        self._model = model
        self._caches: list[Any] = [None] * slots
        self._lengths = [0] * slots
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in signature(model.forward).parameters else {}

    def read(self, slot: int, tokens: Sequence[int]) -> Logits:
        return self._forward(slot, tokens)

    def step(self, tokens: Mapping[int, int]) -> Mapping[int, Logits]:
        return {slot: self._forward(slot, [token]) for slot, token in tokens.items()}

    def keep(self, slot: int, count: int) -> int:
        """Caches with a state instead of positions cannot go back; they begin anew."""
        extra = self._lengths[slot] - count
        if extra > 0 and count > 0 and getattr(self._caches[slot], "is_croppable", False):
            self._caches[slot].crop(extra)
            self._lengths[slot] = count
        elif extra > 0:
            self._caches[slot], self._lengths[slot] = None, 0
        return self._lengths[slot]

    @torch.inference_mode()
    def _forward(self, slot: int, tokens: Sequence[int]) -> Logits:
        if self._caches[slot] is None:
            self._caches[slot] = DynamicCache(config=self._model.config.get_text_config(decoder=True))
        given = torch.tensor([list(tokens)], device=self._model.device)
        out = self._model(input_ids=given, past_key_values=self._caches[slot], use_cache=True, **self._last_only)
        self._lengths[slot] += len(tokens)
        logits: Logits = out.logits[0, -1].float().cpu().numpy()
        return logits


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

    @torch.inference_mode()
    def read(self, slot: int, tokens: Sequence[int]) -> Logits:
        given = torch.tensor([list(tokens)], device=self._model.device)
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

    @torch.inference_mode()
    def _forward(self, slot: int, token: int) -> Logits:
        out = self._model(
            encoder_outputs=self._sources[slot],
            decoder_input_ids=torch.tensor([[token]], device=self._model.device),
            past_key_values=self._caches[slot],
            use_cache=True,
        )
        logits: Logits = out.logits[0, -1].float().cpu().numpy()
        return logits
