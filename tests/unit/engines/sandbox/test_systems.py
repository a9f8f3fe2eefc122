"""What other systems are asked for, as far as that can be seen from here."""

from __future__ import annotations

import ctypes
import sys

import pytest

from serai.engines import _sandbox
from serai.engines._sandbox import macos, windows
from serai.engines._sandbox.facts import Protection
from serai.registry import Launch


def launch(**wishes: object) -> Launch:
    return Launch(**{"engine": "x", "model": "x", "path": "/m.gguf", **wishes})  # type: ignore[arg-type]


def test_off_touches_nothing() -> None:
    assert _sandbox.apply(launch(sandbox="off")) == _sandbox.OFF


def test_an_unknown_system_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "plan9")
    assert _sandbox.apply(launch()) == Protection(how="Serai knows no protection for plan9")


def test_seatbelts_last_words_open_what_the_model_needs() -> None:
    text = macos.profile(launch(scratch="/scratch", socket="/scratch/m.sock"), ["/Volumes/models/m.gguf"], False)
    lines = text.splitlines()
    assert lines.index("(deny network*)") < lines.index(
        '(allow network-bind network-inbound (literal "/scratch/m.sock"))'
    )
    assert next(n for n, line in enumerate(lines) if line.startswith("(deny file-read-data")) < lines.index(
        '(allow file-read-data (subpath "/Volumes/models/m.gguf"))'
    )
    assert lines[-1] == "(deny process-fork)" and text.count("(") == text.count(")")


def test_a_name_cannot_end_its_quotes() -> None:
    assert macos._quoted('/a"b\\c') == '"/a\\"b\\\\c"'


def test_a_job_object_holds_memory_and_processes() -> None:
    wanted = windows.limits(launch(memory_limit=1 << 30), False)
    assert wanted.process_memory == 1 << 30 and wanted.basic.processes == 1
    assert wanted.basic.flags == 0x508 and ctypes.sizeof(wanted) == 144
    assert windows.limits(launch(), True).basic.flags == 0x400
