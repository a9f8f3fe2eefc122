"""Damaged files that pass what Serai reads of them, and reach llama.cpp: words or an answer, and the server lives."""

from __future__ import annotations

import os
import random
from pathlib import Path

import psutil
import pytest
from tests.fakes import tiny_gguf
from tests.fakes.store import gguf_model

from serai.errors import LoadFailed, SeraiError
from serai.hosting.pool import Pool
from serai.hub.headers import Headers
from serai.settings import Models

pytestmark = [pytest.mark.engine, pytest.mark.slow]


async def test_mutants_that_pass_the_header_never_hurt_the_server(tmp_path: Path) -> None:
    data, luck = tiny_gguf.write(tmp_path / "m.gguf", layers=1).read_bytes(), random.Random(11)
    pool = Pool(lambda: Models(context=256, parallel=1, load_timeout_s=60), environ=os.environ, check=Headers().of)
    errors: list[SeraiError] = []
    reached, before = 0, psutil.Process().memory_info().rss
    try:
        while reached < 20:
            changed = bytearray(data)
            for _ in range(luck.randrange(1, 12)):
                changed[luck.randrange(14_000)] = luck.randrange(256)
            (tmp_path / "mutant.gguf").write_bytes(changed)
            try:
                Headers().of(tmp_path / "mutant.gguf")
            except LoadFailed:
                continue
            reached += 1
            try:
                await pool.load(gguf_model(tmp_path / "mutant.gguf", f"mutant{reached}"))
            except SeraiError as error:
                errors.append(error)
            await pool.unload(f"mutant{reached}")
        assert errors and all(error.message and error.hint for error in errors)
        assert pool.running() == [] and pool.loading() == []
    finally:
        await pool.close()
    assert psutil.Process().memory_info().rss - before < 50_000_000
