from __future__ import annotations

from typing import Any

import pytest

from serai.cli import grants
from serai.errors import BadRequest


def test_create_prints_the_key_alone_on_stdout(cli: Any) -> None:
    result = cli("keys", "create", "laptop")
    assert result.stdout == "serai-plain\n"
    assert "not shown again" in result.stderr


def test_list_shows_keys_or_how_to_make_one(cli: Any) -> None:
    assert "serai keys create" in cli("keys", "list").stderr
    cli("keys", "create", "laptop")
    assert "laptop" in cli("keys", "list").stdout


def test_revoke_takes_an_id_or_a_name(cli: Any) -> None:
    for given in ("key_0", "laptop"):
        cli("keys", "create", "laptop")
        cli("keys", "revoke", given)
        assert cli.json("keys", "list") == {"keys": []}


def test_revoke_does_not_guess(cli: Any) -> None:
    cli("keys", "create", "laptop")
    cli("keys", "create", "laptop")
    assert "Give the id" in cli("keys", "revoke", "laptop", code=1).stderr
    assert "no key 'nobody'" in cli("keys", "revoke", "nobody", code=1).stderr


def test_revoked_keys_are_listed_only_when_asked_for(cli: Any) -> None:
    cli("keys", "create", "laptop")
    cli.services.keys.made[0].revoked_at = 1.0
    assert cli.json("keys", "list") == {"keys": []}
    assert "revoked" in cli("keys", "list", "--all").stdout


def test_create_says_what_a_key_may_do(cli: Any) -> None:
    asked = ("--scope", "infer", "--model", "org/*", "--dialect", "openai", "--rate", "60/min", "--tokens", "10000/min")
    result = cli("keys", "create", "bot", *asked, "--spend", "5/day", "--at-once", "2", "--local-only", "--days", "30")
    made = cli.services.keys.made[0]
    assert made.limits == {
        "models": ["org/*"],
        "dialects": ["openai"],
        "places": ["local"],
        "requests_per_minute": 60,
        "tokens_per_minute": 10000,
        "at_once": 2,
        "spend_per_day": 5.0,
    }
    assert made.scopes == ["infer"] and made.expires_at
    assert "infer · openai · org/* · local · 60 requests/min · 10,000 tokens/min · 2 at once · $5/day" in result.stderr


def test_list_and_show_tell_what_a_key_may_do(cli: Any) -> None:
    cli("keys", "create", "bot", "--scope", "infer,chat", "--model", "a/b,c/*")
    assert "infer, chat · a/b, c/*" in cli("keys", "list").stdout
    shown = cli("keys", "show", "bot").stdout
    assert "a/b, c/*" in shown and "never" in shown


def test_change_keeps_what_is_not_named_and_takes_limits_away(cli: Any) -> None:
    cli("keys", "create", "bot", "--model", "a/b", "--rate", "60")
    cli("keys", "change", "bot", "--rate", "none", "--tokens", "600/hour", "--name", "robot", "--forever")
    made = cli.services.keys.made[0]
    assert made.limits == {"models": ["a/b"], "requests_per_minute": None, "tokens_per_minute": 10}
    assert (made.name, made.expires_at) == ("robot", None)


def test_rotate_prints_the_new_text_alone(cli: Any) -> None:
    cli("keys", "create", "bot")
    assert cli("keys", "rotate", "bot", "--grace", "5").stdout == "new\n"
    assert cli.services.keys.made[0].grace_s == 300


@pytest.mark.parametrize(("text", "rate"), [("60/min", 60), ("60", 60), ("1/s", 60), ("600/h", 10), ("none", None)])
def test_rates(text: str, rate: int | None) -> None:
    assert grants.per_minute(text) == rate


@pytest.mark.parametrize("text", ["", "x", "60/fortnight", "0", "-1/min", "nan", "inf", "1/hour", "1e300/s"])
def test_what_is_no_rate_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadRequest, match=r"rate|less than one"):
        grants.per_minute(text)


def test_money() -> None:
    assert grants.spend(["5/day", "$100/month"]) == {"spend_per_day": 5.0, "spend_per_month": 100.0}
    assert grants.spend(["none"]) == {"spend_per_day": None, "spend_per_month": None}
    with pytest.raises(BadRequest, match="not a limit of money"):
        grants.spend(["5/year"])
