"""The chat in the terminal: reads a message or a command, shows the answer, until it is left."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

from serai.cli import output
from serai.cli.conversation import Conversation, statistics
from serai.cli.lines import Lines
from serai.cli.screen import Screen
from serai.errors import SeraiError


class Command(NamedTuple):
    """What a line that begins with a slash does."""

    usage: str
    help: str
    run: Callable[[str], None]


class Leave(Exception):
    """The person wants to leave the chat."""


class Repl:
    """One chat in the terminal. Ctrl+C stops an answer; at the prompt, a second one ends the chat."""

    def __init__(self, conversation: Conversation, screen: Screen, *, stats: bool = False) -> None:
        self._chat = conversation
        self._screen = screen
        self._stats = stats
        commands = (
            Command("/help", "Show these commands.", self._help),
            Command("/model [NAME]", "Show the model, or go on with another.", self._model),
            Command("/system [TEXT]", "Show the system prompt, set it, or take it back with `none`.", self._system),
            Command(
                "/set [NAME [VALUE]]", "Show the settings, or set one: /set temperature 0.2; `none` unsets.", self._set
            ),
            Command("/reset", "Start anew: what was said is not sent any more.", self._reset),
            Command("/save [TITLE]", "Save the chat as a session, which the page shows too.", self._save),
            Command("/load [WORDS]", "Go on with a session: by its id, or the newest with these words.", self._load),
            Command(
                "/stats", "Show the last answer's measurements, and those of every further answer.", self._statistics
            ),
            Command("/bye", "Leave. Ctrl+D does too.", self._bye),
        )
        self._commands = {command.usage.split()[0]: command for command in commands}

    @property
    def words(self) -> list[str]:
        """What the Tab key completes."""
        return list(self._commands)

    def run(self, lines: Lines) -> None:
        """Raises KeyboardInterrupt when the person leaves with Ctrl+C."""
        interrupted = False
        while True:
            try:
                text = lines.read()
            except EOFError:
                print()
                return
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                output.say("\nCtrl+C again, Ctrl+D or /bye leaves.", style="dim")
                continue
            interrupted = False
            try:
                self._take(text)
            except Leave:
                return
            except SeraiError as error:
                output.failed(error, as_json=False)

    def _take(self, text: str) -> None:
        if not text:
            return
        word, _, rest = text.partition(" ")
        if not word.startswith("/"):
            self._answer(text)
        elif command := self._commands.get(word):
            command.run(rest.strip())
        else:
            output.say(f"There is no command {word}. /help shows them.", style="yellow")

    def _answer(self, text: str) -> None:
        try:
            with closing(self._chat.ask(text)) as pieces, self._screen.answer("Thinking …") as shown:
                for piece in pieces:
                    shown.piece(piece)
        except KeyboardInterrupt:
            output.say("(stopped)", style="dim")
        if self._stats and self._chat.last:
            output.say(statistics(self._chat.last), style="dim")

    def _help(self, _: str) -> None:
        output.facts((command.usage, command.help) for command in self._commands.values())
        output.say('A line that ends with \\ goes on in the next; """ begins and ends a text of several lines.')

    def _model(self, name: str) -> None:
        if name:
            self._chat.model = self._chat.client.model(name)["name"]
        output.say(f"Model: {self._chat.model}")

    def _system(self, text: str) -> None:
        if text:
            self._chat.system = "" if text.lower() == "none" else text
        output.say(f"System prompt: {self._chat.system or 'none'}")

    def _set(self, wish: str) -> None:
        name, _, value = wish.partition(" ")
        if name:
            self._chat.set(name, value.strip())
        shown = ", ".join(f"{key} = {value}" for key, value in self._chat.settings.items())
        output.say(f"Settings: {shown or 'those of the model'}")

    def _reset(self, _: str) -> None:
        self._chat.reset()
        output.say("The chat starts anew.")

    def _save(self, title: str) -> None:
        if not self._chat.messages:
            output.say("There is nothing to save yet.", style="yellow")
            return
        session = self._chat.save(title)
        output.say(f"Saved as {session['title']!r}; /load {session['id']} comes back to it.")

    def _load(self, wanted: str) -> None:
        session = self._chat.load(wanted)
        if session is None:
            output.say(f"No session has {wanted!r}." if wanted else "No session is saved yet.", style="yellow")
            return
        said = len(self._chat.messages)
        output.say(f"Going on with {session['title'] or session['id']!r}: {said} messages, model {self._chat.model}.")

    def _statistics(self, _: str) -> None:
        self._stats = True
        output.say(statistics(self._chat.last) if self._chat.last else "They follow every answer from now on.")

    def _bye(self, _: str) -> None:
        raise Leave
