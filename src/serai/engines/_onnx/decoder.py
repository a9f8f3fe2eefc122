"""Text generation with models that take their past as inputs and give it back, longer, as outputs.

Inputs and outputs are found by name, in the forms of optimum (`past_key_values.0.key` and `present.0.key`) and of
transformers' own exporter (`input.past_key_values.layers.0.keys` and `output.…`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serai.engines._serving.refused import CannotLoad
from serai.engines._serving.sampling import Logits

_CACHE = re.compile(r"(?:past|present).*?\.(\d+)\.(?:.*\.)?(key|value)s?$")
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}
_TYPES |= {"tensor(int32)": np.int32}
_KNOWN = {"input_ids", "attention_mask", "position_ids", "use_cache_branch", "num_logits_to_keep"}
_CHUNK = 256


def cache_names(session: Any) -> dict[str, str]:
    """Inputs of the past with the outputs that hold what they become."""
    given = {match.groups(): one.name for one in session.get_inputs() if (match := _CACHE.search(one.name))}
    made = {match.groups(): one.name for one in session.get_outputs() if (match := _CACHE.search(one.name))}
    return {given[key]: made[key] for key in given if key in made}


class OnnxDecoder:
    """A Decoder with a past of its own for every slot; answers at the same time take their steps in turn."""

    def __init__(self, session: Any, slots: int, config: Mapping[str, Any]) -> None:
        self.slots = slots
        self._session = session
        self._names = cache_names(session)
        self._inputs = {one.name: one for one in session.get_inputs()}
        if unknown := sorted(self._inputs.keys() - self._names.keys() - _KNOWN):
            raise CannotLoad("unsupported", f"it takes {', '.join(unknown[:3])}, which is not known here")
        self._outputs = ["logits", *self._names.values()]
        shape = next(one.shape for one in session.get_outputs() if one.name == "logits")
        self.width = _whole(shape[-1])
        self.chunk = 1 if _whole(self._inputs["input_ids"].shape[1]) == 1 else _CHUNK
        self._empty = {name: _nothing(self._inputs[name], config) for name in self._names}
        self._pasts: list[dict[str, Any]] = [dict(self._empty) for _ in range(slots)]
        self._lengths = [0] * slots

    def read(self, slot: int, tokens: Sequence[int]) -> Logits:
        return self._forward(slot, tokens)

    def step(self, tokens: Mapping[int, int]) -> Mapping[int, Logits]:
        return {slot: self._forward(slot, [token]) for slot, token in tokens.items()}

    def keep(self, slot: int, count: int) -> int:
        if count < self._lengths[slot]:
            kept = {name: np.ascontiguousarray(past[:, :, :count]) for name, past in self._pasts[slot].items()}
            self._pasts[slot], self._lengths[slot] = kept, count
        return self._lengths[slot]

    def _forward(self, slot: int, tokens: Sequence[int]) -> Logits:
        done, total = self._lengths[slot], self._lengths[slot] + len(tokens)
        feeds = {
            "input_ids": np.array([list(tokens)]),
            "attention_mask": np.ones((1, total)),
            "position_ids": np.arange(done, total)[None],
            "use_cache_branch": np.array([done > 0]),
            "num_logits_to_keep": np.array(1),
        }
        taken = {name: self._typed(name, value) for name, value in feeds.items() if name in self._inputs}
        logits, *pasts = self._session.run(self._outputs, {**taken, **self._pasts[slot]})
        self._pasts[slot] = dict(zip(self._names, pasts, strict=True))
        self._lengths[slot] = total
        numbers: Logits = logits[0, -1].astype(np.float32)
        return numbers

    def _typed(self, name: str, value: Any) -> Any:
        wanted = self._inputs[name].type
        return value if wanted == "tensor(bool)" else value.astype(_TYPES.get(wanted, np.int64))


def _whole(size: Any) -> int:
    """A dimension that is fixed, which some exporters write as text; 0 for one that is not."""
    return size if isinstance(size, int) else int(size) if isinstance(size, str) and size.isdecimal() else 0


def _nothing(given: Any, config: Mapping[str, Any]) -> Any:
    """A past without tokens, of the form that the input wants. Raises CannotLoad where that cannot be told."""
    heads = _whole(given.shape[1]) or config.get("num_key_value_heads") or config.get("num_attention_heads")
    width = _whole(given.shape[3]) or config.get("head_dim")
    if not width and config.get("hidden_size") and config.get("num_attention_heads"):
        width = config["hidden_size"] // config["num_attention_heads"]
    if len(given.shape) != 4 or not heads or not width or given.type not in _TYPES:
        raise CannotLoad("unsupported", f"the form of its input {given.name} is not known here")
    return np.zeros((1, int(heads), 0, int(width)), dtype=_TYPES[given.type])
