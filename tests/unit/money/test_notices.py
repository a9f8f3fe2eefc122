"""What callers are told of budgets that are nearly spent, or passed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.money.bank import DAY_S, FAR, HERE, Bank, ask, open_bank

from serai.errors import StorageFailed
from serai.storage.database import Database
from serai.types import BudgetNote, Call, Limits, Principal, Usage


async def spend(bank: Bank, tokens: int, call: Call | None = None) -> Call:
    """The call, once so many tokens of it are paid."""
    call = call or ask(max_tokens=tokens)
    (await bank.money.purse.hold(call, FAR)).settle(Usage(prompt_tokens=1, completion_tokens=tokens))
    return call


def told(call: Call) -> list[tuple[str, float]]:
    return [(note.state, note.spent) for note in call.course.budgets]


async def test_a_soft_budget_is_told_when_it_is_near_and_when_it_is_passed(bank: Bank) -> None:
    budget = (await bank.money.budgets.set("key", "key_a", "month", 10, hard=False)).budget
    assert [told(await spend(bank, tokens)) for tokens in (8, 1, 1, 5)] == [
        [],
        [("near", 9.0)],
        [("passed", 10.0)],
        [("passed", 15.0)],
    ]
    (note,) = (await spend(bank, 1)).course.budgets
    about = {"kind": "key", "name": "key_a", "period": "month", "hard": False, "resets_at": 1_796_083_200.0}
    assert note == BudgetNote(id=budget.id, state="passed", limit=10.0, spent=16.0, **about)


async def test_it_is_told_before_the_answer_begins(bank: Bank) -> None:
    await bank.money.budgets.set("all", "", "day", 5, hard=False)
    await bank.spend(5, who="owner")
    call = replace(ask(max_tokens=1), principal=Principal("owner", "owner"))
    await bank.money.purse.hold(call, FAR)
    assert told(call) == [("passed", 5.0)]


async def test_a_hard_one_is_told_when_it_is_near(bank: Bank) -> None:
    limits = Limits(spend_per_day=10.0)
    await bank.spend(9, limits=limits)
    assert told(await spend(bank, 1, ask(max_tokens=1, limits=limits))) == [("passed", 10.0)]


async def test_others_spending_is_nobodys_business(bank: Bank) -> None:
    await bank.money.budgets.set("all", "", "day", 5, hard=False)
    await bank.money.budgets.set("place", "far", "day", 5, hard=False)
    assert told(await spend(bank, 9)) == []
    await bank.money.ledger.flush()
    watcher = replace(ask(max_tokens=1), principal=Principal("key_b", "b", frozenset({"infer", "monitor"})))
    assert told(await spend(bank, 1, watcher)) == [("passed", 10.0), ("passed", 10.0)]


async def test_what_costs_nothing_is_told_nothing(bank: Bank) -> None:
    await bank.money.budgets.set("key", "key_a", "day", 5, hard=False)
    await bank.spend(9)
    call = ask(HERE)
    (await bank.money.purse.hold(call, HERE)).settle(Usage(completion_tokens=3))
    assert told(call) == []


async def test_a_new_day_begins_anew(bank: Bank) -> None:
    await bank.money.budgets.set("key", "key_a", "day", 5, hard=False)
    await bank.spend(9)
    bank.now += DAY_S
    assert told(await spend(bank, 1)) == []


async def test_nothing_is_read_without_budgets(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    await bank.money.start()
    monkeypatch.setattr(bank.money.notices, "_read", None)
    assert told(await spend(bank, 1)) == []


async def test_what_others_spend_is_seen_within_a_while(url: str) -> None:
    seconds = [0.0]
    bank, other = (open_bank(Database.open(url), lambda: seconds[0]) for _ in range(2))
    await bank.money.budgets.set("key", "key_a", "day", 5, hard=False)
    await spend(bank, 1)
    await bank.money.ledger.flush()
    await other.spend(9)
    seconds[0] += 2
    await spend(bank, 1)
    reading = bank.money.notices._reading
    assert reading is not None
    await reading
    assert told(await spend(bank, 1)) in ([("passed", 11.0)], [("passed", 12.0)])
    for one in (bank, other):
        await one.money.close()
        await one.db.close()


async def test_what_cannot_be_read_is_not_told(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    await bank.money.budgets.set("key", "key_a", "day", 5, hard=False)

    async def gone(_work: object) -> None:
        raise StorageFailed("The disk is gone.", cause="gone")

    await bank.spend(9)
    bank.now += DAY_S
    monkeypatch.setattr(bank.db, "read", gone)
    assert told(await spend(bank, 9)) == []
