from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.money.bank import Bank, open_bank

from serai.errors import OverBudget
from serai.storage import alive
from serai.storage.database import Database

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}


@pytest.mark.slow
async def test_what_a_killed_process_held_stands_at_its_worst_case(url: str) -> None:
    command = [sys.executable, str(HERE / "killed.py"), url]
    process = await asyncio.create_subprocess_exec(*command, env=ENVIRONMENT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None and await process.stdout.readline() == b"held\n"
        bank = open_bank(Database.open(url))
        await bank.money.start()
        assert await bank.states() == {"counted": 2, "held": 5}  # its process lives
    finally:
        process.kill()
        await process.wait()
    await bank.money.start()
    assert await bank.states() == {"counted": 2, "unsettled": 5}
    await refuses_more_than_three(bank)
    (row,) = await bank.money.usage.by("key")
    assert (row["cost"], row["unsettled"]) == (10.0, 5.0)
    await bank.money.close()
    await bank.db.close()


async def refuses_more_than_three(bank: Bank) -> None:
    with pytest.raises(OverBudget):
        await bank.hold(4)
    await bank.spend(3)


def test_a_process_is_gone_only_where_that_is_certain() -> None:
    assert not alive.gone(alive.me())
    place, pid, started = alive.me().rsplit("|", 2)
    assert alive.gone(f"{place}|{pid}|{float(started) - 100:.2f}")
    assert alive.gone(f"{place}|4194999|1.00")
    assert not alive.gone(f"elsewhere/1|{pid}|1.00")
    assert not alive.gone("")
