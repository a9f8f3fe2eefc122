from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from tests.unit.money.bank import DAY_S, HERE, Bank, open_bank

from serai.errors import LedgerFailed, OverBudget, StorageFailed
from serai.storage.database import Database
from serai.types import Usage

DONE = Usage(prompt_tokens=1, completion_tokens=1, total_s=1.0)


async def total(bank: Bank) -> int:
    return sum((await bank.states()).values())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=1, max_size=40), seed=st.integers())
def test_calls_at_once_never_overspend_a_hard_budget(
    calls: list[tuple[int, int]], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def run() -> None:
        db = Database.open(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'serai.db'}")
        banks = [open_bank(db), open_bank(db)]
        dice = random.Random(seed)
        await banks[0].money.budgets.set("key", "key_a", "day", 20)
        await banks[1].money.rules.read()

        async def one(worst: int, used: int) -> None:
            bank = dice.choice(banks)
            try:
                hold = await bank.hold(worst)
            except OverBudget:
                return
            await asyncio.sleep(0)
            hold.settle(Usage(prompt_tokens=1, completion_tokens=min(used, worst)) if used else Usage())
            assert await total(bank) <= 20

        await asyncio.gather(*(one(*call) for call in calls))
        for bank in banks:
            await bank.money.close()
        spent = await total(banks[0])
        standing = (await banks[0].money.budgets.all())[0]
        assert spent <= 20 and standing.spent == spent * 10**9
        await db.close()

    asyncio.run(run())


async def test_two_processes_share_one_budget(bank: Bank, url: str) -> None:
    await bank.money.budgets.set("all", "", "month", 10)
    other = open_bank(Database.open(url))
    assert await bank.spend(6) == 6.0
    with pytest.raises(OverBudget):
        await other.hold(5, who="key_b")
    assert await other.spend(4, who="key_b") == 4.0
    with pytest.raises(OverBudget, match="What may be spent here is spent"):
        await bank.hold(1)
    await other.money.close()
    await other.db.close()


async def test_a_cancelled_hold_gives_its_money_back(bank: Bank) -> None:
    await bank.money.budgets.set("key", "key_a", "day", 5)
    for _ in range(20):
        asked = asyncio.create_task(bank.hold(5))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
    await asyncio.gather(*bank.money.ledger._asked)
    assert await bank.spend(5) == 5.0


def shrink(connection: Connection) -> None:
    """From here on the disk is full."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


def widen(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA max_page_count=1000000")


async def fill(bank: Bank) -> None:
    """Spends until nothing can be written any more."""
    for number in range(2000):
        (await bank.hold(1)).settle(DONE)
        try:
            await bank.money.ledger.flush()
        except LedgerFailed:
            return
        assert number < 1999


async def test_a_full_disk_refuses_what_costs_and_lets_the_rest_go_on(bank: Bank) -> None:
    await bank.spend(1)
    await bank.db.write(shrink)
    await fill(bank)
    with pytest.raises(LedgerFailed, match=r"What calls cost cannot be written down now\. The disk") as caught:
        await bank.hold(1)
    assert (caught.value.status, caught.value.facts["cause"]) == (503, "full")
    assert (await bank.hold(1, HERE)).settle(DONE) == 0.0
    before = len(await bank.rows())
    await bank.db.write(widen)
    assert await bank.spend(1) == 1.0
    rows = await bank.rows()
    assert len(rows) == before + 3  # the one that could not be written is not lost; the free one's day


async def test_under_a_hard_budget_a_full_disk_is_found_before_the_call(bank: Bank) -> None:
    await bank.money.budgets.set("key", "key_a", "day", 1_000_000)
    await bank.spend(1)
    await bank.db.write(shrink)

    async def until_refused() -> None:
        for _ in range(2000):
            (await bank.hold(1)).settle(DONE)

    with pytest.raises(LedgerFailed):
        await until_refused()
    await bank.db.write(widen)
    (await bank.hold(1)).settle(DONE)


async def test_a_transaction_of_which_nobody_heard_is_not_written_twice(bank: Bank) -> None:
    write, bank.db.write = bank.db.write, None  # type: ignore[method-assign, assignment]

    async def deaf(work: object) -> object:
        await write(work)  # type: ignore[arg-type]
        raise StorageFailed("The connection was lost.", cause="unreachable")

    bank.db.write = deaf  # type: ignore[method-assign, assignment]
    await bank.money.rules.read()
    (await bank.hold(2)).settle(Usage(prompt_tokens=1, completion_tokens=2))
    with pytest.raises(LedgerFailed):
        await bank.money.ledger.flush()
    bank.db.write = write  # type: ignore[method-assign]
    await bank.money.ledger.flush()
    assert await bank.states() == {"counted": 2}


async def test_what_costs_is_written_without_anybody_asking(bank: Bank) -> None:
    (await bank.hold(2)).settle(DONE)
    async with asyncio.timeout(10):
        while not await bank.rows():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_the_day_of_a_call_is_that_in_which_it_began(bank: Bank) -> None:
    await bank.money.budgets.set("key", "key_a", "day", 5)
    late = await bank.hold(5)
    bank.now += DAY_S
    assert await bank.spend(5) == 5.0
    late.settle(Usage(prompt_tokens=1, completion_tokens=5))
    with pytest.raises(OverBudget):
        await bank.hold(1)
    bank.now -= DAY_S
    with pytest.raises(OverBudget):
        await bank.hold(1)


async def test_what_nobody_expected_fails_closed_too(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a fault")

    await bank.money.budgets.set("key", "key_a", "day", 5)
    with monkeypatch.context() as patched:
        patched.setattr("serai.money.charges.post", broken)
        with pytest.raises(LedgerFailed) as caught:
            await bank.hold(1)
        assert "a fault" not in str(caught.value.as_dict())
    assert await bank.spend(1) == 1.0


async def test_a_database_that_is_away_is_told_without_its_address(bank: Bank) -> None:
    async def away(work: object) -> object:
        raise StorageFailed("The database cannot be reached.", cause="unreachable", database="postgresql://host/x")

    await bank.hold(1, HERE)
    bank.db.write, write = away, bank.db.write  # type: ignore[method-assign, assignment]
    (await bank.hold(1)).settle(DONE)
    with pytest.raises(LedgerFailed):
        await bank.money.ledger.flush()
    with pytest.raises(LedgerFailed) as caught:
        await bank.hold(1)
    assert caught.value.facts == {"cause": "unreachable"}
    bank.db.write = write  # type: ignore[method-assign]
