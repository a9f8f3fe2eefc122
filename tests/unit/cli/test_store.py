from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serai.client.following.POLL_S", 0)


def test_pin_and_unpin(cli: Any) -> None:
    assert "is pinned" in cli("pin", "serai-guide").stdout
    assert cli.services.models["serai-guide"]["pinned"] is True
    assert cli.json("unpin", "serai-guide") == {"unpinned": "serai-guide"}
    assert cli.services.models["serai-guide"]["pinned"] is False


def test_du_shows_the_largest_first_and_what_is_free(cli: Any) -> None:
    out = cli("du").stdout.splitlines()
    assert [line.split()[0] for line in out[1:3]] == ["org/large", "serai-guide"]
    assert "newer on the hub" in out[1]
    assert out[-1] == "5 GB of a quota of 10 GB in /cache; 1 GB of 2 GB are free."


def test_verify_ends_well_only_when_all_is_whole(cli: Any) -> None:
    assert "1 files checked, 0 not whole" in cli("verify").stdout
    cli.services.damaged = ["org/large: a.gguf"]
    result = cli("verify", "org/large", code=1)
    assert "Damaged: org/large: a.gguf" in result.stdout
    assert "serai repair NAME" in result.stderr


def test_repair_names_what_it_mended(cli: Any) -> None:
    cli("list")
    cli.services.damaged = ["org/large: a.gguf"]
    assert "Repaired: org/large: a.gguf" in cli("repair", "org/large").stdout


def test_data_sets_are_shown_pinned_and_removed_by_their_names(cli: Any) -> None:
    assert any(
        line.split()[:4] == ["datasets/acme/rows", "7", "MB", "pinned"] for line in cli("du").stdout.splitlines()
    )
    cli("pin", "datasets/acme/rows")
    cli("unpin", "datasets/acme/rows")
    cli("rm", "datasets/acme/rows")
    named = {"name": "acme/rows"}
    assert cli.services.asked == [named | {"pinned": True}, named | {"pinned": False}, named]


def test_gc_takes_data_sets_only_when_asked_to(cli: Any) -> None:
    cli("gc")
    cli("gc", "--data-sets")
    cli("gc", "--data-sets", "--unused-days", "0", "--dry-run")
    days = [asked.get("data_sets_days") for asked in cli.services.asked]
    assert [day and float(day) for day in days] == [None, 30.0, 0.0]


def test_gc_tells_what_goes(cli: Any) -> None:
    assert "5 B would be freed" in cli("gc", "--dry-run").stdout
    assert "5 B freed" in cli("gc").stdout


def test_adopt_and_updates(cli: Any) -> None:
    assert "Found: ollama/a:1" in cli("adopt").stdout
    assert "Fetch it: serai pull org/large" in cli("updates").stdout
