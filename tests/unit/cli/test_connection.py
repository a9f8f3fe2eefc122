from __future__ import annotations

import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.cli import until

from serai.cli import connection
from serai.errors import SeraiError

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_without_a_server_a_command_has_its_own_and_leaves_nothing(cli: Any, home: Path, tmp_path: Path) -> None:
    with connection.connect() as client:
        assert client.models()
        assert (home / "alive").exists()
    assert not (home / "alive").exists()
    assert not list(tmp_path.glob("serai-*"))
    assert "serai" not in {thread.name for thread in threading.enumerate()}


def test_a_key_for_other_servers_is_not_sent_here(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERAI_API_KEY", "serai-elsewhere")
    with connection.connect() as client:
        assert "authorization" not in client._http.headers


def test_its_socket_is_the_user_s_alone(cli: Any, tmp_path: Path) -> None:
    with connection.connect():
        (folder,) = tmp_path.glob("serai-*")
        assert folder.stat().st_mode & 0o077 == 0


def test_what_keeps_it_from_starting_is_raised_as_it_is(cli: Any, home: Path) -> None:
    (home / "broken").touch()
    with pytest.raises(SeraiError, match="database is damaged"), connection.connect():
        pass


def test_where_there_is_no_unix_socket_a_key_guards_it(cli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serai.cli.private.HAS_UNIX", False)
    with connection.connect() as client:
        assert client.models()
        stranger = type(client)(str(client._http.base_url), key="guess")
        with stranger, pytest.raises(SeraiError) as caught:
            stranger.models()
    assert caught.value.status == 401


def test_sigterm_leaves_nothing_behind(start: Any, home: Path) -> None:
    serving = start("run", "serai-guide", "endless", stdin=subprocess.DEVNULL)
    until((home / "alive").exists)
    assert serving.process.stdout.readline(3)
    serving.end(signal.SIGTERM)
    assert serving.process.returncode == 128 + signal.SIGTERM
    assert not (home / "alive").exists()
