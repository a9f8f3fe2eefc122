"""Many ways to type one question: synonyms, frames, lost and moved words, typing errors; and questions about nothing.

Everything works on the plain form of a question (see `normal`), and everything is drawn from the generator given.
"""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import Sequence

from guide.normal import normal
from guide.phrases import DECLINE, Phrase, Synonyms

PERSIAN = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"


class Augmenter:
    """Varies the phrases of one language."""

    def __init__(self, language: str, phrases: Sequence[Phrase], words: Synonyms) -> None:
        self._alphabet = PERSIAN if language == "fa" else string.ascii_lowercase
        self._frames = [_frame(frame) for frame in words.frames]
        self._others = _alternatives(words.groups)
        self._longest = max((phrase.count(" ") + 1 for phrase in self._others), default=1)
        about = Counter(w for p in phrases if p.intent != DECLINE for w in normal(p.text).split())
        other = Counter(w for p in phrases if p.intent == DECLINE for w in normal(p.text).split())
        self._known = frozenset(about) - frozenset(other)
        self._strange = sorted(frozenset(other) - frozenset(about)) or ["x"]

    def vary(self, text: str, rng: random.Random) -> str:
        """Another way to type this question; never empty when the question is not."""
        words = normal(text).split()
        if rng.random() < 0.65:
            words = self._swapped(words, rng, rng.choice((0.15, 0.3, 0.6)))
        if rng.random() < 0.25:
            before, after = rng.choice(self._frames)
            words = [*before, *words, *after]
        if rng.random() < 0.35:
            words = _dropped(words, rng, rng.choice((0.1, 0.2, 0.35)))
        if rng.random() < 0.2:
            words = _moved(words, rng)
        if len(words) > 3 and rng.random() < 0.12:
            words[rng.randrange(len(words))] = rng.choice(self._strange)
        if rng.random() < 0.3:
            for _ in range(rng.choice((1, 1, 2))):
                place = rng.randrange(len(words)) if words else 0
                words = [self._mistyped(w, rng) if i == place else w for i, w in enumerate(words)]
        if len(words) > 1 and rng.random() < 0.06:
            place = rng.randrange(len(words) - 1)
            words[place : place + 2] = [words[place] + words[place + 1]]
        return " ".join(words) or normal(text)

    def stray(self, about: str, other: str, rng: random.Random) -> str:
        """A question that must be declined: a Serai question about strange things, a mixture, or plain nonsense."""
        kind = rng.random()
        if kind < 0.45:
            words = normal(about).split()
            strange = [rng.choice(self._strange) if w in self._known else w for w in words]
            if strange != words:
                return " ".join(strange)
        if kind < 0.7:
            return " ".join(rng.choice(self._strange) for _ in range(rng.randint(1, 5)))
        if kind < 0.85:
            words = normal(other).split()
            words.insert(rng.randint(0, len(words)), rng.choice(self._strange))
            return " ".join(words)
        return " ".join(self._nonsense(rng) for _ in range(rng.choice((1, 1, 1, 2, 3))))

    def _swapped(self, words: list[str], rng: random.Random, rate: float) -> list[str]:
        """The words with some of their groups exchanged, longest match first."""
        out: list[str] = []
        place = 0
        while place < len(words):
            for length in range(min(self._longest, len(words) - place), 0, -1):
                others = self._others.get(" ".join(words[place : place + length]))
                if others:
                    chosen = rng.choice(others) if rng.random() < rate else " ".join(words[place : place + length])
                    out += chosen.split()
                    place += length
                    break
            else:
                out.append(words[place])
                place += 1
        return out

    def _mistyped(self, word: str, rng: random.Random) -> str:
        if len(word) < 4:
            return word
        at = rng.randrange(len(word) - 1)
        kind = rng.randrange(4)
        if kind == 0:
            return word[:at] + word[at + 1 :]
        if kind == 1:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if kind == 2:
            return word[:at] + word[at] + word[at:]
        return word[:at] + rng.choice(self._alphabet) + word[at + 1 :]

    def _nonsense(self, rng: random.Random) -> str:
        return "".join(rng.choice(self._alphabet) for _ in range(rng.randint(1, 10)))


def _frame(frame: str) -> tuple[list[str], list[str]]:
    """The words before and after the place of the question; a frame without a place stands before it."""
    before, _, after = frame.partition("…")
    return normal(before).split(), normal(after).split()


def _alternatives(groups: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """For every phrase of the groups, what may stand in its place."""
    found: dict[str, list[str]] = {}
    for group in groups:
        members = list(dict.fromkeys(normal(member) for member in group))
        for member in members:
            found.setdefault(member, []).extend(other for other in members if other != member)
    found.pop("", None)
    return {member: others for member, others in found.items() if others}


def _dropped(words: list[str], rng: random.Random, rate: float) -> list[str]:
    kept = [word for word in words if rng.random() > rate]
    return kept if 2 * len(kept) >= len(words) else words


def _moved(words: list[str], rng: random.Random) -> list[str]:
    """Two neighbours exchanged, or the end put first."""
    if len(words) < 2:
        return words
    at = rng.randrange(1, len(words))
    if rng.random() < 0.5:
        return words[at:] + words[:at]
    return [*words[: at - 1], words[at], words[at - 1], *words[at + 1 :]]
