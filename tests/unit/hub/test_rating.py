from __future__ import annotations

import pytest

from serai.hub.rating import rate

GB = 10**9


@pytest.mark.parametrize(("size", "verdict"), [(4, "fits"), (8, "fits"), (9, "tight"), (10, "no"), (40, "no")])
def test_the_verdict_follows_from_the_size(size: int, verdict: str) -> None:
    assert rate(size * GB, memory=10 * GB, disk=50 * GB).verdict == verdict


def test_the_reason_is_told() -> None:
    assert rate(60 * GB, memory=99 * GB, disk=50 * GB).text == (
        "Too large for the disk: it takes 60.0 GB, 50.0 GB are free."
    )
    assert rate(9 * GB, memory=10 * GB, disk=50 * GB).text.startswith("Fits with a short context: needs about 9.5 GB")
