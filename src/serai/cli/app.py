"""The tree of commands: every module in `commands/` brings its own; and the one place where errors become words."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from serai.cli import commands, output
from serai.cli.panels import PANELS


class Program(TyperGroup):
    """The root of the tree. Nothing leaves it but an exit code: errors are printed in words on stderr, as JSON where
    the command was asked for JSON; only `--debug`, which may stand anywhere, lets a traceback through."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *rest: Any, **extra: Any) -> Any:
        args = list(sys.argv[1:] if args is None else args)
        own = args[: args.index("--")] if "--" in args else args
        debug = "--debug" in own
        if debug:
            args.remove("--debug")
        extra["standalone_mode"] = False
        try:
            code = super().main(args, prog_name or "serai", *rest, **extra)
        except Exception as error:
            if debug:
                raise
            code = output.failed(error, as_json="--json" in own)
        sys.exit(code if isinstance(code, int) else 0)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """By panel, and within a panel as their modules declare them."""
        return sorted(self.commands, key=lambda name: PANELS.index(getattr(self.commands[name], "rich_help_panel", "")))

    def _main_shell_completion(self, *args: Any, **options: Any) -> None:
        from typer._completion_classes import completion_init

        completion_init()
        super()._main_shell_completion(*args, **options)


def program() -> Program:
    """The whole tree."""
    app = typer.Typer(
        cls=Program,
        add_completion=False,
        pretty_exceptions_enable=False,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for module in _modules():
        panel = module.app.rich_help_panel
        app.add_typer(module.app, rich_help_panel=panel if isinstance(panel, str) else None)
    command = get_command(app)
    assert isinstance(command, Program)
    return command


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere.")] = False,  # noqa: ARG001
) -> None:
    """Serai finds, runs, serves and chats with Hugging Face models on your own machine.

    Without a command it serves and opens the page, or opens the page of the server that runs already."""
    if version:
        from serai.cli.commands.version import version as show

        show()
    elif context.invoked_subcommand is None:
        from serai.cli.commands.serve import open_or_serve

        open_or_serve()


def _modules() -> Iterator[Any]:
    for found in pkgutil.iter_modules(commands.__path__):
        yield importlib.import_module(f"{commands.__name__}.{found.name}")
