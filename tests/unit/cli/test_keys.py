from __future__ import annotations

from typing import Any


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
