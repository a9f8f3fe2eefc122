"""`serai.load`, with real model processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.contract.subjects.onnx import FIXTURES
from tests.fakes import pictures, tiny_companions, tiny_gguf

import serai
from serai import local
from serai.errors import BadRequest, ModelNotFound, UnknownField
from serai.local import LocalModel

pytestmark = pytest.mark.engine


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    home = str(tmp_path / "home")
    monkeypatch.setenv("SERAI_HOME", home)
    yield home
    if house := local._houses.pop(home, None):
        house.close()


@pytest.fixture
def guide(home: str) -> LocalModel:
    return serai.load("serai-guide", parallel=1)


def test_it_loads_answers_and_unloads(guide: LocalModel) -> None:
    result = guide.chat("What is Serai?")
    assert (result.finish, result.answerer.model) == ("stop", "serai-guide") and "Serai" in result.text
    pid = guide.info()["running"]["pid"]
    guide.unload()
    assert (guide.info()["state"], psutil.pid_exists(pid)) == ("on_disk", False)


def test_it_embeds_as_the_exported_model_did(home: str) -> None:
    said = json.loads((FIXTURES / "bert" / "expected.json").read_text("utf-8"))
    add(FIXTURES / "bert", "bert")
    with serai.load("bert") as model:
        assert model.embed(said["texts"])[1] == pytest.approx(said["vectors"][1], abs=1e-5)
        assert len(model.embed("the cat")) == 1


def test_it_reads_pictures_and_takes_adapters(home: str, tmp_path: Path) -> None:
    tiny_companions.projector(tmp_path / "mmproj.gguf")
    tiny_companions.adapter(tmp_path / "a.gguf")
    add(tiny_gguf.write(tmp_path / "sees.gguf"), "sees")
    with serai.load("sees", adapters={"a.gguf": 0.5}, threads=1) as model:

        def see(seed: int, **settings: Any) -> str:
            parts = [pictures.part(pictures.noise(seed)), {"type": "text", "text": "what?"}]
            answer = model.chat([{"role": "user", "content": parts}], temperature=0, max_tokens=12, **settings)
            return answer.text

        assert len({see(1), see(2), see(1, lora={}), see(1)}) == 3
        with pytest.raises(BadRequest, match="not a data URL"):
            model.chat([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x/"}}]}])


def add(path: Path, name: str) -> None:
    house = local._house()
    house.wait(house.services.store.add(path, name))


def test_it_goes_on_with_a_text(guide: LocalModel) -> None:
    result = guide.generate("Serai", max_tokens=3)
    assert (result.finish, result.usage.completion_tokens) == ("length", 3)


def test_the_pieces_make_up_the_answer(guide: LocalModel) -> None:
    pieces: list[str] = []
    result = guide.stream([{"role": "user", "content": "What is Serai?"}], pieces.append)
    assert result.text == "".join(pieces) == guide.chat("What is Serai?").text


def test_a_callback_that_returns_false_stops_the_model(guide: LocalModel) -> None:
    pieces: list[str] = []
    result = guide.stream("What is Serai?", lambda piece: (pieces.append(piece), len(pieces) < 2)[1])
    assert len(pieces) == 2
    assert result.finish in ("cancelled", "stop")  # a short answer may be whole before it hears of that


def test_a_callback_s_error_is_the_caller_s(guide: LocalModel) -> None:
    with pytest.raises(ZeroDivisionError):
        guide.stream("What is Serai?", lambda _piece: 1 // 0)
    assert guide.chat("What is Serai?").finish == "stop"


def test_after_a_crash_it_loads_again_as_it_was(home: str) -> None:
    with serai.load("serai-guide", parallel=1, context=300) as guide:
        os.kill(guide.info()["running"]["pid"], signal.SIGKILL)
        deadline = time.monotonic() + 30
        while guide.info()["state"] == "ready" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert guide.chat("What is Serai?").text
        assert guide.info()["running"]["context"] == 300


def test_a_file_is_loaded_by_its_path(home: str, tmp_path: Path) -> None:
    path = tiny_gguf.write(tmp_path / "mine.gguf")
    with serai.load(str(path)) as mine:
        assert (mine.name, mine.generate("hello", max_tokens=2).usage.completion_tokens) == ("mine", 2)
    with serai.load(str(path)) as again:
        assert again.name == "mine"


def test_what_is_not_there_or_not_known_is_said(home: str) -> None:
    with pytest.raises(ModelNotFound, match="serai-guid"):
        serai.load("serai-guid")
    with pytest.raises(UnknownField, match="contxt"):
        serai.load("serai-guide", contxt=1)


def test_a_program_that_just_ends_leaves_nothing_behind(tmp_path: Path) -> None:
    code = "import serai; print(serai.load('serai-guide').info()['running']['pid'])"
    environ = {
        **os.environ,
        "SERAI_HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    ran = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert not psutil.pid_exists(int(ran.stdout))
    assert not list(tmp_path.glob("serai-*"))


def test_stats_count_what_was_asked_here_and_what_another_program_asked_before(home: str) -> None:
    ask = "import serai; serai.load('serai-guide', parallel=1).chat('What is Serai?')"
    subprocess.run([sys.executable, "-c", ask], env={**os.environ, "SERAI_HOME": home}, check=True, timeout=60)
    assert serai.stats()["totals"]["done"] == 1
    serai.load("serai-guide", parallel=1).chat("What is Serai?")
    told = serai.stats("task")
    assert told["totals"]["done"] == 2 and told["groups"][0]["name"] == "chat"
    with pytest.raises(BadRequest):
        serai.stats("colour")
