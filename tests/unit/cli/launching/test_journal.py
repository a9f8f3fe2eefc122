from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.cli import ENV, until

from serai.cli.launching.journal import Journal
from serai.errors import Conflict

OURS = {"providers": {"serai": {"url": "http://127.0.0.1:1"}}, "models": {"large": "serai"}}
MINE = b'{"models":   {"large": "mine"},\n "theme": "dark"}'


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "agent" / "settings.json"
    path.parent.mkdir()
    path.write_bytes(MINE)
    path.chmod(0o640)
    return path


def nothing_is_left(home: Path) -> bool:
    return not (home / "launches.json").exists()


def test_a_file_is_again_what_it_was_to_the_byte(journal: Journal, file: Path, tmp_path: Path) -> None:
    launch = journal.begin((file, OURS))
    assert json.loads(file.read_text()) == {"models": {"large": "serai"}, "theme": "dark", **_providers()}
    journal.end(launch)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (MINE, 0o640)
    assert nothing_is_left(tmp_path / "home")
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_was_not_there_is_gone_with_its_folders(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "settings.json"
    launch = journal.begin((path, OURS))
    assert json.loads(path.read_text()) == OURS
    journal.end(launch)
    assert not (tmp_path / "a").exists()


def test_what_the_agent_changed_meanwhile_stays(journal: Journal, file: Path) -> None:
    launch = journal.begin((file, OURS))
    file.write_text(json.dumps(json.loads(file.read_text()) | {"theme": "light"}))
    journal.end(launch)
    assert json.loads(file.read_text()) == {"models": {"large": "mine"}, "theme": "light"}


def test_a_file_that_the_agent_made_something_else_of_is_left_alone(journal: Journal, file: Path) -> None:
    launch = journal.begin((file, OURS))
    file.write_text("// a remark\n{}")
    journal.end(launch)
    assert file.read_text() == "// a remark\n{}"


def test_a_file_that_the_agent_deleted_stays_away(journal: Journal, file: Path) -> None:
    launch = journal.begin((file, OURS))
    file.unlink()
    journal.end(launch)
    assert not file.exists()


@pytest.mark.parametrize("first", [0, 1])
def test_two_at_once_leave_nothing(journal: Journal, file: Path, first: int) -> None:
    launches = [journal.begin((file, OURS)), journal.begin((file, {**OURS, "models": {"large": "second"}}))]
    journal.end(launches[first])
    assert _providers().items() <= json.loads(file.read_text()).items()
    journal.end(launches[1 - first])
    assert file.read_bytes() == MINE


def test_a_link_stays_a_link(journal: Journal, file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(file)
    launch = journal.begin((link, OURS))
    assert link.is_symlink() and "providers" in file.read_text()
    journal.end(launch)
    assert file.read_bytes() == MINE


@pytest.mark.parametrize("content", [b"// remark\n{}", b"[1]", b"\xff\xfe"])
def test_a_file_that_cannot_be_merged_into_is_left_as_it_is(journal: Journal, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(Conflict, match="not a JSON object"):
        journal.begin((file, OURS))
    assert file.read_bytes() == content


def test_after_a_kill_the_next_launch_puts_all_back(file: Path, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from serai.cli.launching.journal import Journal\n"
        f"Journal(Path({str(tmp_path / 'home')!r})).begin((Path({str(file)!r}), {OURS!r}), 'key_7')\n"
        "print('begun', flush=True); time.sleep(600)"
    )
    killed = subprocess.Popen([sys.executable, "-c", code], env=ENV, stdout=subprocess.PIPE)
    assert killed.stdout is not None and killed.stdout.readline()
    assert Journal(tmp_path / "home").recover() == {}  # it lives
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    (launch,) = (found := Journal(tmp_path / "home").recover())
    assert (found[launch], file.read_bytes()) == ("key_7", MINE)
    Journal(tmp_path / "home").end(launch)
    assert nothing_is_left(tmp_path / "home")


def test_while_its_agent_lives_a_killed_launch_stays(journal: Journal, file: Path) -> None:
    agent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    launch = journal.begin((file, OURS))
    journal.joined(launch, agent.pid)
    with journal._open() as noted:  # as if the launcher had been killed
        del noted["launches"][launch]["processes"][0]
    journal.recover()
    assert "providers" in file.read_text()
    agent.communicate()
    until(lambda: journal.recover() == {} and file.read_bytes() == MINE)


def test_a_damaged_journal_stops_nobody(journal: Journal, file: Path, tmp_path: Path) -> None:
    (tmp_path / "home" / "launches.json").write_text("{")
    journal.end(journal.begin((file, OURS)))
    assert file.read_bytes() == MINE


def _providers() -> dict[str, object]:
    return {"providers": OURS["providers"]}
