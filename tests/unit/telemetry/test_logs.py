from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from serai.errors import NotFound
from serai.telemetry import logs
from serai.telemetry.logfile import LogFile


@pytest.fixture(autouse=True)
def own_logging(tmp_path: Path) -> Iterator[None]:
    level = logging.getLogger().level
    logs.setup(tmp_path, "info", 1)
    yield
    logs.close()
    logging.getLogger().setLevel(level)


def lines(home: Path, part: str = "server", count: int = 100) -> list[dict[str, object]]:
    logs.close()
    return logs.tail(home, part, count)


def test_a_line_tells_when_who_and_what(tmp_path: Path) -> None:
    logs.get("jobs").info("downloaded %s", "گپ", extra={"size": 7, "at": Path("x")})
    (line,) = lines(tmp_path, "jobs")
    assert line.pop("time")
    assert line == {
        "level": "info",
        "part": "jobs",
        "message": "downloaded گپ",
        "facts": {"size": 7, "at": repr(Path("x"))},
    }


def test_every_part_has_its_file_and_libraries_go_to_the_process_s_own(tmp_path: Path) -> None:
    logging.getLogger("serai.hosting.process").info("one")
    logging.getLogger("uvicorn.error").warning("two")
    assert [line["message"] for line in lines(tmp_path, "hosting")] == ["one"]
    assert [(line["message"], line["logger"]) for line in lines(tmp_path)] == [("two", "uvicorn.error")]
    assert logs.parts(tmp_path) == ["hosting", "server"]


def test_the_level_holds_and_can_change(tmp_path: Path) -> None:
    logs.get("server").debug("silent")
    logs.setup(tmp_path, "debug", 1)
    logs.get("server").debug("said")
    assert [line["message"] for line in lines(tmp_path)] == ["said"]


def test_an_exception_is_in_the_line(tmp_path: Path) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        logs.get("server").exception("it failed")
    (line,) = lines(tmp_path)
    assert "ValueError: broken" in str(line["error"])


def test_a_wrong_log_call_is_still_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()  # pytest's own handlers would raise
    monkeypatch.setattr(root, "handlers", [handler for handler in root.handlers if handler.name == "serai"])
    logs.get("server").info("%d of %d", 1)
    assert lines(tmp_path)[0]["message"] == "%d of %d (with arguments that do not fit)"


def test_secrets_are_nowhere_in_the_file(tmp_path: Path) -> None:
    logs.redact('a "registered" value')
    logs.get("server").info("got %s", 'a "registered" value', extra={"deep": [{"x": 'a "registered" value'}]})
    try:
        raise RuntimeError('refused: a "registered" value and hf_abcdefghijklmnopqrst')
    except RuntimeError:
        logs.get("server").exception("failed")
    text = str(lines(tmp_path))
    assert "registered" not in text and "hf_abc" not in text and "[redacted]" in text


def test_a_full_file_starts_anew_and_the_older_one_is_still_read(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "logs" / "small.jsonl", 40)
    for number in range(5):
        file.append(b'{"n": %d, "pad": "xxxx"}\n' % number)
    file.close()
    assert [line["n"] for line in logs.tail(tmp_path, "small", 10)] == [3, 4]
    assert sorted(path.name for path in (tmp_path / "logs").glob("small*")) == ["small.jsonl", "small.jsonl.1"]


def test_two_processes_write_one_file_across_its_new_start(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "both.jsonl"
    one, other = LogFile(path, 60), LogFile(path, 60)
    other.append(b'{"n": 0, "pad": "xxxxxxxx"}\n')
    for number in range(1, 4):
        one.append(b'{"n": %d, "pad": "xxxxxxxx"}\n' % number)
    other.append(b'{"n": 4}\n')
    assert [line["n"] for line in logs.tail(tmp_path, "both", 10)][-2:] == [3, 4]
    one.close()
    other.close()


def test_the_tail_of_a_long_file_is_its_end(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "logs" / "long.jsonl", 10_000_000)
    for number in range(5_000):
        file.append(b'{"n": %d, "pad": "%s"}\n' % (number, b"x" * 50))
    file.close()
    assert [line["n"] for line in logs.tail(tmp_path, "long", 3)] == [4997, 4998, 4999]
    assert len(logs.tail(tmp_path, "long", 2_000)) == 2_000
    assert logs.tail(tmp_path, "long", 0) == []


def test_half_a_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "cut.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b'{"n": 1}\n[1]\n{"n"')
    assert logs.tail(tmp_path, "cut", 10) == [{"n": 1}]


@pytest.mark.parametrize("part", ["../server", "..", "", "a/b", "no-such", "x.jsonl"])
def test_a_part_is_a_name_never_a_path(tmp_path: Path, part: str) -> None:
    (tmp_path / "server.jsonl").write_text("{}")
    with pytest.raises(NotFound):
        logs.tail(tmp_path, part, 1)


def test_log_files_are_for_their_owner_only(tmp_path: Path) -> None:
    logs.get("server").info("x")
    logs.close()
    assert (tmp_path / "logs" / "server.jsonl").stat().st_mode & 0o777 == 0o600


def test_logging_does_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = threading.Event()
    monkeypatch.setattr(logs, "WAITING", 10)
    write = LogFile.append

    def slow(self: LogFile, line: bytes) -> None:
        disk.wait(30)
        write(self, line)

    monkeypatch.setattr(LogFile, "append", slow)
    logs.setup(tmp_path, "info", 1)
    for number in range(1_000):
        logs.get("server").info("%d", number)
    disk.set()
    messages = [str(line["message"]) for line in lines(tmp_path)]
    dropped = [message for message in messages if "were dropped" in message]
    assert 10 <= len(messages) <= 13 and len(dropped) == 1


def test_a_disk_that_cannot_be_written_breaks_nothing(tmp_path: Path) -> None:
    logs.close()
    (tmp_path / "blocked").write_text("a file where the folder should be")
    logs.setup(tmp_path / "blocked", "info", 1)
    logs.get("server").info("lost")
    logs.close()
    assert (tmp_path / "blocked").read_text() == "a file where the folder should be"
