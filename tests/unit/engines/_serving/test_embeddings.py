"""Embeddings of many callers: gathered, each gets its own, and one's fault is not another's."""

import asyncio
import threading

import pytest
from tests.fakes.waiting import until

from serai.engines._serving.embeddings import Embeddings, answer, texts_of
from serai.engines._serving.refused import Refused, too_long


class Counting:
    """A text's vector is its length. `gate` lets computations through, `groups` are their sizes."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.at_work = threading.Event()
        self.groups: list[int] = []
        self.broken = False

    def tokens(self, texts: list[str]) -> list[list[int]]:
        if max(map(len, texts)) > 99:
            raise too_long(max(map(len, texts)), 99)
        return [[1] * len(text) for text in texts]

    def vectors(self, tokens: list[list[int]]) -> list[list[float]]:
        self.at_work.set()
        self.gate.wait(10)
        self.groups.append(len(tokens))
        if self.broken:
            raise RuntimeError("no more memory")
        return [[float(len(one))] for one in tokens]


async def test_those_who_come_meanwhile_go_together_and_each_gets_its_own() -> None:
    counting = Counting()
    embeddings = Embeddings(counting)
    calls = [asyncio.create_task(embeddings.of(["a", "b"]))]
    await until(counting.at_work.is_set)
    calls += [asyncio.create_task(embeddings.of(["a" * n, "b"])) for n in range(2, 33)]
    await until(lambda: len(embeddings._waiting) == 31)
    counting.gate.set()
    made = await asyncio.gather(*calls)
    assert [vectors for vectors, _ in made] == [[[float(n)], [1.0]] for n in range(1, 33)]
    assert [tokens for _, tokens in made] == list(range(2, 34)) and counting.groups == [2, 62]


async def test_a_text_that_is_too_long_is_its_callers_own_fault() -> None:
    counting = Counting()
    counting.gate.set()
    embeddings = Embeddings(counting)
    made = await asyncio.gather(embeddings.of(["a" * 100]), embeddings.of(["a"]), return_exceptions=True)
    assert isinstance(made[0], Refused) and made[1] == ([[1.0]], 1)


async def test_a_caller_that_went_away_is_left_out() -> None:
    counting = Counting()
    embeddings = Embeddings(counting)
    calls = [asyncio.create_task(embeddings.of(["a"]))]
    await until(counting.at_work.is_set)
    calls += [asyncio.create_task(embeddings.of(["a"])) for _ in range(2)]
    await until(lambda: len(embeddings._waiting) == 2)
    calls[1].cancel()
    await asyncio.wait([calls[1]])
    counting.gate.set()
    await asyncio.gather(calls[0], calls[2])
    assert counting.groups == [1, 1]


async def test_a_failure_is_told_and_the_next_call_works() -> None:
    counting = Counting()
    counting.gate.set()
    counting.broken = True
    embeddings = Embeddings(counting)
    with pytest.raises(Refused, match="no more memory") as caught:
        await embeddings.of(["a"])
    assert caught.value.status == 500
    counting.broken = False
    assert await embeddings.of(["a"]) == ([[1.0]], 1)


def test_the_shape_is_openais() -> None:
    assert texts_of({"input": "a"}) == ["a"] and texts_of({"input": ["a", "b"]}) == ["a", "b"]
    for wrong in ({}, {"input": []}, {"input": [1]}, [], None):
        with pytest.raises(Refused):
            texts_of(wrong)
    assert answer("m", [[1.0]], 3)["data"] == [{"object": "embedding", "index": 0, "embedding": [1.0]}]
