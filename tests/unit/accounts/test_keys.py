from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from serai.accounts import keys as module
from serai.accounts.keys import Keys
from serai.errors import BadRequest, Conflict, NotFound, StorageFailed
from serai.storage import tables
from serai.storage.database import Database
from serai.types import NO_LIMITS, Limits


@pytest.fixture
async def keys(db: Database) -> AsyncIterator[Keys]:
    keys = Keys(db)
    yield keys
    await asyncio.gather(*keys._touching)


async def test_a_key_opens_and_says_who_it_is(keys: Keys) -> None:
    key, plain = await keys.create("laptop", scopes=("chat", "models"))
    principal = await keys.verify(plain)
    assert principal is not None
    assert (principal.id, principal.name, principal.scopes) == (key.id, "laptop", frozenset({"chat", "models"}))


async def test_the_plain_text_is_long_unguessable_and_kept_nowhere(keys: Keys, db: Database) -> None:
    (key, plain), (_, other) = await keys.create("a"), await keys.create("a")
    assert plain.startswith("serai-") and len(plain) == 49 and plain != other
    assert key.prefix == plain[:12]
    rows = await db.read(lambda connection: connection.execute(select(tables.keys)).all())
    assert plain not in str(rows)


@pytest.mark.parametrize(
    "plain", ["", "serai-", "sk-123", "serai-" + "x" * 43, "serai-" + "x" * 10_000_000, "serai-کلید"]
)
async def test_anything_else_opens_nothing(keys: Keys, plain: str) -> None:
    await keys.create("a")
    assert await keys.verify(plain) is None


async def test_a_revoked_key_opens_nothing_from_then_on(keys: Keys) -> None:
    key, plain = await keys.create("a")
    assert await keys.verify(plain)
    await keys.revoke(key.id)
    assert await keys.verify(plain) is None
    await keys.revoke(key.id)


async def test_what_another_process_revokes_or_creates_holds_at_once(keys: Keys, url: str) -> None:
    other = Database.open(url)
    for _ in range(20):
        key, plain = await Keys(other).create("a")
        assert await keys.verify(plain)
        await Keys(other).revoke(key.id)
        assert await keys.verify(plain) is None
    await other.close()


async def test_revoking_in_the_middle_of_verifying_is_not_remembered(keys: Keys, db: Database) -> None:
    """The row was read before the revocation, the answer comes after it: the next one must know."""
    key, plain = await keys.create("a")
    verifying = asyncio.create_task(keys.verify(plain))
    await asyncio.gather(verifying, keys.revoke(key.id))
    assert await keys.verify(plain) is None


async def test_revoking_twice_keeps_the_first_time(keys: Keys) -> None:
    key, _ = await keys.create("a")
    await keys.revoke(key.id)
    first = (await keys.list())[0].revoked_at
    await keys.revoke(key.id)
    assert (await keys.list())[0].revoked_at == first is not None


async def test_an_expired_key_opens_nothing(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    _, plain = await keys.create("a", expires_at=time.time() + 100)
    assert await keys.verify(plain) and await keys.any()
    later = time.time() + 101
    monkeypatch.setattr(module.time, "time", lambda: later)
    assert await keys.verify(plain) is None
    assert not await keys.any()


async def test_any_counts_only_what_opens(keys: Keys) -> None:
    assert not await keys.any()
    key, _ = await keys.create("a")
    assert await keys.any()
    await keys.revoke(key.id)
    assert not await keys.any()


async def test_the_list_is_newest_first_with_everything_but_the_secret(keys: Keys) -> None:
    ids = [(await keys.create(str(number)))[0].id for number in range(3)]
    await keys.revoke(ids[1])
    listed = await keys.list()
    assert [key.id for key in listed] == ids[::-1]
    assert [key.revoked_at is None for key in listed] == [True, False, True]


async def test_verifying_again_asks_the_database_nothing(
    keys: Keys, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, plain = await keys.create("a")
    await keys.verify(plain)
    await asyncio.gather(*keys._touching)
    await keys.verify(plain)
    monkeypatch.setattr(db, "read", None)
    assert await keys.verify(plain)


async def test_the_last_use_is_noted_but_not_each_time(keys: Keys) -> None:
    _, plain = await keys.create("a")
    before = time.time()
    await keys.verify(plain)
    await asyncio.gather(*keys._touching)
    used = (await keys.list())[0].last_used_at
    assert used is not None and used >= before
    await keys.verify(plain)
    assert not keys._touching


async def test_a_full_disk_locks_nobody_out(keys: Keys, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    _, plain = await keys.create("a")

    async def full(_: object) -> None:
        raise StorageFailed("full", cause="full")

    monkeypatch.setattr(db, "write", full)
    assert await keys.verify(plain)
    await asyncio.gather(*keys._touching)


async def test_strangers_do_not_fill_the_memory(keys: Keys) -> None:
    for number in range(100):
        await keys.verify(f"serai-{number:043}")
    assert keys._remembered == {}


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
async def test_a_key_needs_a_name(keys: Keys, name: str) -> None:
    with pytest.raises(BadRequest, match="needs a name"):
        await keys.create(name)


async def test_a_key_cannot_be_born_expired(keys: Keys) -> None:
    with pytest.raises(BadRequest, match="expired already"):
        await keys.create("a", expires_at=time.time() - 1)


async def test_an_unknown_key_cannot_be_revoked(keys: Keys) -> None:
    with pytest.raises(NotFound, match="no key 'key_x'"):
        await keys.revoke("key_x")


async def test_limits_are_kept_and_come_with_the_principal(keys: Keys) -> None:
    limits = Limits(models=("org/*",), requests_per_minute=60, spend_per_day=0.5)
    key, plain = await keys.create("a", limits=limits)
    assert key.scopes == ("infer",) and (await keys.get(key.id)).limits == limits
    principal = await keys.verify(plain)
    assert principal is not None and principal.limits == limits


async def test_a_key_without_limits_has_none_at_all(keys: Keys) -> None:
    _, plain = await keys.create("a", limits=Limits())
    principal = await keys.verify(plain)
    assert principal is not None and principal.limits is NO_LIMITS and principal.scopes == {"*"}


async def test_a_limit_that_a_newer_serai_wrote_opens_nothing(keys: Keys, db: Database) -> None:
    _, plain = await keys.create("a")
    unknown = tables.keys.update().values(limits={"weekdays": ["monday"]})
    await db.write(lambda connection: connection.execute(unknown))
    with pytest.raises(TypeError):
        await keys.verify(plain)


async def test_rotating_without_grace_ends_the_old_text_at_once(keys: Keys) -> None:
    key, old = await keys.create("a", limits=Limits(at_once=1))
    rotated, new = await keys.rotate(key.id)
    assert (rotated.id, rotated.limits, rotated.prefix) == (key.id, key.limits, new[:12]) and new != old
    assert await keys.verify(old) is None
    assert await keys.verify(new)


async def test_with_grace_both_texts_open_for_so_long(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    key, old = await keys.create("a")
    _, new = await keys.rotate(key.id, grace_s=600)
    assert await keys.verify(old) and await keys.verify(new)
    later = time.time() + 601
    monkeypatch.setattr(module.time, "time", lambda: later)
    assert await keys.verify(old) is None
    assert await keys.verify(new)


async def test_rotating_again_ends_the_text_before_the_last(keys: Keys) -> None:
    key, first = await keys.create("a")
    _, second = await keys.rotate(key.id, grace_s=600)
    await keys.rotate(key.id, grace_s=600)
    assert await keys.verify(first) is None
    assert await keys.verify(second)


async def test_revoking_ends_both_texts(keys: Keys) -> None:
    key, old = await keys.create("a")
    _, new = await keys.rotate(key.id, grace_s=600)
    await keys.revoke(key.id)
    assert await keys.verify(old) is None
    assert await keys.verify(new) is None


async def test_a_revoked_key_is_neither_changed_nor_rotated(keys: Keys) -> None:
    key, _ = await keys.create("a")
    await keys.revoke(key.id)
    for act in (keys.change(key.id, name="b"), keys.rotate(key.id)):
        with pytest.raises(Conflict, match="revoked"):
            await act
    with pytest.raises(NotFound):
        await keys.rotate("key_x")


@pytest.mark.parametrize("grace", [-1, 1e9, float("nan")])
async def test_a_grace_is_of_days_at_most(keys: Keys, grace: float) -> None:
    key, _ = await keys.create("a")
    with pytest.raises(BadRequest, match="days"):
        await keys.rotate(key.id, grace_s=grace)


async def test_two_who_rotate_at_once_leave_one_text(keys: Keys) -> None:
    key, _ = await keys.create("a")
    texts = [plain for _, plain in await asyncio.gather(*(keys.rotate(key.id) for _ in range(5)))]
    assert sum([await keys.verify(plain) is not None for plain in texts]) == 1


async def test_what_is_not_named_stays_when_a_key_is_changed(keys: Keys) -> None:
    expires = time.time() + 100
    key, _ = await keys.create("a", expires_at=expires, scopes=["chat"], limits=Limits(at_once=2))
    changed = await keys.change(key.id, name="b")
    assert (changed.name, changed.expires_at, changed.scopes, changed.limits.at_once) == ("b", expires, ("chat",), 2)
    assert (await keys.change(key.id, expires_at=None, limits=NO_LIMITS)).limits is NO_LIMITS
    assert (await keys.get(key.id)).expires_at is None


async def test_a_change_cannot_give_an_administrator_limits(keys: Keys) -> None:
    key, _ = await keys.create("a")
    with pytest.raises(BadRequest, match="lift its own limits"):
        await keys.change(key.id, limits=Limits(at_once=1))
    assert (await keys.get(key.id)).limits is NO_LIMITS


async def test_what_is_done_later_is_done_as_the_key_may_then(keys: Keys) -> None:
    key, _ = await keys.create("a", scopes=["infer"])
    await keys.change(key.id, limits=Limits(at_once=1))
    later = await keys.principal(key.id)
    assert later is not None and later.limits.at_once == 1
    await keys.revoke(key.id)
    assert await keys.principal(key.id) is None
    assert await keys.principal("key_x") is None
