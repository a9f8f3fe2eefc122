import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.hosting.shapes import simple

from serai.errors import LoadFailed, MissingExtra
from serai.hosting import launching
from serai.hosting.budget import Device, Plan, need
from serai.hosting.fitting import Choice
from serai.hosting.launching import Machine, plan, threads, wish
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
    [(0, 8, 0, 8), (0, 8, 3, 5), (0, 8, 30, 4), (0, 2, 5, 1), (0, 1, 9, 1), (6, 2, 2, 6)],
)
def test_threads_leave_the_cores_that_others_use_but_take_half(
    asked: int, cores: int, busy: int, expected: int
) -> None:
    assert threads(asked, Machine(cores, busy, 0), 4 * 1024**3) == expected


@pytest.mark.parametrize(("answering", "expected"), [(0, 8), (1, 4), (3, 2), (20, 1)])
def test_models_that_answer_at_once_share_the_cores(answering: int, expected: int) -> None:
    assert threads(0, Machine(cores=8, busy=0, memory=0, answering=answering), 4 * 1024**3) == expected


def test_what_was_found_to_fit_is_what_is_launched() -> None:
    chosen = Plan(context=1024, parallel=2, cache=64 << 20, batch=32, checkpoints=3, layers=7)
    choice = Choice(chosen, need(simple(), chosen), "shorter", "CPU: too large.", graphics=True)
    launch = plan("e", model(context_length=4096), Models(), choice, MACHINE)
    assert (launch.context, launch.parallel, launch.cache_mb, launch.batch) == (1024, 2, 64, 32)
    assert (launch.gpu_layers, launch.checkpoints) == (7, 3)
    assert (launch.shortened, launch.device_reason) == ("shorter", "CPU: too large.")


def test_only_what_nobody_chose_may_change() -> None:
    cpu = Device(name="CPU", kind="cpu", total=16 << 30, free=8 << 30)
    gpu = Device(name="GPU 0", kind="gpu", total=8 << 30, free=8 << 30)
    free = wish("llama.cpp", model(context_length=32768), Models(), simple(), [cpu, gpu])
    assert (free.any_context, free.any_parallel, free.any_layers, free.plan.context) == (True, True, True, 8192)
    own = {"context": 1024, "parallel": 2, "gpu_layers": 3, "kv_type": "q8_0"}
    fixed = wish("llama.cpp", model(loading=own), Models(), simple(), [cpu, gpu])
    assert (fixed.any_context, fixed.any_parallel, fixed.any_layers) == (False, False, False)
    assert (fixed.plan.context, fixed.plan.parallel, fixed.plan.layers, fixed.plan.kv_type) == (1024, 2, 3, "q8_0")
    assert wish("llama.cpp", model(), Models(device="cpu"), simple(), [cpu, gpu]).graphics is False


def test_the_files_beside_a_model_count_in_its_need(tmp_path: Path) -> None:
    for name, size in (("m.gguf", 10), ("mmproj-m.gguf", 5000), ("lora.gguf", 300)):
        (tmp_path / name).write_bytes(bytes(size))
    adapted = model(path=str(tmp_path / "m.gguf"), format="gguf", loading={"adapters": {"lora.gguf": 0.5}})
    cpu = Device(name="CPU", kind="cpu", total=16 << 30, free=8 << 30)
    asked = wish("llama.cpp", adapted, Models(), simple(), [cpu])
    assert (asked.plan.beside, asked.plan.sees, asked.plan.cache, asked.most_cache) == (5300, True, 0, 0)
    alone = replace(asked.plan, beside=0, sees=False)
    assert need(simple(), asked.plan).weights == need(simple(), alone).weights + 5300
    assert need(simple(), asked.plan).compute > need(simple(), alone).compute


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
    [(4_000_000, 2, False, 512), (400_000_000, 8, False, 128), (4_400_000_000, 16, False, 64), (1, 1, True, 512)],
)
def test_a_batch_takes_about_a_quarter_of_a_second(size: int, threads: int, on_gpu: bool, expected: int) -> None:
    assert launching.batch_size(size, threads, on_gpu) == expected


def test_an_engine_whose_extra_is_not_here_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    make = launching.launcher({}, lambda name, line: None)
    with pytest.raises(MissingExtra, match="torch") as caught:
        make(model(format="safetensors"), Models(), None)
    assert caught.value.hint == "Add it with: pip install 'serai[torch]'"
