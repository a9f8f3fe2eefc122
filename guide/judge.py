"""Which topics the model finds, and how readily it declines: judged on questions that it was not trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from guide import phrases
from guide.llama import Llama
from guide.normal import normal, prompt
from guide.phrases import DECLINE, Phrase

if TYPE_CHECKING:
    from guide.train import School

WEIGHTS = torch.arange(-2.0, 6.0, 0.125)
"""How much more readily a decline may be chosen, in units of its score."""


def topics_found(model: Llama, school: School, asked: Sequence[Phrase]) -> str:
    """How many phrases find their topic: Serai questions (+), declines (-), by language."""
    wanted = [school.topic(phrase) for phrase in asked]
    named = model.logits(states(model, school, asked)).argmax(-1).tolist()
    found: dict[str, list[bool]] = defaultdict(list)
    for phrase, want, name in zip(asked, wanted, named, strict=True):
        found[phrase.language + ("-" if phrase.intent == DECLINE else "+")].append(want == name)
    return " ".join(f"{name} {sum(hits) / len(hits):.3f}" for name, hits in found.items())


def weigh_declines(model: Llama, school: School, caution: float) -> None:
    """Makes each language decline just so readily that this share of its off-topic tuning questions is declined.

    The last word of every prompt is the same, so its code, which the mean over the question leaves alone, is a constant
    in the state that names the topic: along it the decline's row can be raised without touching what words mean.
    """
    for language in school.recipe.languages:
        asked = phrases.tuning(language)
        seen = states(model, school, asked)
        row = school.topic(Phrase(language, DECLINE, ""))
        code = seen.mean(0)
        code[: model.shape.meaning] = 0
        code /= code.square().sum()
        off_topic = torch.tensor([phrase.intent == DECLINE for phrase in asked])
        weight = smallest_weight(model.logits(seen), off_topic, seen @ code, row, caution)
        with torch.no_grad():
            model.output.weight[row] += weight * code
        print(f"declines weighed by {weight:+.2f}:", topics_found(model, school, asked), flush=True)


@torch.no_grad()
def states(model: Llama, school: School, asked: Sequence[Phrase]) -> Tensor:
    """For every question the state that names its topic."""
    read = [torch.tensor([school.read(prompt(normal(phrase.text)), torn=False)]) for phrase in asked]
    return torch.cat([model(ids, ids.shape[1] - 1)[:, 0] for ids in read])


def smallest_weight(scores: Tensor, off_topic: Tensor, slope: Tensor, row: int, caution: float) -> float:
    """The smallest weight on this row (times each question's slope) with which enough off-topic questions choose it."""
    ours, slope = scores[off_topic], slope[off_topic]
    rivals = ours.index_fill(1, torch.tensor([row]), -torch.inf).amax(1)
    for weight in WEIGHTS.tolist():
        if (ours[:, row] + weight * slope > rivals).float().mean() >= caution:
            return float(weight)
    return float(WEIGHTS[-1])
