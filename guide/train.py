"""Training from scratch: the phrases, varied without end, into a small Llama."""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (what everybody calls it)

from guide import judge, phrases, wordpieces
from guide.augment import Augmenter
from guide.llama import Llama, Shape
from guide.normal import normal, prompt, spelled
from guide.phrases import DECLINE, Phrase


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the outcome of a training."""

    languages: tuple[str, ...] = phrases.LANGUAGES
    first: int = 2500  # steps of learning word vectors
    first_batch: int = 128
    lost: float = 0.15  # share of word pieces left out while word vectors are learned
    blurred: float = 0.5  # share of a question's mean left out there
    steps: int = 900  # steps of learning to write
    batch: int = 40
    rate: float = 3e-3
    decay: float = 0.02
    pieces: int = 5200
    fragments: float = 0.1  # merges skipped while reading a question in fragments
    declines: float = 0.22  # share of off-topic questions
    strays: float = 0.12  # share of made-up ones among those
    plain: float = 0.5  # share of questions left as they are written
    whole: float = 0.25  # share of questions left whole when writing is learned
    cut: int = 14  # tokens left of the others: to write an answer its topic is enough
    average: float = 0.98  # exponential moving average of the weights
    caution: float = 0.88  # share of the tuning questions that are off-topic to be declined
    seed: int = 7
    shape: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """One question in tokens, and what is to be said: a topic token, and in whole lessons the answer after it."""

    ask: list[int]
    say: list[int]


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
        self.frame = frozenset(self.tokenizer.encode("<|im_start|>user\n<|im_end|>\n<|im_start|>assistant\n").ids)
        self._torn = wordpieces.with_dropout(self.tokenizer, recipe.fragments)
        self.topics = [(language, intent) for language in recipe.languages for intent in self.intents]

    @property
    def words(self) -> int:
        """All tokens: the word pieces, then one token for every topic."""
        return self.tokenizer.get_vocab_size() + len(self.topics)

    def topic(self, phrase: Phrase) -> int:
        """The token that stands before every answer and decides it; llama.cpp does not print it."""
        return self.tokenizer.get_vocab_size() + self.topics.index((phrase.language, phrase.intent))

    def question(self, declines: float) -> Phrase:
        """A question as somebody might type it; this share of them is off-topic."""
        rng, recipe = self.rng, self.recipe
        language = rng.choice(recipe.languages)
        vary = self._vary[language]
        intent = rng.choice(self.intents[:-1])
        text = rng.choice(self._of[language, intent])
        if rng.random() < declines:
            about, text, intent = text, rng.choice(self._of[language, DECLINE]), DECLINE
            if rng.random() < recipe.strays:
                return Phrase(language, intent, vary.stray(about, text, rng))
        return Phrase(language, intent, normal(text) if rng.random() < recipe.plain else vary.vary(text, rng))

    def lesson(self) -> Lesson:
        """A question, the token of its topic, and the answer to be written after that."""
        phrase = self.question(0.02)
        answer = self.tokenizer.encode(self.answers[phrase.language][phrase.intent]).ids
        ask = self.read(prompt(phrase.text))
        whole = self.rng.random() < self.recipe.whole
        return Lesson(ask if whole else ask[-self.recipe.cut :], [self.topic(phrase), *answer, wordpieces.END])

    def read(self, text: str, torn: bool = True) -> list[int]:
        """The text in tokens, now and then in fragments when `torn`."""
        reader = self._torn if torn and self.rng.random() < 0.1 else self.tokenizer
        return list(reader.encode(text).ids)

    def batches(self) -> Iterator[list[Lesson]]:
        """Batches without end, each of lessons with questions of the same length."""
        waiting: dict[int, list[Lesson]] = defaultdict(list)
        while True:
            lesson = self.lesson()
            group = waiting[len(lesson.ask)]
            group.append(lesson)
            if len(group) == self.recipe.batch:
                yield group[:]
                group.clear()

    def _texts(self, taught: Sequence[Phrase]) -> Iterator[str]:
        for phrase in taught:
            yield " " + spelled(normal(phrase.text))
        for answers in self.answers.values():
            yield from list(answers.values()) * 12


def train(recipe: Recipe, taught: Sequence[Phrase]) -> tuple[Llama, School]:
    """A trained model and its tokenizer; progress goes to the screen, with the score on the tuning set."""
    torch.manual_seed(recipe.seed)
    school = School(recipe, taught)
    words = math.ceil(school.words / 32) * 32
    model = Llama(Shape(words, **recipe.shape))
    _begin(model, *word_vectors(school, model.shape.meaning))
    tuning = [phrase for language in recipe.languages for phrase in phrases.tuning(language)]
    print("word vectors alone:", judge.topics_found(model, school, tuning), flush=True)
    model.blk[0].requires_grad_(False)
    optimizer = torch.optim.AdamW(_groups(model, recipe), lr=recipe.rate, betas=(0.9, 0.98))
    averaged = [weight.detach().clone() for weight in model.parameters()]
    print(f"{sum(w.numel() for w in model.parameters()):,} parameters, {words} word pieces", flush=True)
    started = time.monotonic()
    for step, lessons in zip(range(1, recipe.steps + 1), school.batches(), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * _warm_then_cosine(step / recipe.steps)
        loss, right = _loss(model, lessons, school)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        _keep(model, school)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        keep = min(recipe.average, step / (step + 10))
        torch._foreach_lerp_(averaged, [w.detach() for w in model.parameters()], 1 - keep)
        if step % 200 == 0 or step == recipe.steps:
            spent = time.monotonic() - started
            print(f"step {step} loss {loss.item():.3f} right {right:.3f} {spent:.0f} s", flush=True)
    with torch.no_grad():
        for weight, mean in zip(model.parameters(), averaged, strict=True):
            weight.copy_(mean)
    print("with writing:", judge.topics_found(model, school, tuning), flush=True)
    judge.weigh_declines(model, school, recipe.caution)
    return model, school


def word_vectors(school: School, width: int) -> tuple[Tensor, Tensor]:
    """Vectors with which the mean over a question points at its topic, and the topics' own: learned in a minute."""
    recipe, first, frame = school.recipe, school.tokenizer.get_vocab_size(), school.frame
    vectors = nn.Embedding(first, width)
    topics = nn.Linear(width, len(school.topics), bias=False)
    nn.init.normal_(vectors.weight, std=0.1)
    optimizer = torch.optim.AdamW([*vectors.parameters(), *topics.parameters()], lr=1e-2, weight_decay=0.01)
    for step in range(recipe.first):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (1 - step / recipe.first)
        asked = [school.question(recipe.declines) for _ in range(recipe.first_batch)]
        read = [[n for n in school.read(prompt(phrase.text)) if n not in frame] or [0] for phrase in asked]
        seen = F.rms_norm(vectors(torch.tensor([number for ids in read for number in ids])), (width,))
        seen = seen * (torch.rand(len(seen), 1) >= recipe.lost)
        owner = torch.tensor([row for row, ids in enumerate(read) for _ in ids])
        means = torch.zeros(len(read), width).index_add_(0, owner, seen)
        named = topics(F.dropout(F.rms_norm(means, (width,)), recipe.blurred))
        loss = F.cross_entropy(named, torch.tensor([school.topic(phrase) - first for phrase in asked]))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if step % 400 == 399:
            print(f"word vectors {step + 1} loss {loss.item():.3f}", flush=True)
    known = F.rms_norm(vectors.weight.detach(), (width,))
    known[list(frame)] = 0
    return known, topics.weight.detach()


def _begin(model: Llama, vectors: Tensor, topics: Tensor) -> None:
    """Puts what the word vectors know into the model, which then begins as their equal."""
    pieces, words, meaning = len(vectors), len(vectors) + len(topics), vectors.shape[1]
    with torch.no_grad():
        embedding, output = model.token_embd.weight, model.output.weight
        embedding.normal_()
        embedding[:pieces, :meaning] = vectors
        embedding[:, meaning:] = embedding[:, meaning:].sign()
        output.normal_(std=0.02)
        output[pieces:words] = 0
        output[pieces:words, :meaning] = topics


def _warm_then_cosine(part: float) -> float:
    """The learning rate's share at this part of the training."""
    return min(1.0, part / 0.03) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * part)))


def _groups(model: Llama, recipe: Recipe) -> list[dict[str, object]]:
    """What is learned after the word vectors: all layers but the first, and the words of answers."""
    outer = [model.token_embd.weight, model.output.weight]
    later = [weight for layer in list(model.blk)[1:] for weight in layer.parameters()]
    return [{"params": outer, "weight_decay": 0.0}, {"params": later, "weight_decay": recipe.decay}]


def _keep(model: Llama, school: School) -> None:
    """Writing leaves the topics as the word vectors decide them: the vectors and the topics' rows stay, later layers
    write beside the meaning only, and what they write there counts for all topics alike."""
    pieces, meaning = school.tokenizer.get_vocab_size(), model.shape.meaning
    vectors, rows = model.token_embd.weight.grad, model.output.weight.grad
    assert vectors is not None and rows is not None
    vectors[:pieces] = 0
    rows[pieces:, :meaning] = 0
    rows[pieces:, meaning:] = rows[pieces:, meaning:].mean(0)
    for layer in list(model.blk)[1:]:
        for name in ("attn_output", "ffn_down"):
            written = layer.get_submodule(name).get_parameter("weight").grad
            assert written is not None
            written[:meaning] = 0


def _loss(model: Llama, lessons: Sequence[Lesson], school: School) -> tuple[Tensor, float]:
    """The loss of writing the answers, and of writing before a topic is named; the share of tokens found."""
    start = len(lessons[0].ask)
    length = max(len(lesson.say) for lesson in lessons)
    ids = torch.zeros(len(lessons), start + length, dtype=torch.long)
    written = torch.zeros(len(lessons), length, dtype=torch.bool)
    for row, lesson in enumerate(lessons):
        ids[row, : start + len(lesson.say)] = torch.tensor(lesson.ask + lesson.say)
        written[row, 1 : len(lesson.say)] = True
    states = model(ids[:, :-1], start - 1)
    named, wanted = model.logits(states[written]), ids[:, start:][written]
    first = model.logits(states[:, 0])
    early = first.logsumexp(-1) - first[:, school.tokenizer.get_vocab_size() : school.words].logsumexp(-1)
    loss = F.cross_entropy(named, wanted) + early.mean()
    return loss, (named.argmax(-1) == wanted).float().mean().item()
