from __future__ import annotations

import pytest
from tests.unit.money.bank import DARK, FAR, HERE, Bank, ask

from serai.errors import OverBudget
from serai.types import FEATURE_EXTRACTION, TOKEN_COUNT, Limits, Usage

DONE = Usage(prompt_tokens=2, completion_tokens=3, total_s=1.0)


async def test_this_machine_costs_nothing_and_is_one_row_a_day(bank: Bank) -> None:
    for _ in range(3):
        assert (await bank.hold(model=HERE)).settle(DONE) == 0.0
    await bank.money.ledger.flush()
    (row,) = await bank.rows()
    assert (row.calls, row.completion_tokens, row.cost, row.state) == (3, 9, 0, "free")


async def test_a_service_is_charged_for_what_was_counted(bank: Bank) -> None:
    assert (await bank.hold(50)).settle(DONE) == 3.0
    await bank.money.ledger.flush()
    (row,) = await bank.rows()
    assert (row.cost, row.state, row.place, row.principal) == (3 * 10**9, "counted", "far", "key_a")


async def test_an_unknown_price_is_unknown_and_not_nothing(bank: Bank) -> None:
    assert (await bank.hold(model=DARK)).settle(DONE) is None
    assert bank.money.purse.estimate(ask(DARK), DARK) is None
    await bank.money.ledger.flush()
    assert [row.cost for row in await bank.rows()] == [None]


async def test_settling_twice_charges_once(bank: Bank) -> None:
    hold = await bank.hold(5)
    assert [hold.settle(DONE), hold.settle(DONE)] == [3.0, 3.0]
    await bank.money.ledger.flush()
    assert len(await bank.rows()) == 1


async def test_what_never_began_costs_nothing_and_gives_back_what_was_held(bank: Bank) -> None:
    await bank.money.budgets.set("key", "key_a", "day", 5)
    assert (await bank.hold(5)).settle(Usage()) == 0.0
    await bank.money.ledger.flush()
    assert await bank.rows() == []
    assert await bank.spend(5) == 5.0


async def test_what_broke_off_is_charged_for_its_prompt_at_least(bank: Bank) -> None:
    bank.quotes["dear"] = {"input": 1e6, "output": 1e6}
    cost = (await bank.hold(5, text="x" * 1000)).settle(Usage(completion_tokens=2, total_s=1.0))
    assert cost is not None and 500 + 2 <= cost < 600
    await bank.money.ledger.flush()
    assert [row.state for row in await bank.rows()] == ["estimated"]


async def test_what_the_service_says_it_cost_is_what_it_cost(bank: Bank) -> None:
    assert (await bank.hold(5)).settle(Usage(completion_tokens=2, cost=0.25)) == 0.25


async def test_an_answer_that_was_known_costs_nothing(bank: Bank) -> None:
    assert (await bank.hold(5)).settle(Usage(completion_tokens=2, from_cache=True)) == 0.0


async def test_cached_tokens_cost_what_they_cost(bank: Bank) -> None:
    bank.quotes["dear"] = {"input": 10.0, "cached_input": 1.0}
    assert (await bank.hold()).settle(Usage(prompt_tokens=3_000_000, cached_tokens=1_000_000)) == 21.0


async def test_a_call_says_what_it_may_cost_at_most(bank: Bank) -> None:
    estimate = bank.money.purse.estimate
    assert estimate(ask(max_tokens=7), FAR) == 7.0
    assert estimate(ask(), FAR) == 100.0  # as long as the context is
    assert estimate(ask(HERE), HERE) == 0.0
    assert estimate(ask(task=FEATURE_EXTRACTION), FAR) == 0.0
    assert estimate(ask(task=TOKEN_COUNT), DARK) == 0.0


async def test_a_call_that_may_cost_more_than_it_wishes_is_refused(bank: Bank) -> None:
    await bank.hold(3, max_cost=3.0)
    with pytest.raises(OverBudget, match=r"up to \$4.00, and is to cost \$3.00") as caught:
        await bank.hold(4, max_cost=3.0)
    assert caught.value.facts["period"] == "call" and caught.value.status == 402
    with pytest.raises(OverBudget, match="not known"):
        await bank.hold(model=DARK, max_cost=3.0)


async def test_a_keys_own_limit_is_a_hard_budget(bank: Bank) -> None:
    limits = Limits(spend_per_day=10.0)
    assert await bank.spend(6, limits=limits) == 6.0
    with pytest.raises(OverBudget) as caught:
        await bank.hold(5, limits=limits)
    assert caught.value.message == (
        "This call may cost up to $5.00, and of the $10.00 a day for this key, $4.00 is left."
    )
    assert (caught.value.facts["limit"], caught.value.facts["spent"], caught.value.facts["period"]) == (
        10.0,
        6.0,
        "day",
    )
    assert await bank.spend(4, limits=limits) == 4.0


async def test_an_unknown_price_is_refused_under_a_hard_budget_unless_it_is_allowed(bank: Bank) -> None:
    await bank.money.budgets.set("key", "key_a", "day", 5)
    with pytest.raises(OverBudget, match="What far/dark costs is not known"):
        await bank.hold(model=DARK)
    await bank.money.budgets.set("key", "key_a", "day", 5, unknown=True)
    assert (await bank.hold(model=DARK)).settle(DONE) is None


async def test_an_answer_of_any_length_is_refused_under_a_hard_budget(bank: Bank) -> None:
    await bank.money.budgets.set("place", "far", "month", 5)
    endless = FAR.__class__(name="far/dear", task="text-generation", place="far")
    with pytest.raises(OverBudget) as caught:
        await bank.money.purse.hold(ask(endless), endless)
    assert caught.value.hint == "Say how long it may be at most: max_tokens."


async def test_an_override_makes_this_machine_cost_and_a_service_free(bank: Bank) -> None:
    await bank.money.prices.set("org/*", {"output": 1e6})
    await bank.money.prices.set("far/dark", {})
    assert await bank.spend(2, HERE) == 2.0
    assert await bank.spend(2, DARK) == 0.0
    await bank.money.prices.remove("org/*")
    assert await bank.spend(2, HERE) == 0.0
