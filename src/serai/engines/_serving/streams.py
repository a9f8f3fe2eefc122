"""From tokens to text that may be shown: whole characters only, and nothing of a stop text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_UNKNOWN = "\ufffd"
_LONGEST_CHARACTER = 4
_WINDOW = 64
_BEFORE = 6


class Characters:
    """Decodes tokens as they come. Each piece is what its tokens add to the text before them, so spaces between
    words are right; half a character waits for its other half."""

    def __init__(self, decode: Callable[[Sequence[int]], str], before: Sequence[int] = ()) -> None:
        self._decode = decode
        self._tokens = list(before[-_BEFORE:])
        self._told = len(self._tokens)

    def push(self, token: int) -> str:
        self._tokens.append(token)
        piece = self._new()
        waiting = len(self._tokens) - self._told
        if piece.endswith(_UNKNOWN) and waiting <= _LONGEST_CHARACTER:
            return ""
        if piece or waiting > _WINDOW:
            del self._tokens[: self._told]
            self._told = len(self._tokens)
        return piece

    def flush(self) -> str:
        """What still waits, without half a character."""
        piece = self._new().rstrip(_UNKNOWN)
        self._told = len(self._tokens)
        return piece

    def _new(self) -> str:
        known = self._decode(self._tokens[: self._told])
        whole = self._decode(self._tokens)
        return whole[len(known) :] if len(whole) > len(known) else ""


class Stops:
    """Lets text through up to the first stop text. What could be the beginning of one waits."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.reached = ""
        """The one that was."""
        self._texts = tuple(text for text in texts if text)
        self._held = ""

    def push(self, piece: str) -> tuple[str, bool]:
        """The text that is safe to show, and whether a stop text was reached."""
        text = self._held + piece
        found = [(at, stop) for stop in self._texts if (at := text.find(stop)) >= 0]
        if found:
            self._held = ""
            at, self.reached = min(found)
            return text[:at], True
        keep = beginning(text, self._texts)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep], False

    def flush(self) -> str:
        text, self._held = self._held, ""
        return text


def beginning(text: str, wanted: Sequence[str]) -> int:
    """How many characters at the end of the text could be the beginning of one of those wanted."""
    longest = max((len(one) for one in wanted), default=1) - 1
    for size in range(min(longest, len(text)), 0, -1):
        tail = text[len(text) - size :]
        if any(one.startswith(tail) for one in wanted):
            return size
    return 0
