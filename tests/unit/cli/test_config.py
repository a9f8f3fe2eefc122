from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_set_get_and_unset_reach_serai_toml(cli: Any, home: Path) -> None:
    assert "holds from the next start" in cli("config", "set", "server.port", "8000").stdout
    assert (home / "serai.toml").read_text() == "[server]\nport = 8000\n"
    assert cli("config", "get", "server.port").stdout == "8000\n"
    cli("config", "unset", "server.port")
    assert cli.json("config", "get", "server.port")["source"] == "default"


@pytest.mark.parametrize(
    ("key", "written", "value"),
    [
        ("models.preload", "off", False),
        ("models.idle_minutes", "1.5", 1.5),
        ("server.allowed_hosts", "a, b", ["a", "b"]),
        ("models.default", "5", "5"),
    ],
)
def test_values_become_the_setting_s_own_type(cli: Any, key: str, written: str, value: object) -> None:
    assert cli.json("config", "set", key, written)["value"] == value


def test_negative_numbers_can_be_set(cli: Any) -> None:
    assert cli("config", "set", "models.gpu_layers", "-1").stdout == "models.gpu_layers = -1.\n"


def test_what_does_not_fit_is_refused_in_words(cli: Any) -> None:
    assert "models.parallel = 'many'" in cli("config", "set", "models.parallel", "many", code=1).stderr


def test_a_mistyped_key_is_named_with_its_neighbour(cli: Any) -> None:
    assert "Did you mean server.port" in cli("config", "get", "srver.port", code=1).stderr


def test_list_shows_value_and_source(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERAI_SERVER_PORT", "9000")
    (line,) = [line for line in cli("config", "list").stdout.splitlines() if line.startswith("server.port")]
    assert line.split()[1:3] == ["9000", "SERAI_SERVER_PORT"]


def test_path_is_told_even_when_the_file_is_broken(cli: Any, home: Path) -> None:
    (home / "serai.toml").write_text("[server\n")
    assert cli("config", "path").stdout == f"{home / 'serai.toml'}\n"
    assert "serai.toml cannot be read" in cli("config", "list", code=1).stderr
