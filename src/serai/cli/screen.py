"""An answer on the terminal while it comes: finished blocks of Markdown rendered for good, the last one growing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from serai.cli.output import clean, console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

FENCE = re.compile(r"^\s{0,3}(```+|~~~+)", re.MULTILINE)
LIST = re.compile(r"\s*([-*+]|\d+[.)])\s|\s{2,}\S")


class Screen:
    """Shows answers: as Markdown to people, as they are to everything else, or when `plain` is asked for."""

    def __init__(self, *, plain: bool = False) -> None:
        self.console = console()
        self._plain = plain or not self.console.is_terminal

    @contextmanager
    def answer(self, waiting: str) -> Iterator[_Answer]:
        """A place for one answer; until its first piece it says what is waited for."""
        shown = _Plain() if self._plain else _Markdown(self.console, waiting)
        try:
            yield shown
        finally:
            shown.end()


class _Answer:
    def piece(self, text: str) -> None:
        """Shows more of the answer."""
        raise NotImplementedError

    def end(self) -> None:
        """Leaves the cursor on a line of its own."""
        raise NotImplementedError


class _Plain(_Answer):
    def __init__(self) -> None:
        self._last = "\n"

    def piece(self, text: str) -> None:
        print(text, end="", flush=True)
        self._last = text or self._last

    def end(self) -> None:
        if not self._last.endswith("\n"):
            print(flush=True)


class _Markdown(_Answer):
    """Rich redraws only the block that still grows, cut to the window, so nothing flickers or is drawn twice."""

    def __init__(self, console: Console, waiting: str) -> None:
        from rich.live import Live
        from rich.spinner import Spinner

        self._console = console
        self._rest = ""
        spinner = Spinner("dots", text=waiting, style="yellow")
        self._live: Live = Live(spinner, console=console, transient=True, refresh_per_second=12)
        self._live.start()

    def piece(self, text: str) -> None:
        self._rest += clean(text)
        done, self._rest = split(self._rest)
        if done:
            self._draw(done)
        self._live.update(self._growing())

    def end(self) -> None:
        self._live.update("")
        self._live.stop()
        if self._rest.strip():
            self._draw(self._rest)
        self._rest = ""

    def _draw(self, text: str) -> None:
        from rich.markdown import Markdown

        self._console.print(Markdown(text, code_theme="ansi_dark"))
        self._console.print()

    def _growing(self) -> Text:
        from rich.text import Text

        height = max(3, self._console.height - 2)
        lines = Text(self._rest).wrap(self._console, self._console.width)
        return Text("\n").join(lines[-height:])


def split(text: str) -> tuple[str, str]:
    """The blocks of a Markdown text that are finished, and the rest. A fenced code block ends with its fence, a list
    with the first block that is none, so that its numbers go on."""
    end = 0
    for blank in re.finditer(r"\n[ \t]*\n", text):
        block = text[end : blank.start()]
        following = text[blank.end() :]
        if _open_fence(text[: blank.start()]) or not following.strip():
            continue
        if LIST.match(block) and LIST.match(following):
            continue
        end = blank.end()
    return text[:end], text[end:]


def _open_fence(text: str) -> bool:
    """Whether a code block has begun and not ended: only a fence of the same sign and at least its length ends it."""
    fence = ""
    for match in FENCE.finditer(text):
        sign = match[1]
        if not fence:
            fence = sign
        elif sign.startswith(fence):
            fence = ""
    return bool(fence)
