"""`serai completion`: Tab completes commands and options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from serai.cli import output
from serai.cli.panels import HELP, Json

app = typer.Typer(
    name="completion", help="Complete commands with the Tab key.", rich_help_panel=HELP, no_args_is_help=True
)

PROGRAM = "serai"
VARIABLE = "_SERAI_COMPLETE"


class Shell(StrEnum):
    """The shells that can."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"
    powershell = "powershell"
    pwsh = "pwsh"


Chosen = Annotated[Shell | None, typer.Argument(metavar="SHELL", help="bash, zsh, fish, powershell or pwsh.")]


@app.command()
def install(shell: Chosen = None, as_json: Json = False) -> None:
    """Install completion for a shell; without a name, for the one that runs now."""
    from typer._completion_shared import install as install_for

    name, path = install_for(shell=_shell(shell), prog_name=PROGRAM, complete_var=VARIABLE)
    done = {"shell": name, "path": str(path)}
    output.emit(done, lambda: output.say(f"Installed in {path}. Open a new terminal to use it."), as_json=as_json)


@app.command()
def show(shell: Chosen = None, as_json: Json = False) -> None:
    """Print the script that completes, to put it where you like."""
    from typer._completion_shared import get_completion_script

    script = get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=_shell(shell))
    output.emit({"script": script}, lambda: print(script), as_json=as_json)


def _shell(chosen: Shell | None) -> str:
    if chosen:
        return chosen.value
    from typer._completion_shared import _get_shell_name

    found = _get_shell_name()
    if found is None:
        raise typer.BadParameter("this shell is not known: name it, such as `bash`.")
    return found
