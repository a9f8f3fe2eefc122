from __future__ import annotations

from typing import Any

import pytest

from serai import advice

GB = 10**9


def machine(memory: float = 16, gpus: tuple[float, ...] = (), cores: int = 8, free: float = 500, **cpu: Any) -> Any:
    return {
        "cpu": {"name": "", "cores": cores, "features": ["avx", "avx2"], **cpu},
        "memory": {"total": memory * GB, "available": memory * GB},
        "gpus": [{"name": f"GPU {number}", "memory": size * GB} for number, size in enumerate(gpus)],
        "disk": {"path": "/", "free": free * GB, "total": 1000 * GB},
    }


@pytest.mark.parametrize(
    ("found", "tier"),
    [
        (machine(8), "small-cpu"),
        (machine(64), "large-cpu"),
        (machine(16, (2,)), "small-cpu"),
        (machine(16, (8,)), "mid-gpu"),
        (machine(16, (24,)), "large-gpu"),
        (machine(16, (12, 12)), "large-gpu"),
    ],
)
def test_the_tier_follows_from_the_memories(found: Any, tier: str) -> None:
    assert advice.tier(found) == tier


@pytest.mark.parametrize(("memory", "billions"), [(0.2, 0), (1, 1), (6, 8), (24, 32), (80, 120)])
def test_the_largest_model_that_fits(memory: float, billions: float) -> None:
    assert advice.largest(memory * GB) == billions


def test_a_small_machine_is_told_what_fits_and_what_is_quick() -> None:
    first, second = advice.sentences(machine(8, cores=2))
    assert "up to about 8 B parameters in Q4_K_M fit into memory" in first
    assert "up to about 1 B parameters answers at reading speed" in second


def test_a_gpu_is_named_with_what_fits_into_it() -> None:
    said = advice.sentences(machine(64, (8,)))
    assert said[0].startswith("GPU 0: models up to about 8 B parameters")
    assert any("Larger ones, up to about 70 B" in sentence for sentence in said)


def test_a_gpu_of_unknown_size_is_no_promise() -> None:
    found = machine(16) | {"gpus": [{"name": "GB10", "memory": None}]}
    assert advice.tier(found) == "small-cpu"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (machine(2), "little memory"),
        (machine(features=["avx"]), "lacks AVX2"),
        (machine(cores=1), "one processor core"),
        (machine(free=3), "3.0 GB left"),
    ],
)
def test_what_is_short_is_said(found: Any, words: str) -> None:
    assert any(words in sentence for sentence in advice.sentences(found))
