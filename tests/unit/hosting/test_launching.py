import os
from pathlib import Path

import pytest

from serai.errors import LoadFailed, MissingExtra
from serai.hosting import launching
from serai.hosting.launching import Machine, plan, threads
from serai.settings import Models
from serai.types import Model

MACHINE = Machine(cores=8, busy=0, memory=32 * 1024**3)


def model(**facts: object) -> Model:
    return Model(**{"name": "m", "task": "text-generation", "path": "/m.gguf", **facts})  # type: ignore[arg-type]


def test_the_context_is_the_shorter_of_the_models_and_the_asked() -> None:
    assert plan("e", model(context_length=2048), Models(context=8192), None, MACHINE).context == 2048
    assert plan("e", model(context_length=99999), Models(context=8192), None, MACHINE).context == 8192
    assert plan("e", model(), Models(context=8192), None, MACHINE).context == 8192


def test_a_path_holds_wherever_the_process_runs() -> None:
    assert Path(plan("e", model(path="m.gguf"), Models(), None, MACHINE).path).is_absolute()


def test_the_prompt_cache_is_a_small_part_of_memory() -> None:
    assert plan("e", model(), Models(), None, MACHINE).cache_mb == 2048
    small = Machine(cores=2, busy=0, memory=4 * 1024**3)
    assert plan("e", model(), Models(), None, small).cache_mb == 256


@pytest.mark.parametrize(
    ("asked", "cores", "busy", "expected"),
    [(0, 8, 0.2, 8), (0, 8, 3.0, 5), (0, 8, 30.0, 4), (0, 2, 5.0, 1), (0, 1, 9.0, 1), (6, 2, 2.0, 6)],
)
def test_threads_leave_the_cores_that_others_use_but_take_half(
    asked: int, cores: int, busy: float, expected: int
) -> None:
    assert threads(asked, Machine(cores, busy, 0), 4 * 1024**3) == expected


def test_a_small_model_gets_one_thread() -> None:
    assert threads(0, MACHINE, 13_000_000) == 1
    assert threads(0, MACHINE, 200_000_000) == 3


def test_a_containers_quota_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(launching, "_CGROUP", quota)
    quota.write_text("100000 100000\n")
    assert launching.cores() == 1
    quota.write_text("max 100000\n")
    assert launching.cores() <= (os.cpu_count() or 1)


def test_a_format_that_no_engine_runs_is_unsupported() -> None:
    make = launching.launcher({}, lambda name, line: None)
    with pytest.raises(LoadFailed, match="pickle") as caught:
        make(model(format="pickle"), Models(), None)
    assert caught.value.cause == "unsupported"


def test_the_sandbox_is_as_the_settings_ask() -> None:
    assert plan("e", model(), Models(), None, MACHINE).sandbox == "auto"
    assert plan("e", model(), Models(sandbox="required"), None, MACHINE).sandbox == "required"


@pytest.mark.parametrize(
    ("size", "threads", "on_gpu", "expected"),
    [(4_000_000, 2, False, 512), (660_000_000, 2, False, 32), (4_400_000_000, 16, False, 32), (1, 1, True, 512)],
)
def test_a_batch_takes_about_a_quarter_of_a_second(size: int, threads: int, on_gpu: bool, expected: int) -> None:
    assert launching.batch_size(size, threads, on_gpu) == expected


def test_an_engine_whose_extra_is_not_here_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    make = launching.launcher({}, lambda name, line: None)
    with pytest.raises(MissingExtra, match="torch") as caught:
        make(model(format="safetensors"), Models(), None)
    assert caught.value.hint == "Add it with: pip install 'serai[torch]'"
