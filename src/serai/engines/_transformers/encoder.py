"""What an encoder makes of texts."""

from __future__ import annotations

from inspect import signature
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


class Encoder:
    """Runs a model without a head, for each token."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._types = "token_type_ids" in signature(model.forward).parameters

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        given = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        if self._types:
            given["token_type_ids"] = torch.zeros_like(given["input_ids"])
        moved = {name: value.to(self._model.device) for name, value in given.items()}
        with torch.inference_mode():
            hidden = self._model(**moved).last_hidden_state
        made: NDArray[np.float32] = hidden.float().cpu().numpy()
        return made
