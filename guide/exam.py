"""The exam: the finished GGUF is asked through llama.cpp, greedily, just as a user asks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import xllamacpp

from guide import phrases
from guide.phrases import DECLINE, Phrase


@dataclass(frozen=True)
class Mark:
    """A question, the answer given, and the intent that answer belongs to (`?` when it is no whole answer)."""

    phrase: Phrase
    said: str
    meant: str

    @property
    def right(self) -> bool:
        """Whether the very answer that belongs to the question was given."""
        return self.meant == self.phrase.intent


@dataclass(frozen=True)
class Score:
    """How many questions were asked, and how many answered rightly."""

    right: int
    asked: int

    @property
    def share(self) -> float:
        """The right ones among all."""
        return self.right / max(1, self.asked)

    def __str__(self) -> str:
        return f"{self.right}/{self.asked} ({self.share:.1%})"


@dataclass(frozen=True)
class Result:
    """One language: questions about Serai, off-topic questions, and phrases it was taught."""

    language: str
    unseen: Score
    declined: Score
    taught: Score

    def __str__(self) -> str:
        return f"{self.language}: unseen {self.unseen}, declined {self.declined}, taught {self.taught}"


class Candidate:
    """A GGUF model that can be asked."""

    def __init__(self, path: Path, threads: int) -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx, params.n_parallel, params.warmup, params.verbosity = 512, 1, False, 0
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        self._server = xllamacpp.Server(params)

    def ask(self, text: str) -> str:
        """The answer to one question, with the model's own sampling defaults."""
        reply = self._server.handle_chat_completions(
            {"messages": [{"role": "user", "content": text}], "max_tokens": 120}
        )
        return str(reply["choices"][0]["message"]["content"])


def mark(candidate: Candidate, asked: Sequence[Phrase]) -> list[Mark]:
    """Every question with its answer."""
    marks = []
    for phrase in asked:
        said = candidate.ask(phrase.text).strip()
        meant = next((i for i, answer in phrases.answers(phrase.language).items() if answer == said), "?")
        marks.append(Mark(phrase, said, meant))
    return marks


def examine(candidate: Candidate, language: str, every: int = 1) -> tuple[Result, list[Mark]]:
    """The result of one language, and the marks of the exam; of the taught phrases each `every`th is asked."""
    marks = mark(candidate, phrases.unseen(language))
    taught = mark(candidate, phrases.training(language)[::every])
    result = Result(
        language,
        _score([m for m in marks if m.phrase.intent != DECLINE]),
        _score([m for m in marks if m.phrase.intent == DECLINE]),
        _score(taught),
    )
    return result, marks


def write_misses(marks: Sequence[Mark], path: Path) -> None:
    """The wrong answers, one per line: what was wanted, what was meant, the question, what was said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wrong = [m for m in marks if not m.right]
    lines = (f"{m.phrase.language}\t{m.phrase.intent}\t{m.meant}\t{m.phrase.text}\t{m.said}\n" for m in wrong)
    path.write_text("".join(lines), encoding="utf-8")


def _score(marks: Sequence[Mark]) -> Score:
    return Score(sum(m.right for m in marks), len(marks))
