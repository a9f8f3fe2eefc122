from __future__ import annotations

from tests.fakes.cli import commands

from serai.cli.app import program
from serai.cli.reference import reference


def test_every_command_and_option_is_in_the_reference() -> None:
    text = reference()
    for path, command in commands(program()):
        assert f"### `{path}" in text
        for name in (name for param in command.params for name in param.opts if name.startswith("--")):
            assert name == "--help" or f"`{name}" in text


def test_exit_codes_are_told() -> None:
    assert reference().endswith("0 done, 1 failed, 2 not understood, 130 interrupted.\n")
