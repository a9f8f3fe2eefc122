import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from serai import registry

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture(autouse=True)
def _fresh() -> object:
    registry.scan.cache_clear()
    yield
    registry.scan.cache_clear()


def foreign(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    point = EntryPoint("x", value, "serai.engines")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point] if group == "serai.engines" else [])


def test_the_engines_are_found_by_name_and_format() -> None:
    assert registry.engines()["llama.cpp"].formats == ("gguf",)
    engine = registry.engine_for("gguf")
    assert engine is not None and engine.name == "llama.cpp"
    assert registry.engine_for("floppy") is None


def test_reading_declarations_loads_nothing_heavy() -> None:
    code = (
        "import sys; from serai import registry; registry.engines(); "
        "heavy = {'xllamacpp', 'numpy', 'torch', 'onnxruntime', 'aiohttp'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(SOURCE)})


def test_another_package_joins_by_an_entry_point(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "strange_engine.py").write_text(
        "from serai.registry import Engine\n"
        "ENGINE = Engine('strange', 'Strange', ('odd',), ('chat',), serve=lambda launch, report: None)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    foreign(monkeypatch, "strange_engine")
    assert registry.engine_for("odd").name == "strange"  # type: ignore[union-attr]
    assert registry.engine("strange").name == "strange"  # type: ignore[union-attr]
    assert "llama.cpp" in registry.engines()


def test_a_broken_package_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign(monkeypatch, "no_such_module_anywhere")
    found = registry.scan("engines")
    assert "llama.cpp" in found.by_name
    assert [broken.module for broken in found.broken] == ["no_such_module_anywhere"]


def test_one_engine_is_found_without_reading_other_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", None)
    assert registry.engine("llama.cpp").formats == ("gguf",)  # type: ignore[union-attr]
