"""What the terminal shows: tables for people, JSON for programs, and errors as one short paragraph."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from typer.exceptions import Abort, TyperException

from serai.errors import SeraiError

if TYPE_CHECKING:
    from rich.console import Console

FAILED = 1
INTERRUPTED = 130

_CONTROLS = {code: None for code in (*range(32), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


def console(*, stderr: bool = False) -> Console:
    """A console that is plain and wide where no person reads."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False)
    return found if found.is_terminal else Console(stderr=stderr, highlight=False, width=1000, no_color=True)


def clean(text: object) -> str:
    """Text of models and of the hub without the control characters that could steer a terminal."""
    return str(text).translate(_CONTROLS)


def emit(data: Any, human: Callable[[], None], *, as_json: bool) -> None:
    """One JSON document, or what a person wants to see."""
    if as_json:
        document(data)
    else:
        human()


def document(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2))


def line(data: Any) -> None:
    """One line of JSON, at once: for streams."""
    print(json.dumps(data, ensure_ascii=False, separators=(",", ":")), flush=True)


def say(text: str, *, style: str = "", stderr: bool = False) -> None:
    """One paragraph. The text is taken as it is: no markup."""
    from rich.text import Text

    console(stderr=stderr).print(Text(clean(text), style=style))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """A table without lines; the columns named in `right` are numbers."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(clean(cell)) for cell in row))
    console().print(shown)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values, one below the other; what is empty is left out."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, show_header=False)
    shown.add_column(style="dim")
    shown.add_column(overflow="fold")
    for name, value in pairs:
        if value not in (None, "", [], {}, ()):
            shown.add_row(name, value if isinstance(value, Text) else Text(clean(value)))
    console().print(shown)


def banner(url: str, home: str, status: dict[str, Any]) -> None:
    """What a server that has started is made of, and what it lacks."""
    from rich.text import Text

    running = ", ".join(model["name"] for model in status.get("running") or ())
    here = f"{status.get('models_count', '?')} here" + (f", running: {running}" if running else "")
    shown = console()
    shown.print(Text.assemble(("Serai ", "bold"), clean(status.get("version", "")), " at ", (url, "bold cyan")))
    offline = " · offline: nothing is fetched from the hub" if status.get("offline") else ""
    facts((("Models", here + offline), ("Home", home)))
    for notice in status.get("notices") or ():
        style = {"warning": "yellow", "error": "red"}.get(str(notice.get("level")), "dim")
        shown.print(Text(clean(f"• {notice.get('text', '')}"), style=style))
    shown.print(Text("Ctrl+C stops it.", style="dim"))


def failed(error: Exception, *, as_json: bool) -> int:
    """Says on stderr what failed and how to go on; returns the exit code."""
    if isinstance(error, Abort):
        return FAILED
    body, code = _envelope(error)
    if as_json:
        print(json.dumps({"error": body}, ensure_ascii=False), file=sys.stderr)
        return code
    shown = console(stderr=True)
    from rich.text import Text

    who = {"you": "", "serai": ""}.get(str(body["who"]), f"{body['who']}: ")
    shown.print(Text.assemble(("Error: ", "bold red"), clean(f"{who}{body['message']}")))
    if hint := body.get("hint"):
        shown.print(Text(clean(hint), style="dim"))
    return code


def _envelope(error: Exception) -> tuple[dict[str, Any], int]:
    if isinstance(error, SeraiError):
        return error.as_dict(), FAILED
    if isinstance(error, TyperException):
        context = getattr(error, "ctx", None)
        hint = f"Try: {context.command_path} --help" if context else ""
        message = error.format_message() or "Something is missing."
        return {"code": "usage", "message": message, "who": "you", "hint": hint}, error.exit_code
    message = f"Serai failed unexpectedly: {type(error).__name__}: {error}"
    hint = "Run it again with --debug for the traceback; `serai doctor` checks every part."
    return {"code": "internal", "message": message, "who": "serai", "hint": hint}, FAILED
