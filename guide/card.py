"""Writes the model card beside the model, with the figures of this very run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import gguf

from guide import phrases
from guide.exam import Result

NAMES = {"en": "English", "de": "German", "fa": "Persian"}
CARD = """---
license: apache-2.0
language: [en, de, fa]
library_name: llama.cpp
pipeline_tag: text-generation
tags: [gguf, llama, trained-from-scratch]
---

# serai-guide

The model inside Serai: it answers questions about Serai in English, German and Persian, and declines everything
else. A Llama of {parameters:.1f} million parameters, trained from scratch in this repository; the file is {size:.1f} MB
(Q8_0).

## What it is for

The first chat after the start, without network and without a download: how to load a model, where the settings are,
what to do when something fails. It knows {intents} topics; each has one written answer per language, and the model's
work is to find the right one.

## What it is not for

Anything else. It has no knowledge of the world, does not hold a conversation, does not calculate, translate or
program, and cannot see files, chats or the internet. Off-topic questions get one sentence that says so. Some are
taken for a question about Serai all the same, and some questions about Serai are misunderstood: see the figures.

## How well it does

Measured on this file, through llama.cpp, greedily. An answer counts only when it is the whole expected answer, letter
by letter. The unseen questions were written by another author who had not read the training phrases; those that a
training author happened to write too were taken out.

| language | unseen questions answered | off-topic questions declined | taught phrases answered |
|---|---|---|---|
{rows}

"Taught phrases" is a sample of the training phrases. How readily it declines was set on a tuning set that is neither
taught nor in the exam.

## How it reads

The chat template renders **only the last user message**, in ChatML, and in a plain form: lower case, without
punctuation, umlauts as two letters, one spelling of the Persian letters. Then every word is spelled:
after it come its letters in threes, so that a word it never saw still looks like those it knows (this makes prompts
about six times as long in tokens). So the model gives the same answer in a long
chat, under any system prompt, and however the question is typed. It does not know what was said before. Context: 512
tokens; no token is added at the beginning; the file asks for temperature 0. The same words asked in several languages
("GGUF") are answered in English.

## How it was made

`make guide` (or `python -m guide`) repeats it from the phrases in `guide/`: word pieces and word vectors first,
on variations of the phrases (synonyms, frames, lost and moved words, typing errors) and some made-up questions to
decline: they decide the topic. Then the layers that write its answer. At last each language's decline is weighed, so
that 88 % of the off-topic questions of a tuning set (`guide/tuning`) are declined. All random choices are seeded but
one, the tokenizer's own when it reads words in fragments: a repetition comes out nearly the same. No other model and no
outside text had a part. The recipe was chosen with the exam's totals in view, so the figures flatter it a little.

SHA-256 of `{name}`: `{digest}`
"""


def write(model: Path, results: Sequence[Result]) -> None:
    """README.md beside the model."""
    text = CARD.format(
        parameters=sum(int(tensor.n_elements) for tensor in gguf.GGUFReader(model).tensors) / 1e6,
        size=model.stat().st_size / 1e6,
        intents=len(phrases.answers("en")) - 1,
        rows="\n".join(_row(result) for result in results),
        name=model.name,
        digest=hashlib.sha256(model.read_bytes()).hexdigest(),
    )
    (model.parent / "README.md").write_text(text, encoding="utf-8")


def _row(result: Result) -> str:
    scores = (result.unseen, result.declined, result.taught)
    return f"| {NAMES[result.language]} | " + " | ".join(f"{s.share:.1%} of {s.asked}" for s in scores) + " |"
