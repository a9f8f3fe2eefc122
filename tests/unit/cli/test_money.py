from __future__ import annotations

from typing import Any


def test_prices_are_listed_and_an_unknown_one_is_said(cli: Any) -> None:
    shown = cli("prices", "list").stdout
    assert "$1.25 in, $10 out" in shown and "unknown" in shown and "free" in shown
    assert [row["model"] for row in cli.json("prices", "list", "--unknown")["prices"]] == ["far/dark"]


def test_a_price_is_set_and_removed(cli: Any) -> None:
    assert cli("prices", "set", "far/*", "--input", "2").stdout == "far/*: $2 in\n"
    assert cli("prices", "set", "far/*", "--free").stdout == "far/*: free\n"
    assert "not" not in cli("prices", "remove", "far/dear").stdout
    assert cli.services.asked == [{"model": "far/dear"}]


def test_a_price_is_a_price_or_free_and_not_both(cli: Any) -> None:
    for given in ((), ("--free", "--input", "1")):
        assert "Say what it costs" in cli("prices", "set", "far/*", *given, code=1).stderr


def test_a_budget_is_set_for_a_key_by_its_name(cli: Any) -> None:
    cli("keys", "create", "bot")
    cli("budgets", "set", "key:bot", "5/day", "--soft", "--allow-unknown")
    asked = {"kind": "key", "name": "key_0", "period": "day", "amount": 5.0, "hard": False, "unknown": True}
    assert cli.services.asked == [asked]
    assert "no key 'nobody'" in cli("budgets", "set", "key:nobody", "5/day", code=1).stderr


def test_a_budget_that_cannot_be_read_is_explained(cli: Any) -> None:
    assert "whose budget" in cli("budgets", "set", "bot", "5/day", code=1).stderr
    assert "not a budget" in cli("budgets", "set", "all", "5/week", code=1).stderr
    assert "not a budget" in cli("budgets", "set", "all", "much/day", code=1).stderr


def test_budgets_are_listed_as_set_and_as_they_stand(cli: Any) -> None:
    listed, stands = cli("budgets", "list").stdout, cli("budgets", "status").stdout
    assert "key:bot" in listed and "key:own" not in listed
    assert "$0.001" in stands and "2026-11-22" in stands and "the key's own" in stands
    cli("budgets", "remove", "budget_1")
    assert cli.services.asked == [{"id": "budget_1"}]


def test_usage_says_what_is_not_certain(cli: Any) -> None:
    shown = cli("usage", "--by", "model").stdout
    assert "$0.2500" in shown and "2 calls of unknown price" in shown and "$0.1250 put aside" in shown
    asked = cli.json("usage", "--by", "day", "--from", "2026-11-01", "--to", "2026-11-30")["rows"][0]["asked"]
    assert asked == {"by": "day", "from": "2026-11-01", "to": "2026-11-30"}
    assert cli("usage", "--csv").stdout.startswith("name,calls")
