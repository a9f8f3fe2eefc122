"""`serai run`: a chat in the terminal, or one answer."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from serai.cli import output
from serai.cli.connection import connect
from serai.cli.panels import CHAT, Json
from serai.types import AUTO, ModelRef

if TYPE_CHECKING:
    from serai.cli.conversation import Conversation

app = typer.Typer()


@app.command(rich_help_panel=CHAT)
def run(
    model: Annotated[str, typer.Argument(help="The model to ask; a text with blanks is a prompt for `auto`.")] = AUTO,
    prompt: Annotated[str, typer.Argument(help="Answer this and exit. Text piped in is added to it.")] = "",
    system: Annotated[str, typer.Option(help="The system prompt.")] = "",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A generation setting: temperature=0.2")
    ] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Show speed and tokens after each answer, on stderr.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Show the text as it is, without rendering Markdown.")] = False,
    as_json: Json = False,
) -> None:
    """Chat with a model in the terminal, or answer one prompt and exit.

    With a prompt, or with text piped in, the answer goes to stdout. Without, a chat begins; /help lists its commands.
    Ctrl+C stops an answer."""
    from serai.cli.conversation import Conversation

    model, prompt = _sorted(model, prompt)
    if not sys.stdin.isatty():
        prompt = "\n\n".join(part for part in (prompt, sys.stdin.read().strip()) if part)
    if not prompt and (as_json or not sys.stdin.isatty()):
        raise typer.BadParameter("there is nothing to answer: give a prompt, or pipe one in.")
    with connect() as client:
        conversation = Conversation(client, model, system)
        for wish in settings or ():
            name, _, value = wish.partition("=")
            conversation.set(name.strip(), value.strip())
        if prompt:
            _once(conversation, prompt, stats=stats, plain=plain, as_json=as_json)
        else:
            _chat(conversation, stats=stats, plain=plain)


def _sorted(model: str, prompt: str) -> tuple[str, str]:
    """`serai run "What is Serai?"` has no model's name, but a prompt."""
    if prompt:
        return model, prompt
    try:
        ModelRef.parse(model)
    except ValueError:
        return AUTO, model
    return model, ""


def _once(conversation: Conversation, prompt: str, *, stats: bool, plain: bool, as_json: bool) -> None:
    from serai.cli.conversation import statistics
    from serai.cli.screen import Screen

    with closing(conversation.ask(prompt)) as pieces:
        if as_json:
            for _ in pieces:
                pass
        else:
            with Screen(plain=plain).answer(f"Asking {conversation.model} …") as shown:
                for piece in pieces:
                    shown.piece(piece)
    answer = conversation.last
    if answer is None:
        return
    if as_json:
        output.document(asdict(answer))
    elif stats:
        output.say(statistics(answer), style="dim", stderr=True)


def _chat(conversation: Conversation, *, stats: bool, plain: bool) -> None:
    from serai import settings
    from serai.cli.lines import Lines
    from serai.cli.repl import Repl
    from serai.cli.screen import Screen

    if conversation.model != AUTO:
        conversation.model = conversation.client.load(conversation.model)["name"]  # loads while the person types
    output.say(f"Chat with {conversation.model}. /help lists the commands, /bye leaves.", style="dim")
    repl = Repl(conversation, Screen(plain=plain), stats=stats)
    with closing(Lines(settings.home(), repl.words)) as lines:
        repl.run(lines)
