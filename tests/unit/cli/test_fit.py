from __future__ import annotations

from typing import Any


def test_fit_shows_the_price_and_what_would_fit(cli: Any) -> None:
    out = cli("fit", "serai-guide").stdout
    assert "Does not fit: needs 9.0 GB" in out and "4,096 tokens × 2 calls, f16" in out
    assert "one call at a time (5 GB together)" in out


def test_fit_passes_on_what_was_asked(cli: Any) -> None:
    asked = ("--context", "1024", "--parallel", "3", "--kv-type", "q8_0", "--gpu-layers", "7")
    found = cli.json("fit", "serai-guide", *asked)
    assert found["asked"] == {"model": "serai-guide", "context": "1024", "parallel": "3"} | {
        "kv_type": "q8_0",
        "gpu_layers": "7",
    }
