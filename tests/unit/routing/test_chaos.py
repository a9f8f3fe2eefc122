"""Thirty-two clients, ten minutes, three services of which a third of all calls fail in some way at some moment.

Every client gets one coherent answer or one honest error; nothing is left behind; the ledger says what the services
themselves have counted. The minutes are the loop's own, see `tests/fakes/virtual`."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.scripted import ScriptedBackend
from tests.fakes.virtual import VirtualLoop
from tests.unit.routing.test_router import Recorder, chat

from serai.backend import Backend
from serai.errors import Busy, ModelFailed, SeraiError, TimedOut, Unreachable
from serai.money.opening import open_money
from serai.money.prices import Seller
from serai.money.purse import Clocks
from serai.routing.route import Route, Step
from serai.routing.router import Router
from serai.settings import Settings
from serai.storage.database import Database
from serai.types import Answerer, Call, Delta, Model, Usage, Wishes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CLIENTS, MINUTES, FAILING = 32, 10, 0.3
PROMPT, WORDS = 7, 20
PRICE = {"input": 1.0, "output": 2.0}  # a million tokens, in dollars
FAULTS = ("refused", "busy", "away", "failed", "silent", "cut", "stalled")


class Twin:
    """A service that counts for itself: the prompts that it began with, and the words that left it."""

    at_once = 6

    def __init__(self, name: str, dice: random.Random) -> None:
        self.name = name
        self.model = Model(name=f"{name}/m", task="text-generation", place=name, context_length=4096)
        self.active = self.begun = self.sent = self.highest = 0
        self._dice = dice

    async def models(self) -> Sequence[Model]:
        return [self.model]

    async def close(self) -> None: ...

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        self.active += 1
        self.highest = max(self.highest, self.active)
        try:
            fault = self._dice.choice(FAULTS) if self._dice.random() < FAILING else ""
            await asyncio.sleep(self._dice.uniform(0.01, 2.0))
            await self._begin(fault)
            breaks = self._dice.randrange(1, WORDS) if fault in ("cut", "stalled") else WORDS
            async for delta in self._words(breaks, fault):
                yield delta
        finally:
            self.active -= 1

    async def _begin(self, fault: str) -> None:
        errors: dict[str, SeraiError] = {
            "refused": ModelFailed("It failed.", who=self.name, status=500),
            "busy": Busy("Full.", retry_after=self._dice.randrange(1, 20)),
            "away": Unreachable("Away.", who=self.name),
            "failed": ModelFailed("The connection broke.", who=self.name),
        }
        if fault in errors:
            raise errors[fault]
        if fault == "silent":
            await asyncio.sleep(30.0)
            raise TimedOut("Silent.", who=self.name)

    async def _words(self, breaks: int, fault: str) -> AsyncGenerator[Delta, None]:
        for number in range(breaks):
            delta = Delta(text=f"{self.name}{number} ")
            if number == 0:
                delta.answerer = Answerer(model=self.model.name, backend=self.name, place=self.name)
                delta.prompt_tokens = PROMPT
                self.begun += 1
            self.sent += 1
            yield delta
            await asyncio.sleep(self._dice.uniform(0.0, 0.3))
        if fault == "cut":
            raise ModelFailed("The connection broke.", who=self.name)
        if fault == "stalled":
            await asyncio.sleep(60.0)
            raise TimedOut("Silent.", who=self.name)
        yield Delta(finish="stop", usage=Usage(prompt_tokens=PROMPT, completion_tokens=WORDS))

    @property
    def bill(self) -> float:
        return (self.begun * PROMPT * PRICE["input"] + self.sent * PRICE["output"]) / 1e6


class Client:
    """Asks again and again, in all ways; some go away in the middle."""

    def __init__(self, router: Router, dice: random.Random, outcomes: Counter[str]) -> None:
        self._router = router
        self._dice = dice
        self._outcomes = outcomes

    async def live(self, until: float) -> None:
        while asyncio.get_running_loop().time() < until:
            await asyncio.sleep(self._dice.expovariate(0.5))
            await self._ask()

    async def _ask(self) -> None:
        name = self._dice.choice(["best", "shared", "hedged", "a/m", "b/m", "c/m"])
        fallback = ("c/m", "a/m") if self._dice.random() < 0.3 else ()
        deadline = time.monotonic() + self._dice.uniform(1, 40) if self._dice.random() < 0.3 else None
        priority: Any = self._dice.choice(["high", "normal", "low"])
        leaves = self._dice.random() < 0.1
        call = chat(name, wishes=Wishes(fallback=fallback, priority=priority), deadline=deadline)
        heard: list[Delta] = []
        ended = "left"
        try:
            async with contextlib.aclosing(self._router.run(call)) as stream:
                async for delta in stream:
                    heard.append(delta)
                    if leaves and self._dice.random() < 0.2:
                        break
                else:
                    ended = "whole"
        except SeraiError as error:
            ended = error.code
        if heard and heard[-1].finish is not None:
            ended = "whole"  # also where it was left just then
        self._outcomes[ended] += 1
        _coherent(heard, whole=ended == "whole")


def _coherent(heard: list[Delta], *, whole: bool) -> None:
    """One service's words from the first on, without a gap; and an end where there should be one."""
    text = "".join(delta.text for delta in heard)
    answerers = [delta.answerer for delta in heard if delta.answerer is not None]
    if not heard:
        assert not whole
        return
    assert len(answerers) == 1 and heard[0].answerer is answerers[0]
    name = answerers[0].backend
    full = "".join(f"{name}{number} " for number in range(WORDS))
    assert full.startswith(text)
    ends = [delta for delta in heard if delta.finish is not None]
    assert len(ends) == whole and (not whole or (text == full and ends == heard[-1:]))
    if whole:
        assert ends[0].usage is not None and ends[0].usage.cost is not None


async def chaos(home: Path, seed: int) -> None:
    dice = random.Random(seed)
    twins = [Twin(name, dice) for name in "abc"]
    here = ScriptedBackend([Model(name="here", task="text-generation")], ["here0 "], "here")
    db = Database.open(f"sqlite:///{home / 'serai.db'}")
    clocks = Clocks(time.time, time.monotonic)
    money = open_money(db, lambda *_: None, lambda _place: Seller("", {"m": PRICE}.get), clocks)
    steps = (Step(model="a/m"), Step(model="b/m"), Step(model="c/m"))
    routes = {
        "best": Route(name="best", steps=steps, attempts=2, first_token_s=5.0),
        "shared": Route(name="shared", steps=steps, strategy="balance", total_s=20.0),
        "hedged": Route(name="hedged", steps=steps, hedge_s=1.0),
    }

    async def find(name: str) -> Route | None:
        return routes.get(name)

    async def services(_who: str) -> Sequence[Backend]:
        return twins

    recorder = Recorder()
    router = Router([here], recorder, [recorder], Settings, services=services, money=money.purse, route=find)
    loop, outcomes = asyncio.get_running_loop(), Counter[str]()
    before = asyncio.all_tasks()
    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(Client(router, dice, outcomes).live(loop.time() + MINUTES * 60))
    await money.ledger.flush()
    ledger = await money.usage.by("place")
    left = asyncio.all_tasks() - before
    await money.close()
    await db.close()

    assert sum(outcomes.values()) > 500 and outcomes["whole"] > sum(outcomes.values()) / 4, outcomes
    assert len(recorder.finished) == sum(outcomes.values())
    assert router.live() == [] and sum(router.care.queues().values()) == 0
    assert {task.get_name() for task in left if not task.done() and "ledger" not in repr(task)} == set(), left
    for twin in twins:
        assert twin.active == 0 and twin.highest <= twin.at_once
        row = next(one for one in ledger if one["name"] == twin.name)
        assert row["completion_tokens"] == twin.sent and row["prompt_tokens"] == twin.begun * PROMPT
        assert row["cost"] == pytest.approx(twin.bill, abs=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_doubled_or_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    loop = VirtualLoop()
    monkeypatch.setattr(time, "monotonic", loop.time)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(chaos(tmp_path, seed))
