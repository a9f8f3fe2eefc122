"""`python -m serai.cli.reference` prints the command line's reference as Markdown, from its own words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from serai.cli import __doc__ as about
from serai.cli.app import program
from serai.cli.panels import PANELS


def reference() -> str:
    """The whole page."""
    root = program()
    lines = ["# The command line", "", _text(root), "", *_options(root)]
    context = root.make_context("serai", [], resilient_parsing=True)
    for panel in PANELS:
        lines += [f"## {panel}", ""]
        for name in root.list_commands(context):
            command: Any = root.commands[name]
            if command.rich_help_panel == panel:
                lines += _section(command, f"serai {name}")
    lines += ["## Exit codes", "", (about or "").partition("Exit codes: ")[2].strip()]
    return "\n".join(lines).rstrip() + "\n"


def _section(command: Any, path: str) -> Iterator[str]:
    members = getattr(command, "commands", {})
    if members:
        yield from (f"### `{path}`", "", _text(command), "")
        for name, member in members.items():
            yield from _section(member, f"{path} {name}")
        return
    arguments = " ".join(_usage(param) for param in command.params if param.param_type_name == "argument")
    yield from (f"### `{f'{path} {arguments}'.strip()}`", "", _text(command), "")
    yield from _options(command)


def _usage(param: Any) -> str:
    name = param.metavar or param.name.upper()
    shown = f"{name}…" if param.nargs == -1 else name
    return shown if param.required else f"[{shown.strip('[]')}]"


def _options(command: Any) -> list[str]:
    rows = [
        f"| {_names(param)} | {(param.help or '').strip()}{_default(param)} |"
        for param in command.params
        if param.name != "help" and not getattr(param, "hidden", False)
    ]
    return ["| Argument or option | What it does |", "|---|---|", *rows, ""] if rows else []


def _names(param: Any) -> str:
    if not _is_option(param):
        return f"`{_usage(param)}`"
    value = "" if param.is_flag else f" {param.metavar or param.name.upper()}"
    return ", ".join(f"`{name}{value}`" for name in param.opts)


def _default(param: Any) -> str:
    shown = _is_option(param) and param.default not in (None, False, (), "")
    return f" (default: {param.default})" if shown else ""


def _is_option(param: Any) -> bool:
    return bool(param.param_type_name == "option")


def _text(command: Any) -> str:
    return "\n".join(line.strip() for line in (command.help or "").strip().splitlines())


if __name__ == "__main__":
    sys.stdout.write(reference())
