"""How many requests a model can answer at once in the memory that is free. Pure."""

from __future__ import annotations

from typing import Protocol

_BYTES_PER_VALUE = 2
_WIDEST_USUAL_HEAD = 128
_SHARE = 0.8


class Header(Protocol):
    """What is needed of `hub.gguf.GgufHeader`; None where the file does not say."""

    @property
    def size(self) -> int: ...

    @property
    def block_count(self) -> int | None: ...

    @property
    def embedding_length(self) -> int | None: ...

    @property
    def head_count(self) -> int | None: ...

    @property
    def head_count_kv(self) -> int | None: ...


def bytes_per_token(header: Header) -> int | None:
    """Memory that each token of context takes (a key and a value in every layer), or None where the file does not
    say. Heads are taken as at least as wide as usual, for many models have them wider than their shape tells."""
    if not (header.block_count and header.embedding_length and header.head_count):
        return None
    head = max(_WIDEST_USUAL_HEAD, header.embedding_length // header.head_count)
    return 2 * _BYTES_PER_VALUE * header.block_count * (header.head_count_kv or header.head_count) * head


def parallel_that_fits(asked: int, context: int, header: Header | None, free: int) -> int:
    """As many whole contexts as asked, or as fit beside the weights; one at least, for the engine to try."""
    per_token = bytes_per_token(header) if header else None
    if header is None or per_token is None:
        return asked
    room = free * _SHARE - header.size
    return max(1, min(asked, int(room // (per_token * context))))
