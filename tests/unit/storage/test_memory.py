from __future__ import annotations

import pytest

from serai.storage.database import Database
from serai.storage.memory import Memory


async def test_what_was_never_set_is_the_default(db: Database) -> None:
    assert await Memory(db).get("running", []) == []


async def test_the_last_value_is_remembered_after_a_restart(url: str) -> None:
    first = Database.open(url)
    await Memory(first).set("running", ["old"])
    await Memory(first).set("running", ["serai-guide", "گپ"])
    await first.close()
    second = Database.open(url)
    assert await Memory(second).get("running") == ["serai-guide", "گپ"]
    await second.close()


@pytest.mark.parametrize("value", [1, 2.5, True, "7", "گپ", [], {"a": None}])
async def test_a_value_keeps_its_type(db: Database, value: object) -> None:
    await Memory(db).set("key", value)
    assert await Memory(db).get("key") == value
    assert type(await Memory(db).get("key")) is type(value)


async def test_none_is_a_value_too(db: Database) -> None:
    await Memory(db).set("key", None)
    assert await Memory(db).get("key", "default") is None
