from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from tests.fakes import tiny_gguf

from serai import doctor, registry, services, wiring
from serai.doctor import files, rooms, sandbox
from serai.errors import SeraiError
from serai.settings import SettingsFile


@pytest_asyncio.fixture
async def whole(tmp_path: Path) -> AsyncIterator[services.Services]:
    """All services of an empty home, not started."""
    built = wiring.build(SettingsFile(tmp_path / "home", {}), private=True)
    yield built
    await built.close()


async def test_every_part_is_looked_at_in_the_shape_of_the_api(whole: services.Services) -> None:
    from serai.api.native.machine import Checks

    found = await doctor.check(whole)
    assert len(Checks.model_validate({"checks": found}).checks) == 15
    by_part = {row["part"]: row for row in found}
    assert [by_part[part]["level"] for part in ("home", "database", "secrets", "engine", "server", "keys")] == [
        "ok"
    ] * 6
    assert all(row["ok"] == (row["level"] == "ok") for row in found)


async def test_a_check_that_raises_is_a_finding(whole: services.Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise SeraiError("Broken.", hint="Mend it.")

    monkeypatch.setattr(files, "page", broken)
    (row,) = [row for row in await doctor.check(whole) if row["part"] == "page"]
    assert row == {"part": "page", "ok": False, "level": "failed", "text": "Broken.", "mend": "Mend it."}


async def test_a_check_that_hangs_is_a_finding(whole: services.Services, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(doctor, "PATIENCE_S", 0.01)
    assert "did not end" in (await doctor._guarded(hang, whole)).text


def test_a_home_that_cannot_be_written_fails(tmp_path: Path) -> None:
    assert files.home(tmp_path / "missing").level == "failed"


def test_a_home_that_others_read_is_a_warning(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert files.home(tmp_path).mend == f"chmod 700 '{tmp_path}'"
    tmp_path.chmod(0o700)
    assert files.home(tmp_path).level == "ok"


@pytest.mark.parametrize(("free", "level"), [(5e8, "failed"), (5e9, "warning"), (5e10, "ok")])
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, level: str) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    assert files.disk(tmp_path).level == level


def test_a_secret_key_that_others_read_fails(tmp_path: Path) -> None:
    assert files.secrets(tmp_path).level == "ok"
    (tmp_path / "secret.key").touch(0o600)
    assert files.secrets(tmp_path).level == "ok"
    (tmp_path / "secret.key").chmod(0o640)
    assert files.secrets(tmp_path).level == "failed"


def test_a_page_that_was_not_built_is_a_warning(tmp_path: Path) -> None:
    assert files.page(tmp_path).mend == "make install"
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").touch()
    assert files.page(tmp_path).level == "ok"


def test_the_guide_is_compared_with_its_digest(tmp_path: Path) -> None:
    assert "missing" in files.guide(tmp_path).text
    (tmp_path / "guide").mkdir()
    file = tiny_gguf.write(tmp_path / "guide" / "serai-guide.gguf")
    assert files.guide(tmp_path).level == "ok"
    noted = tmp_path / "guide" / "serai-guide.gguf.sha256"
    noted.write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  serai-guide.gguf\n")
    assert "whole (SHA-256)" in files.guide(tmp_path).text
    with file.open("r+b") as content:
        content.seek(-1, os.SEEK_END)
        content.write(b"!")
    assert files.guide(tmp_path).level == "failed"


async def test_a_damaged_database_fails(whole: services.Services) -> None:
    file = whole.home / "serai.db"
    with file.open("r+b") as content:
        content.seek(4096)
        content.write(b"\xff" * 8192)
    assert (await doctor._guarded(rooms.database, whole)).level == "failed"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ImportError('no library')", "no library"),
        ("import os; os.kill(os.getpid(), 4)", f"signal {int(signal.SIGILL)}"),
    ],
)
async def test_an_engine_that_cannot_be_loaded_fails_with_the_reason(
    whole: services.Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    (tmp_path / "broken_engine.py").write_text(code)
    engine = registry.Engine("x", "X", (), (), serve=lambda *_: None, requires=("broken_engine",))
    monkeypatch.setattr(registry, "engines", lambda: {"x": engine})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finding = await rooms.engine(whole)
    assert finding.level == "failed"
    assert words in finding.text


async def test_an_engine_of_an_extra_that_is_not_here_is_only_mentioned(
    whole: services.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = registry.Engine("x", "X", (), (), serve=lambda *_: None, requires=("no_such_module",), extra="torch")
    monkeypatch.setattr(registry, "engines", lambda: {"x": engine})
    finding = await rooms.engine(whole)
    assert finding.level == "ok" and "X would come with: pip install 'serai[torch]'" in finding.text


async def test_models_whose_files_are_gone_are_named(whole: services.Services, tmp_path: Path) -> None:
    file = tiny_gguf.write(tmp_path / "tiny.gguf")
    await whole.store.add(file, "tiny")
    file.unlink()
    finding = await rooms.models(whole)
    assert (finding.level, finding.mend) == ("warning", "Bring the files back, or forget them: serai rm tiny")


async def test_an_open_server_without_keys_fails(whole: services.Services) -> None:
    server = whole.settings.server.model_copy(update={"host": "0.0.0.0"})
    whole.settings = whole.settings.model_copy(update={"server": server})
    assert (await rooms.keys(whole)).mend == "serai keys create NAME"
    await whole.keys.create("laptop")
    assert (await rooms.keys(whole)).level == "ok"


def processes(*rows: tuple[int, int, list[str]]) -> Iterator[Any]:
    uids = SimpleNamespace(real=os.getuid())
    for pid, ppid, cmdline in rows:
        yield SimpleNamespace(info={"pid": pid, "ppid": ppid, "cmdline": cmdline, "uids": uids})


def test_only_model_processes_without_a_server_are_stale() -> None:
    worker = [sys.executable, "-m", rooms.WORKER_MODULE]
    found = rooms.orphans(
        processes((5, 2**30, worker), (6, os.getpid(), worker), (7, 2**30, ["other"]), (8, 1, worker))
    )
    assert list(found) == [5, 8]


@pytest.mark.parametrize(("status", "level"), [(200, "ok"), (503, "failed"), (None, "failed")])
async def test_the_hub_is_called_only_when_asked(whole: services.Services, status: int | None, level: str) -> None:
    called: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        called.append(request.path)
        return web.Response(status=status or 200)

    app = web.Application()
    app.router.add_get("/api/models", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    hub = whole.settings.hub.model_copy(update={"endpoint": url})
    whole.settings = whole.settings.model_copy(update={"hub": hub})
    if status is None:
        await runner.cleanup()
    assert (await rooms.hub_settings(whole)).level == "ok"
    assert called == []
    assert (await rooms.hub(whole)).level == level
    await runner.cleanup()


async def test_offline_the_hub_is_not_called(whole: services.Services) -> None:
    hub = whole.settings.hub.model_copy(update={"offline": True, "endpoint": "http://127.0.0.1:1"})
    whole.settings = whole.settings.model_copy(update={"hub": hub})
    assert (await rooms.hub(whole)).mend == "serai config unset hub.offline"


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp")
async def test_the_sandbox_is_tried_out(whole: services.Services) -> None:
    (whole.home / "secret.key").touch()
    finding = await sandbox.sandbox(whole)
    assert finding.level == "ok" and "no network" in finding.text, finding


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp")
async def test_a_secret_that_stays_readable_is_found(tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch()
    beside_libraries = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(tmp_path)}
    found = await sandbox.trial([str(tmp_path / "secret.key")], beside_libraries)
    assert found["network"] and not found["files"]
    assert "SERAI_HOME" in (sandbox.read(found, "linux").mend or "")


@pytest.mark.parametrize(
    ("found", "platform", "words", "mend"),
    [
        ({"network": True, "how": "no Landlock (this kernel has none)"}, "linux", "may read and write", "5.13"),
        ({"how": "no Landlock (the container around Serai forbids it)"}, "linux", "your rights", "profile"),
        ({"files": True, "how": "no seccomp (…)"}, "linux", "have the network", "profile"),
        ({"how": "job object"}, "win32", "your rights", "that you trust"),
    ],
)
def test_what_is_missing_of_the_sandbox_is_said_with_the_mend(
    found: dict[str, Any], platform: str, words: str, mend: str
) -> None:
    finding = sandbox.read(found, platform)
    assert finding.level == "warning" and words in finding.text and mend in (finding.mend or "")


async def test_a_sandbox_that_is_off_is_a_warning_and_one_that_is_required_and_missing_a_failure(
    whole: services.Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(value: str) -> None:
        models = whole.settings.models.model_copy(update={"sandbox": value})
        whole.settings = whole.settings.model_copy(update={"models": models})

    async def nothing(*_: Any) -> dict[str, Any]:
        return {"how": "no Landlock (this kernel has none)"}

    monkeypatch.setattr(sandbox, "trial", nothing)
    choose("off")
    assert (await sandbox.sandbox(whole)).mend == "serai config unset models.sandbox"
    choose("required")
    assert (await sandbox.sandbox(whole)).level == "failed"
