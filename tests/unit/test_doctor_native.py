from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes import llama_server

from serai import machine
from serai.doctor.native import server
from serai.hosting import native
from serai.settings import Settings


@pytest.mark.parametrize(("features", "level"), [(["avx2"], "ok"), (["avx2", "avx512-vnni"], "warning")])
def test_what_is_to_be_gained_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, features: list[str], level: str
) -> None:
    monkeypatch.setattr(machine, "cpu", lambda: {"features": features})
    services: Any = SimpleNamespace(home=tmp_path, settings=Settings())
    assert server(services).level == level
    facts = {"version": "9", "features": [], "built_at": 1.0}
    native.keep(tmp_path, llama_server.write(tmp_path / "llama-server"), "9-a", facts)
    assert server(services).level == "ok" and "9-a" in server(services).text
