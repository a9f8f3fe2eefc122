"""What an exported encoder makes of texts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_HIDDEN = ("last_hidden_state", "token_embeddings")
_WHOLE = "sentence_embedding"


class Encoder:
    """Runs a session; its output for whole texts where it has one, else for each token."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._inputs = {one.name: one.type for one in session.get_inputs()}
        names = [one.name for one in session.get_outputs()]
        self._output = next((name for name in (_WHOLE, *_HIDDEN) if name in names), names[0])

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        taken = {
            name: value.astype(np.int32) if self._inputs[name] == "tensor(int32)" else value
            for name, value in feeds.items()
            if name in self._inputs
        }
        (out,) = self._session.run([self._output], taken)
        return np.asarray(out)
