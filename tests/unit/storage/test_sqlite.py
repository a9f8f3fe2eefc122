"""What is SQLite's own: its file, its locks, its disk, and other processes beside us."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from serai.errors import BadRequest, Busy, MissingExtra, StorageFailed
from serai.storage import engines
from serai.storage.database import Database
from serai.storage.tables import memory

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE.parents[2] / "src")}


def add(key: str) -> object:
    return lambda connection: connection.execute(memory.insert().values(key=key, value=None))


def run(code: str, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *args], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


KILLED = """
import asyncio, sys
from serai.storage.database import Database
from serai.storage.tables import memory
async def main():
    db = Database.open(sys.argv[1])
    async def writer(name):
        for number in range(100_000):
            key = f"{name}-{number}"
            await db.write(lambda c: c.execute(memory.insert().values(key=key, value=None)))
            print(key, flush=True)
    await asyncio.gather(*(writer(name) for name in range(8)))
asyncio.run(main())
"""


async def test_a_kill_loses_nothing_that_was_committed(url: str) -> None:
    child = run(KILLED, url)
    assert child.stdout is not None
    said = [child.stdout.readline().strip() for _ in range(300)]
    child.send_signal(signal.SIGKILL)
    said += child.communicate(timeout=30)[0].split()[:-1]  # the last line may be cut
    db = Database.open(url)
    kept = set(await db.read(lambda c: c.execute(select(memory.c.key)).scalars().all()))
    assert len(said) >= 300 and set(said) <= kept
    assert await db.read(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar()) == "ok"
    await db.close()


OPENS = (
    "import sys, asyncio; from serai.storage.database import Database; asyncio.run(Database.open(sys.argv[1]).close())"
)


def test_several_processes_may_create_it_at_once(url: str) -> None:
    children = [run(OPENS, url) for _ in range(4)]
    assert [child.communicate(timeout=60)[1] for child in children] == [""] * 4
    assert [child.returncode for child in children] == [0] * 4


def test_opening_what_is_there_does_not_import_alembic(url: str) -> None:
    code = OPENS + "; assert 'alembic' not in sys.modules"
    for _ in range(2):
        child = run(code, url)
        assert (child.communicate(timeout=60)[1], child.returncode) == ("", 0)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_only_its_owner_reads_the_files(db: Database, tmp_path: Path) -> None:
    await db.write(add("a"))
    assert modes(tmp_path) == {"serai.db": 0o600, "serai.db-shm": 0o600, "serai.db-wal": 0o600}


async def test_a_path_with_odd_characters(tmp_path: Path) -> None:
    path = tmp_path / "خانه ? # %41 & ö" / "serai.db"
    db = Database.open(engines.sqlite_url(path))
    await db.write(add("a"))
    await db.close()
    assert path.stat().st_size > 0


async def test_another_process_s_transaction_is_waited_for(db: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "serai.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ours = asyncio.create_task(db.write(add("ours")))
    done, _ = await asyncio.wait([ours], timeout=0.2)
    assert not done
    other.execute("COMMIT")
    other.close()
    await asyncio.wait_for(ours, 30)


async def test_waiting_too_long_is_busy_and_the_next_write_works(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_S", 0.05)
    db = Database.open(url)
    other = sqlite3.connect(tmp_path / "serai.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy):
        await db.write(add("a"))
    other.close()
    await db.write(add("a"))
    await db.close()


async def test_a_read_does_not_wait_for_a_writer(db: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "serai.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await asyncio.wait_for(db.read(lambda c: c.execute(select(memory)).all()), 10) == []
    other.close()


async def test_a_full_database_says_so_and_keeps_nothing_of_the_transaction(db: Database) -> None:
    def limit(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    await db.write(limit)
    big = memory.insert().values(key="big", value="x" * 1_000_000)
    with pytest.raises(StorageFailed) as caught:
        await db.write(lambda connection: connection.execute(big))
    assert (caught.value.cause, caught.value.hint) == ("full", "Free some space and try again.")
    assert await db.read(lambda c: c.execute(select(memory)).all()) == []
    await db.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=1000000"))
    await db.write(lambda connection: connection.execute(big))


@pytest.mark.parametrize("fault", ["full", "read_only"])
def test_a_real_disk_that_fails(tmp_path: Path, fault: str) -> None:
    alone = ["unshare", "-Urm"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system gives no mount namespaces")
    command = [*alone, sys.executable, str(HERE / "disk.py"), fault, str(tmp_path)]
    result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60)
    assert result.stdout == "as promised\n", result.stderr


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "serai.db").write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(StorageFailed) as caught:
        Database.open(engines.sqlite_url(tmp_path / "serai.db"))
    assert caught.value.cause == "damaged"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed) as caught:
        Database.open(engines.sqlite_url(tmp_path / "file" / "serai.db"))
    assert caught.value.cause == "unreachable"


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://a@b/c", "sqlite+aiosqlite:///x"]
)
def test_other_urls_are_refused_in_words(url: str) -> None:
    with pytest.raises(BadRequest) as caught:
        Database.open(url)
    assert "storage.url" in caught.value.message and "postgresql://" in caught.value.hint


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_without_its_extra_names_the_command(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match="PostgreSQL needs the extra 'postgres'"):
        Database.open(f"{scheme}://me:password@127.0.0.1/serai")
