"""The command line. Every command speaks to Serai through `serai.Client`: to a running server of this SERAI_HOME, or
to one that lives as long as the command.

Exit codes: 0 done, 1 failed, 2 not understood, 130 interrupted."""

from __future__ import annotations


def main() -> None:
    """The `serai` program."""
    from serai.cli.app import program

    program()()
