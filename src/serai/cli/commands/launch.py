"""`serai launch`: a coding agent of this machine, asking Serai."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serai.cli import output
from serai.cli.panels import CHAT, Json
from serai.types import AUTO

if TYPE_CHECKING:
    from serai.cli.launching.launch import Wiring

app = typer.Typer()


@app.command(rich_help_panel=CHAT)
def launch(
    agent: Annotated[str, typer.Argument(help="The agent; --list shows them.")] = "",
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[-- ARGS]", help="What the agent itself is told.")
    ] = None,
    model: Annotated[str, typer.Option(help="The model that it asks.")] = AUTO,
    list_: Annotated[bool, typer.Option("--list", help="List the agents, and which are on this machine.")] = False,
    print_: Annotated[
        bool, typer.Option("--print", help="Don't start it; print its variables, to be read by a shell.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Start a coding agent that asks Serai instead of the service it was made for.

    It is told so for this one run: nothing on this machine is changed, or it is changed back at the end. Where the
    server needs keys, the agent gets one of its own, which ends with it."""
    if list_:
        _list(as_json=as_json)
    elif not agent:
        raise typer.BadParameter("name an agent, or see --list.", param_hint="AGENT")
    else:
        raise typer.Exit(_launch(agent, words or [], model, printed=print_ or as_json, as_json=as_json))


def _list(*, as_json: bool) -> None:
    from serai.cli.launching.agents import agents

    known = list(agents().values())
    rows = [
        (agent.name, agent.title, _presence(agent), f"{agent.context:,}" if agent.context else "") for agent in known
    ]
    facts = [{"name": a.name, "title": a.title, "program": a.found(), "install": a.install} for a in known]
    columns = ("NAME", "AGENT", "HERE", "TOKENS")
    output.emit({"agents": facts}, lambda: output.table(columns, rows, right=("TOKENS",)), as_json=as_json)


def _presence(agent: Any) -> str:
    if not agent.program:
        return "for --print"
    return "yes" if agent.found() else f"no: {agent.install}"


def _launch(name: str, words: list[str], model: str, *, printed: bool, as_json: bool) -> int:
    from serai import settings
    from serai.cli.connection import NO_KEY
    from serai.cli.launching import launch as launching
    from serai.cli.launching import server
    from serai.cli.launching.agents import agent
    from serai.cli.launching.journal import Journal
    from serai.client import Client

    wanted = agent(name)
    if not printed and not wanted.found():
        raise launching.absent(wanted)
    file, journal = settings.settings_file(), Journal(settings.home())
    with (
        server.reached(lasting=printed) as found,
        Client(found.url, found.token or NO_KEY) as client,
        launching.wired(found, client, journal, wanted, model, keep=printed) as (wiring, entry),
    ):
        for lack in wiring.lacks:
            output.say(lack, style="yellow", stderr=True)
        if entry is None:
            output.emit(_facts(wiring), lambda: _print(wiring), as_json=as_json)
            return 0
        output.say(f"{wanted.title} asks {wiring.told.model} at {found.url}.", style="dim", stderr=True)
        return launching.start(wiring, words, file.environ, journal, entry)


def _facts(wiring: Wiring) -> dict[str, Any]:
    agent, addition = wiring.agent, wiring.agent.addition(wiring.told)
    return {
        "agent": agent.name,
        "model": wiring.told.model,
        "environment": agent.variables(wiring.told),
        "unset": list(agent.unset),
        "arguments": agent.words(wiring.told),
        "file": {"path": str(addition[0]), "content": addition[1]} if addition else None,
        "lacks": list(wiring.lacks),
    }


def _print(wiring: Wiring) -> None:
    """Lines for `eval "$(serai launch … --print)"`; what is not a variable is a remark."""
    import json

    agent, told = wiring.agent, wiring.told
    if agent.unset:
        print(f"unset {' '.join(agent.unset)}")
    for name, value in agent.variables(told).items():
        print(f"export {name}={shlex.quote(value)}")
    if words := agent.words(told):
        print(f"# {agent.program} {shlex.join(words)}")
    if addition := agent.addition(told):
        print(f"# {addition[0]} must have: {json.dumps(addition[1])}")
