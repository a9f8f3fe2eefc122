"""What commands about remote services share: keys that are read, and what a check found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from serai.cli import output
from serai.errors import BadRequest

KeysFrom = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="A file with its keys, one a line, which Serai then keeps; - is the input."),
]

_KEYS = {"accepted": "accepted", "refused": "refused", "missing": "missing", "unknown": "cannot be told"}


def keys_from(file: str) -> list[str]:
    """Keys one a line. They are no argument, because other users of the machine can read those. Raises BadRequest."""
    if file == "-":
        import getpass

        text = getpass.getpass("Key: ") if sys.stdin.isatty() else sys.stdin.read()
    else:
        try:
            text = Path(file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadRequest(f"{file} cannot be read.", hint="Give a file with one key a line, or -.") from error
    keys = [line.strip() for line in text.splitlines() if line.strip()]
    if not keys:
        raise BadRequest("There is no key in that.", hint="Give a file with one key a line, or -.")
    return keys


def tell(found: dict[str, Any], *, as_json: bool) -> None:
    """What a check found; leaves with a failure where something is wrong."""

    def show() -> None:
        reached = f"yes, in {found['seconds'] * 1000:,.0f} ms" if found["reachable"] else "no"
        if found["key"] != "missing" or found["reachable"]:
            output.facts((("Reachable", reached), ("Key", _KEYS[found["key"]]), ("Models", str(found["models"]))))
        if error := found["error"]:
            output.say(error["message"], style="red", stderr=True)
            output.say(error.get("hint") or "", style="dim", stderr=True)

    output.emit(found, show, as_json=as_json)
    if found["error"]:
        raise typer.Exit(output.FAILED)
