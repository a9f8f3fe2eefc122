from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from serai.errors import BadRequest, StorageFailed
from serai.storage.database import Database
from serai.storage.keyring import Keyring
from serai.storage.secrets import SecretStore, forget_all, forget_own
from serai.storage.tables import secrets


async def stored(db: Database, name: str) -> bytes:
    query = select(secrets.c.value).where(secrets.c.name == name)
    return bytes(await db.read(lambda connection: connection.execute(query).scalar_one()))


def files_with(folder: Path, text: bytes) -> list[Path]:
    return [path for path in folder.iterdir() if text in path.read_bytes()]


async def test_what_was_set_is_got(db: Database, tmp_path: Path) -> None:
    store = SecretStore(db, tmp_path)
    await store.set("hf_token", "hf_کلید")
    assert await store.get("hf_token") == "hf_کلید"
    assert await store.get("absent") is None


async def test_names_are_sorted_and_deleting_removes(db: Database, tmp_path: Path) -> None:
    store = SecretStore(db, tmp_path)
    for name in ("b", "a"):
        await store.set(name, "value")
    assert await store.names() == ["a", "b"]
    await store.delete("a")
    assert await store.names() == ["b"]


async def test_what_is_ones_own_goes_alone(db: Database, tmp_path: Path) -> None:
    store = SecretStore(db, tmp_path)
    for name in ("a_b", "a_b/ann", "a_b/bob", "axb/ann", "axb/joann"):
        await store.set(name, "value")
    await db.write(lambda connection: forget_all(connection, "a_b/"))
    assert await store.names() == ["a_b", "axb/ann", "axb/joann"]
    await db.write(lambda connection: forget_own(connection, "ann"))
    assert await store.names() == ["a_b", "axb/joann"]


async def test_a_part_of_a_work_that_fails_is_not_kept(db: Database, tmp_path: Path) -> None:
    store = SecretStore(db, tmp_path)

    def work(connection: Connection) -> None:
        store.put(connection, "name", "value")
        raise BadRequest("No.")

    with pytest.raises(BadRequest):
        await db.write(work)
    assert await store.names() == []


async def test_neither_database_nor_key_file_holds_the_value(db: Database, tmp_path: Path) -> None:
    await SecretStore(db, tmp_path).set("name", "plain-text-value")
    await db.sync()
    assert files_with(tmp_path, b"plain-text-value") == []


async def test_the_key_file_is_for_its_owner_only(db: Database, tmp_path: Path) -> None:
    await SecretStore(db, tmp_path).set("name", "value")
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


async def test_a_value_moved_to_another_name_is_refused(db: Database, tmp_path: Path) -> None:
    store = SecretStore(db, tmp_path)
    await store.set("mine", "one")
    await store.set("theirs", "two")
    moved = await stored(db, "theirs")
    await db.write(lambda c: c.execute(update(secrets).where(secrets.c.name == "mine").values(value=moved)))
    with pytest.raises(StorageFailed, match="'mine' cannot be read: it was changed"):
        await store.get("mine")


async def test_a_changed_value_is_refused(db: Database, tmp_path: Path) -> None:
    store = SecretStore(db, tmp_path)
    await store.set("name", "value")
    sealed = await stored(db, "name")
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    await db.write(lambda c: c.execute(update(secrets).values(value=changed)))
    with pytest.raises(StorageFailed) as caught:
        await store.get("name")
    assert caught.value.cause == "secret_key"


async def test_a_lost_key_is_said_and_setting_again_mends_it(db: Database, tmp_path: Path) -> None:
    store = SecretStore(db, tmp_path)
    await store.set("name", "value")
    (tmp_path / "secret.key").unlink()
    with pytest.raises(StorageFailed, match="a key that is not here"):
        await store.get("name")
    await store.set("name", "again")
    assert await store.get("name") == "again"


async def test_a_broken_key_file_is_said(db: Database, tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("no key")
    with pytest.raises(StorageFailed, match=r"secret\.key is no file of keys"):
        await SecretStore(db, tmp_path).set("name", "value")


async def test_rotating_changes_key_and_rows_and_keeps_values(db: Database, tmp_path: Path) -> None:
    store = SecretStore(db, tmp_path)
    await store.set("name", "value")
    key, row = (tmp_path / "secret.key").read_text(), await stored(db, "name")
    await store.rotate()
    assert (tmp_path / "secret.key").read_text() != key
    assert len((tmp_path / "secret.key").read_text().split()) == 1
    assert await stored(db, "name") != row
    assert await store.get("name") == "value"


@pytest.mark.parametrize("crash_at", ["rows", "sync", "drop"])
async def test_a_crash_while_rotating_leaves_everything_readable(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: str
) -> None:
    store = SecretStore(db, tmp_path)
    await store.set("name", "value")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    target = {"rows": "serai.storage.secrets._put", "sync": "serai.storage.engines.sync_file"}
    with monkeypatch.context() as patch:
        if crash_at == "drop":
            patch.setattr(SecretStore, "_drop_unused", crash)
        else:
            patch.setattr(target[crash_at], crash)
        with pytest.raises(KeyboardInterrupt):
            await store.rotate()
    again = SecretStore(db, tmp_path)
    assert await again.get("name") == "value"
    await again.rotate()
    assert await again.get("name") == "value"
    assert len((tmp_path / "secret.key").read_text().split()) == 1


async def test_one_process_rotates_while_another_sets(db: Database, tmp_path: Path) -> None:
    one, other = SecretStore(db, tmp_path), SecretStore(db, tmp_path)
    await one.set("first", "1")
    await other.rotate()
    await one.set("second", "2")
    assert [await other.get("first"), await other.get("second")] == ["1", "2"]


async def test_a_key_that_is_not_used_any_more_is_kept_while_a_row_needs_it(db: Database, tmp_path: Path) -> None:
    store = SecretStore(db, tmp_path)
    await store.set("name", "value")
    ring = Keyring(tmp_path / "secret.key", None)
    ring.store([type(ring.first()).new(), *ring.all()])
    await db.write(store._drop_unused)
    assert await store.get("name") == "value"


async def test_the_environment_s_key_makes_no_file(db: Database, tmp_path: Path) -> None:
    store = SecretStore(db, tmp_path, key="a long enough passphrase")
    await store.set("name", "value")
    assert await store.get("name") == "value"
    assert not (tmp_path / "secret.key").exists()


async def test_rotating_the_environment_s_key(db: Database, tmp_path: Path) -> None:
    await SecretStore(db, tmp_path, key="the old passphrase").set("name", "value")
    await SecretStore(db, tmp_path, key="the new passphrase,the old passphrase").rotate()
    assert await SecretStore(db, tmp_path, key="the new passphrase").get("name") == "value"


async def test_secrets_move_from_the_file_to_the_environment_s_key(db: Database, tmp_path: Path) -> None:
    await SecretStore(db, tmp_path).set("name", "value")
    await SecretStore(db, tmp_path, key="a long enough passphrase").rotate()
    (tmp_path / "secret.key").unlink()
    assert await SecretStore(db, tmp_path, key="a long enough passphrase").get("name") == "value"


async def test_a_short_key_is_refused(db: Database, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="too short"):
        await SecretStore(db, tmp_path, key="short").set("name", "value")


async def test_every_value_that_passes_is_told(db: Database, tmp_path: Path) -> None:
    seen: list[str] = []
    await SecretStore(db, tmp_path, seen=seen.append).set("name", "value")
    await SecretStore(db, tmp_path, seen=seen.append).get("name")
    assert seen == ["value", "value"]
