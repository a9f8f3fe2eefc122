"""Training from scratch: the phrases, varied without end, into a small Llama."""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (what everybody calls it)

from guide import phrases, wordpieces
from guide.augment import Augmenter
from guide.llama import Llama, Shape
from guide.normal import normal, prompt
from guide.phrases import DECLINE, Phrase

HELD_EVERY = 40  # one phrase in this many is held out, to watch the training


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the outcome of a training."""

    languages: tuple[str, ...] = phrases.LANGUAGES
    first: int = 1200  # steps of learning word vectors alone
    steps: int = 1300
    batch: int = 64
    rate: float = 2e-3
    decay: float = 0.1
    dropout: float = 0.1
    pieces: int = 4096
    fragments: float = 0.1  # merges skipped while reading a question
    declines: float = 0.27  # share of off-topic questions
    strays: float = 0.35  # share of made-up ones among those
    plain: float = 0.15  # share of questions left as they are written
    whole: float = 0.25  # share of answers learned to their end; of the others only the opening
    opening: int = 4  # tokens
    topic: float = 1.0  # weight of naming the intent beside writing the answer
    reading: float = 0.0  # weight of predicting the question's own words
    vector: float = 0.05  # spread of the word vectors at the beginning
    average: float = 0.99  # exponential moving average of the weights
    seed: int = 7
    shape: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """One question in tokens, its answer in tokens, and the number of its intent."""

    ask: list[int]
    answer: list[int]
    intent: int


class School:
    """Draws lessons from the phrases."""

    def __init__(self, recipe: Recipe, taught: Sequence[Phrase]) -> None:
        self.recipe = recipe
        self.rng = random.Random(recipe.seed)
        self.answers = {language: phrases.answers(language) for language in recipe.languages}
        self.intents = list(next(iter(self.answers.values())))
        self._of: dict[tuple[str, str], list[str]] = defaultdict(list)
        spoken: dict[str, str] = {}  # the same words in several languages ("gguf") are answered in the first
        for phrase in taught:
            if spoken.setdefault(normal(phrase.text), phrase.language) == phrase.language:
                self._of[phrase.language, phrase.intent].append(phrase.text)
        self._vary = {
            language: Augmenter(language, [p for p in taught if p.language == language], phrases.synonyms(language))
            for language in recipe.languages
        }
        self.tokenizer = wordpieces.learn(self._texts(taught), recipe.pieces)
        self._torn = wordpieces.with_dropout(self.tokenizer, recipe.fragments)

    def question(self) -> Phrase:
        """A question as somebody might type it."""
        rng, recipe = self.rng, self.recipe
        language = rng.choice(recipe.languages)
        vary = self._vary[language]
        intent = rng.choice(self.intents[:-1])
        text = rng.choice(self._of[language, intent])
        if rng.random() < recipe.declines:
            about, text, intent = text, rng.choice(self._of[language, DECLINE]), DECLINE
            if rng.random() < recipe.strays:
                return Phrase(language, intent, vary.stray(about, text, rng))
        return Phrase(language, intent, normal(text) if rng.random() < recipe.plain else vary.vary(text, rng))

    def lesson(self, phrase: Phrase, torn: bool = True) -> Lesson:
        """The question and its answer in tokens; the question in fragments when `torn`."""
        answer = self.tokenizer.encode(self.answers[phrase.language][phrase.intent]).ids
        ask = self.read(prompt(phrase.text), torn)
        return Lesson(ask, [*answer, wordpieces.END], self.intents.index(phrase.intent))

    def read(self, text: str, torn: bool = True) -> list[int]:
        """The text in tokens, half of the time in fragments when `torn`."""
        reader = self._torn if torn and self.rng.random() < 0.5 else self.tokenizer
        return list(reader.encode(text).ids)

    def batches(self) -> Iterator[list[Lesson]]:
        """Batches without end, each of lessons with questions of the same length."""
        waiting: dict[tuple[int, bool], list[Lesson]] = defaultdict(list)
        while True:
            lesson = self._shortened(self.lesson(self.question()))
            group = waiting[len(lesson.ask), len(lesson.answer) > self.recipe.opening]
            group.append(lesson)
            if len(group) == self.recipe.batch:
                yield group[:]
                group.clear()

    def _shortened(self, lesson: Lesson) -> Lesson:
        if self.rng.random() < self.recipe.whole:
            return lesson
        return Lesson(lesson.ask, lesson.answer[: self.recipe.opening], lesson.intent)

    def _texts(self, taught: Sequence[Phrase]) -> Iterator[str]:
        for phrase in taught:
            yield " " + normal(phrase.text)
        for answers in self.answers.values():
            yield from list(answers.values()) * 4


def train(
    recipe: Recipe, taught: Sequence[Phrase], held: Sequence[Phrase] = (), snapshot=None
) -> tuple[Llama, Tokenizer]:
    """A trained model and its tokenizer; progress goes to the screen, with the score on `held` where given."""
    torch.manual_seed(recipe.seed)
    school = School(recipe, taught)
    words = math.ceil(school.tokenizer.get_vocab_size() / 32) * 32
    model = Llama(Shape(words, **recipe.shape), recipe.dropout)
    topic = nn.Linear(model.shape.width, len(school.intents))
    model.token_embd.weight.data.copy_(word_vectors(school, topic, words, model.shape.width))
    optimizer = torch.optim.AdamW(_groups(model, topic, recipe), lr=recipe.rate, betas=(0.9, 0.98))
    averaged = [weight.detach().clone() for weight in (*model.parameters(), *topic.parameters())]
    print(f"{sum(w.numel() for w in model.parameters()):,} parameters, {words} word pieces", flush=True)
    started, seen = time.monotonic(), 0
    for step, lessons in zip(range(1, recipe.steps + 1), school.batches(), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * _warm_then_cosine(step / recipe.steps)
        loss, right = _loss(model, topic, lessons, recipe)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        keep = min(recipe.average, step / (step + 10))
        torch._foreach_lerp_(averaged, [w.detach() for w in (*model.parameters(), *topic.parameters())], 1 - keep)
        seen += sum(len(lesson.ask) + len(lesson.answer) for lesson in lessons)
        if step % 200 == 0 or step == recipe.steps:
            spent = time.monotonic() - started
            score = _held_score(model, topic, averaged, school, held) if held else ""
            if snapshot:
                snapshot(model, averaged, school.tokenizer)
            print(
                f"step {step} loss {loss.item():.3f} topic {right:.2f} {spent:.0f} s {seen / spent:.0f}/s {score}",
                flush=True,
            )
    _put(averaged, model, topic)
    return model.eval(), school.tokenizer


def word_vectors(school: School, topic: nn.Linear, words: int, width: int) -> Tensor:
    """Vectors whose mean over a question tells its intent: learned in seconds, a good beginning for the model."""
    recipe = school.recipe
    vectors = nn.Embedding(words, width)
    nn.init.normal_(vectors.weight, std=0.1)
    optimizer = torch.optim.AdamW([*vectors.parameters(), *topic.parameters()], lr=1e-2, weight_decay=0.01)
    for step in range(recipe.first):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (1 - step / recipe.first)
        asked = [school.question() for _ in range(128)]
        read = [school.read(" " + phrase.text) or [0] for phrase in asked]
        seen = F.rms_norm(vectors(torch.tensor([number for ids in read for number in ids])), (width,))
        owner = torch.tensor([row for row, ids in enumerate(read) for _ in ids])
        means = torch.zeros(len(read), width).index_add_(0, owner, seen) / torch.bincount(owner)[:, None]
        named = topic(F.dropout(F.rms_norm(means, (width,)), 0.2))
        loss = F.cross_entropy(named, torch.tensor([school.intents.index(phrase.intent) for phrase in asked]))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if step % 500 == 499:
            print(f"word vectors {step + 1} loss {loss.item():.3f}", flush=True)
    return F.rms_norm(vectors.weight.detach(), (width,)) * recipe.vector


def _warm_then_cosine(part: float) -> float:
    """The learning rate's share at this part of the training."""
    return min(1.0, part / 0.03) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * part)))


def _groups(model: Llama, topic: nn.Linear, recipe: Recipe) -> list[dict[str, object]]:
    weights = [*model.parameters(), *topic.parameters()]
    return [
        {"params": [w for w in weights if w.ndim == 2], "weight_decay": recipe.decay},
        {"params": [w for w in weights if w.ndim == 1], "weight_decay": 0.0},
    ]


def _loss(model: Llama, topic: nn.Linear, lessons: Sequence[Lesson], recipe: Recipe) -> tuple[Tensor, float]:
    """The loss of a batch, and the share of intents named rightly."""
    start = len(lessons[0].ask)
    length = max(len(lesson.answer) for lesson in lessons)
    ids = torch.zeros(len(lessons), start + length, dtype=torch.long)
    weights = torch.zeros(len(lessons), length)
    for row, lesson in enumerate(lessons):
        ids[row, : start + len(lesson.answer)] = torch.tensor(lesson.ask + lesson.answer)
        weights[row, : len(lesson.answer)] = 0.3
        weights[row, :4] = 1.0
    states = model(ids[:, :-1], start - 1)
    intents = torch.tensor([lesson.intent for lesson in lessons])
    named = topic(states[:, 0])
    wanted = weights > 0
    each = F.cross_entropy(model.logits(states[wanted]), ids[:, start:][wanted], reduction="none")
    loss = (each * weights[wanted]).sum() / len(lessons) / 3
    loss = loss + recipe.topic * F.cross_entropy(named, intents)
    return loss, (named.argmax(-1) == intents).float().mean().item()


def _put(weights: Sequence[Tensor], *modules: nn.Module) -> None:
    targets = [weight for module in modules for weight in module.parameters()]
    with torch.no_grad():
        for target, weight in zip(targets, weights, strict=True):
            target.copy_(weight)


@torch.no_grad()
def _held_score(
    model: Llama, topic: nn.Linear, averaged: Sequence[Tensor], school: School, held: Sequence[Phrase]
) -> str:
    """How many held-out phrases are named rightly by the averaged weights: Serai questions, declines."""
    current = [w.detach().clone() for w in (*model.parameters(), *topic.parameters())]
    _put(averaged, model, topic)
    model.eval()
    found: dict[tuple[str, bool], list[bool]] = defaultdict(list)
    for phrase in held:
        lesson = school.lesson(Phrase(phrase.language, phrase.intent, normal(phrase.text)), torn=False)
        state = model(torch.tensor([lesson.ask]))[0, -1]
        found[phrase.language, phrase.intent == DECLINE].append(int(topic(state).argmax()) == lesson.intent)
    model.train()
    _put(current, model, topic)
    scores = (f"{language}{'-' if off else '+'} {sum(hits) / len(hits):.3f}" for (language, off), hits in found.items())
    return "held " + " ".join(scores)
