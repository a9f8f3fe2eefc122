"""The guide's own byte-level BPE: learned from its words, split as llama.cpp splits for `llama-bpe`."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
END = SPECIAL.index("<|im_end|>")
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def learn(texts: Iterable[str], size: int) -> Tokenizer:
    """A tokenizer of about `size` pieces; the words of the chat frame are pieces of their own."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(SPLIT), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=3,
        show_progress=False,
    )
    tokenizer.train_from_iterator([*texts, *["user\n", "assistant\n"] * 1000], trainer)
    return tokenizer


def with_dropout(tokenizer: Tokenizer, rate: float) -> Tokenizer:
    """The same pieces, but merges are skipped at random: the model learns to read words in fragments."""
    twin = Tokenizer.from_str(tokenizer.to_str())
    twin.model.dropout = rate
    return twin


def merges(tokenizer: Tokenizer) -> list[str]:
    """The merges in order, each as `left right`."""
    pairs = json.loads(tokenizer.to_str())["model"]["merges"]
    return [pair if isinstance(pair, str) else " ".join(pair) for pair in pairs]
