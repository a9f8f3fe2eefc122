from __future__ import annotations

import signal
import subprocess
from typing import Any

import pytest

from serai.cli.commands.diagnose import newer

pytestmark = pytest.mark.slow


def test_hardware_names_the_machine_and_gives_advice(cli: Any) -> None:
    out = cli("hardware").stdout
    assert "Test CPU, 2 cores" in out and "Test GPU, 8 GB" in out and "• Models up to 8 B fit." in out


def test_hardware_names_models_to_begin_with_and_how_to_get_them(cli: Any) -> None:
    out = cli("hardware").stdout
    assert "• Small, 400 MB. Quick." in out and "serai pull org/small:Q4" in out


def test_hardware_tells_of_other_machines_without_this_one(cli: Any) -> None:
    out = cli("hardware", "--for", "mid-gpu").stdout
    assert "on mid-gpu:" in out and "Fits mid-gpu." in out and "Test CPU" not in out


def test_doctor_is_green_when_all_is_well(cli: Any) -> None:
    assert "✓  home  writable" in cli("doctor").stdout


def test_doctor_fails_with_the_mend_when_a_part_fails(cli: Any) -> None:
    out = cli("doctor", "--hub", code=1).stdout
    assert "✗  hub" in out and "→ Check the network." in out


def test_logs_show_lines_with_their_level(cli: Any) -> None:
    assert cli("logs").stdout.split()[1:] == ["info", "started"]


def test_logs_follow_until_ctrl_c(start: Any) -> None:
    serving = start("logs", "--follow", "--json", stdin=subprocess.DEVNULL)
    assert '"started"' in serving.process.stdout.readline()
    serving.end(signal.SIGINT)
    assert serving.process.returncode == 130


@pytest.mark.parametrize(
    ("now", "before", "new"),
    [
        ([1, 2], [], [1, 2]),
        ([1, 2], [1, 2], []),
        ([1, 2, 3], [1, 2], [3]),
        ([2, 3], [1, 2], [3]),
        ([5, 6], [1, 2], [5, 6]),
        ([2, 1, 2, 3], [1, 2], [3]),
    ],
)
def test_only_what_is_newer_is_shown(now: list[int], before: list[int], new: list[int]) -> None:
    assert newer(now, before) == new
