"""Reads what a person types: with history and line editing where the system has them, over several lines when asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

HISTORY = 1000
QUOTES = '"""'


class Lines:
    """Messages from the terminal. A message ends with its line, unless the line ends with a backslash, or it began
    with three quotes: then it ends with three."""

    def __init__(self, home: Path, words: Iterable[str]) -> None:
        self._file = home / "history"
        self._words = list(words)
        self._readline = _readline()
        if self._readline:
            self._prepare(self._readline)

    def read(self) -> str:
        """The next message. Raises EOFError at the end of input (Ctrl+D) and KeyboardInterrupt at Ctrl+C."""
        text = self._line(">>> ")
        if text.lstrip().startswith(QUOTES):
            return self._quoted(text.lstrip().removeprefix(QUOTES))
        while text.endswith("\\"):
            text = f"{text[:-1]}\n{self._line('... ')}"
        return text.strip()

    def close(self) -> None:
        """Keeps the history for the next time, for this user's eyes only."""
        if self._readline is None:
            return
        try:
            os.close(os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600))
            self._readline.write_history_file(self._file)
        except OSError:
            return  # a chat is not worth failing for its history

    def _quoted(self, text: str) -> str:
        while QUOTES not in text:
            text += f"\n{self._line('... ')}"
        return text.partition(QUOTES)[0].strip()

    def _line(self, prompt: str) -> str:
        return input(prompt)

    def _prepare(self, readline: ModuleType) -> None:
        readline.clear_history()
        if self._file.exists():
            try:
                readline.read_history_file(self._file)
            except OSError:
                self._file.unlink(missing_ok=True)
        readline.set_history_length(HISTORY)
        readline.set_completer_delims(" ")
        readline.set_completer(self._complete)
        readline.parse_and_bind("tab: complete")

    def _complete(self, begun: str, number: int) -> str | None:
        fitting = [word for word in self._words if begun and word.startswith(begun)]
        return fitting[number] if number < len(fitting) else None


def _readline() -> ModuleType | None:
    if not sys.stdin.isatty():
        return None
    try:
        import readline
    except ImportError:  # Windows: its console edits lines itself
        return None
    return readline
