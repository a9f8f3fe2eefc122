"""What a stream says when it breaks off."""

import pytest

from serai.engines._serving.wire import failure


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        RuntimeError("Failed to allocate memory for requested buffer of size 9"),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_too_little_memory_is_said_in_words(error: Exception) -> None:
    assert b"there was not enough memory" in failure(error)


def test_anything_else_keeps_its_own() -> None:
    assert b"ValueError: no" in failure(ValueError("no"))
