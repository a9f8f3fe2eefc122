"""What is chosen for llama.cpp's server, and how a native one is told. (The wheel's is told in test_wheel.py.)"""

from pathlib import Path
from typing import Any

import pytest

from serai.engines._llama import native
from serai.engines._llama.options import Options, choose, choose_device
from serai.registry import Launch
from serai.types import FEATURE_EXTRACTION, TEXT_RANKING


def launch(tmp_path: Path, **fields: Any) -> Launch:
    model = tmp_path / "m.gguf"
    model.write_bytes(b"GGUF")
    return Launch(**{"engine": "llama.cpp", "model": "m", "path": str(model), "socket": "/s/m.sock", **fields})


def flags(tmp_path: Path, gpus: tuple[str, ...] = (), **fields: Any) -> str:
    asked = launch(tmp_path, **fields)
    return " ".join(native.arguments(asked, choose(asked, list(gpus))))


def options(tmp_path: Path, **fields: Any) -> Options:
    return choose(launch(tmp_path, **fields), [])


def test_without_a_gpu_the_reason_is_said() -> None:
    assert choose_device("auto", -1, []) == ("cpu", "llama.cpp, as it is installed here, sees no GPU.", 0)


def test_the_settings_may_ask_for_the_cpu() -> None:
    assert choose_device("cpu", -1, ["A100"])[0::2] == ("cpu", 0)
    assert choose_device("auto", 0, ["A100"])[0::2] == ("cpu", 0)


def test_a_gpu_is_used_where_there_is_one() -> None:
    assert choose_device("auto", -1, ["A100"]) == ("gpu", "A100", -1)
    assert choose_device("gpu", 12, ["A", "B"]) == ("gpu", "2 GPUs: A, B", 12)


def test_every_slot_has_a_whole_context(tmp_path: Path) -> None:
    chosen = options(tmp_path, context=1000, parallel=3)
    assert chosen.context == 3000 and "--ctx-size 3000 --parallel 3" in flags(tmp_path, context=1000, parallel=3)


def test_a_text_that_is_embedded_is_read_in_one_batch(tmp_path: Path) -> None:
    assert options(tmp_path, task=FEATURE_EXTRACTION, context=4096).batch == 4096
    assert "--embedding" in flags(tmp_path, task=FEATURE_EXTRACTION)
    assert "--reranking" in flags(tmp_path, task=TEXT_RANKING)


def test_the_cpu_is_the_cpu_though_there_is_a_gpu(tmp_path: Path) -> None:
    assert "--gpu-layers 0 --device none --fit off" in flags(tmp_path, ("A100",), device="cpu")


def test_layers_on_the_gpu_are_what_fits_or_as_many_as_were_asked_for(tmp_path: Path) -> None:
    assert "--gpu-layers auto --fit on" in flags(tmp_path, ("A100",))
    assert "--gpu-layers 7 --fit off" in flags(tmp_path, ("A100",), gpu_layers=7)


def test_types_of_the_cache_and_of_attention_are_passed_on(tmp_path: Path) -> None:
    told = flags(tmp_path, kv_type="q8_0", flash_attention=False)
    assert "--cache-type-k q8_0 --cache-type-v q8_0 --flash-attn off" in told
    assert "--flash-attn auto" in flags(tmp_path)


def test_speculation_can_be_switched_off(tmp_path: Path) -> None:
    assert "--spec-type" in flags(tmp_path) and "--spec-type" not in flags(tmp_path, speculation=False)


@pytest.mark.parametrize(("batch", "parallel", "expected"), [(512, 4, 16), (64, 4, 15), (32, 4, 7), (64, 16, 0)])
def test_a_batch_holds_what_all_streams_guess(tmp_path: Path, batch: int, parallel: int, expected: int) -> None:
    chosen = options(tmp_path, batch=batch, parallel=parallel)
    assert chosen.guessed == expected and chosen.parallel * (chosen.guessed + 1) <= chosen.batch


def test_an_adapters_name_may_hold_commas_and_colons(tmp_path: Path) -> None:
    told = flags(tmp_path, adapters=(("/a,b:c.gguf", 0.5),))
    assert "--lora-scaled adapter0.gguf:0.5" in told and "a,b" not in told


def test_a_token_is_not_told_where_others_could_read_it(tmp_path: Path) -> None:
    told = flags(tmp_path, socket="", port=7, token="secret")
    assert "--host 127.0.0.1 --port 7" in told and "secret" not in told


def test_devices_are_read_from_the_list_of_a_native_server() -> None:
    lines = ("CUDA0: NVIDIA H100 80GB HBM3 (81008 MiB, 80463 MiB free)", "BLAS: BLAS (0 MiB, 0 MiB free)")
    assert native.read_devices("Available devices:\n  " + "\n  ".join(lines)) == ["NVIDIA H100 80GB HBM3"]


def test_a_program_that_cannot_be_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(native.Unusable, match="No such file"):
        native.gpus(str(tmp_path / "nothing"))
