from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.fakes.waiting import until
from tests.unit.monitor.house import House
from tests.unit.monitor.receiving import Receiver, receiving

from serai.errors import BadRequest, NotFound
from serai.monitor import mailbox
from serai.monitor.hooks import DEAD
from serai.monitor.messages import Outcome
from serai.monitor.occurrences import Occurrence
from serai.storage.database import Database


@pytest_asyncio.fixture
async def house(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(mailbox, "WAITS", (0.0, 0.0))
    made = House(db, tmp_path)
    yield made
    await made.hooks.close()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def test_a_message_is_signed_and_taken(house: House, receiver: Receiver) -> None:
    _, secret = await house.hooks.add(receiver.url, ["budget"], private=True)
    house.tell()
    await until(lambda: bool(receiver.taken))
    message = receiver.taken[0]
    assert (message["id"], message["type"], message["data"]) == ("event_0", "budget", {"number": 0})
    assert receiver.is_signed(secret) and not receiver.is_signed("whsec_AAAA")
    assert abs(int(receiver.headers[0]["webhook-timestamp"]) - time.time()) < 60


async def test_only_what_was_asked_for_is_told_in_its_order(house: House, receiver: Receiver) -> None:
    await house.hooks.add(receiver.url, ["budget"], private=True)
    for number in range(5):
        house.tell("budget", number)
        house.tell("job.ended", number)
    await until(lambda: len(receiver.taken) == 5)
    assert [message["data"]["number"] for message in receiver.taken] == [0, 1, 2, 3, 4]


async def test_what_may_pass_is_tried_again_until_it_is_taken(house: House, receiver: Receiver) -> None:
    receiver.statuses = [503, 429]
    hook, _ = await house.hooks.add(receiver.url, [], private=True)
    house.tell()
    await until(lambda: bool(receiver.taken))
    assert receiver.tried == 3
    await house.hooks.close()
    [known] = await house.hooks.list()
    assert (known.id, known.failures, known.error) == (hook.id, 0, "")


async def test_a_refusal_and_a_redirect_are_tried_once(house: House, receiver: Receiver) -> None:
    receiver.statuses = [400, 302]
    await house.hooks.add(receiver.url, [], private=True)
    for number in range(3):
        house.tell(number=number)
    await until(lambda: bool(receiver.taken))
    assert receiver.tried == 3 and receiver.taken[0]["data"] == {"number": 2}


async def test_a_dead_hook_is_told_once_and_tried_less(house: House, receiver: Receiver) -> None:
    receiver.statuses = [500] * 100
    hook, _ = await house.hooks.add(receiver.url, [], private=True)
    for number in range(DEAD + 2):
        house.tell(number=number)
    await until(lambda: receiver.tried == DEAD * 3 + 2)
    receiver.statuses = []
    house.tell(number=99)
    await until(lambda: bool(receiver.taken))
    assert [data["id"] for _, data in house.events] == [hook.id]
    assert "500" in house.events[0][1]["error"]


async def test_a_private_address_is_refused_unless_that_was_allowed(house: House, receiver: Receiver) -> None:
    hook, _ = await house.hooks.add(receiver.url, [])
    told = await house.hooks.test(hook.id)
    assert (told["taken"], receiver.tried) == (False, 0) and "private network" in told["error"]


async def test_a_test_is_one_message(house: House, receiver: Receiver) -> None:
    hook, secret = await house.hooks.add(receiver.url, [], private=True)
    assert (await house.hooks.test(hook.id))["taken"]
    assert receiver.taken[0]["type"] == "test" and receiver.is_signed(secret)
    receiver.statuses = [500]
    assert "status 500" in (await house.hooks.test(hook.id))["error"]
    assert (await house.hooks.list())[0].failures == 1


async def test_one_that_is_gone_is_told_nothing(house: House, receiver: Receiver) -> None:
    hook, _ = await house.hooks.add(receiver.url, [], private=True)
    await house.hooks.remove(hook.id)
    house.tell()
    assert await house.hooks.list() == [] and await house.secrets.names() == []
    for act in (house.hooks.remove, house.hooks.test):
        with pytest.raises(NotFound):
            await act(hook.id)
    assert receiver.tried == 0


@pytest.mark.parametrize("url", ["", "ftp://a/b", "nowhere", "http://", "https://a:b@c.example/", "http://[::1"])
async def test_what_is_no_address_is_refused(house: House, url: str) -> None:
    with pytest.raises(BadRequest):
        await house.hooks.add(url, [])


async def test_a_mailbox_is_bounded_and_says_what_it_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "WAITING", 3)
    settled: list[Outcome] = []

    async def attempt(occurrence: Occurrence) -> Outcome:
        return Outcome("It is away.")

    async def settle(_occurrence: Occurrence, outcome: Outcome) -> bool:
        settled.append(outcome)
        return True

    box = mailbox.Mailbox(attempt, settle)
    for number in range(10):
        box.put(Occurrence(str(number), "test", 0.0, {}))
    await until(lambda: len(settled) == 3)
    await box.close()
    assert "7 messages were dropped" in settled[0].error


async def test_one_message_s_fault_keeps_back_no_other() -> None:
    sent: list[str] = []

    async def attempt(occurrence: Occurrence) -> Outcome:
        sent.append(occurrence.id)
        if occurrence.id == "0":
            raise ValueError
        return Outcome()

    async def settle(_occurrence: Occurrence, outcome: Outcome) -> bool:
        return True

    box = mailbox.Mailbox(attempt, settle)
    box.put(Occurrence("0", "test", 0.0, {}))
    box.put(Occurrence("1", "test", 0.0, {}))
    await until(lambda: sent == ["0", "1"])
    await box.close()
