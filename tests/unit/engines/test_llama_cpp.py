from types import SimpleNamespace

import pytest

from serai.engines.llama_cpp import batch_size, choose_device, explain


def test_without_a_gpu_the_reason_is_said() -> None:
    assert choose_device("auto", -1, []) == ("cpu", "llama.cpp, as it is installed here, sees no GPU.", 0)


def test_the_settings_may_ask_for_the_cpu() -> None:
    assert choose_device("cpu", -1, ["A100"])[0::2] == ("cpu", 0)
    assert choose_device("auto", 0, ["A100"])[0::2] == ("cpu", 0)


def test_a_gpu_is_used_where_there_is_one() -> None:
    assert choose_device("auto", -1, ["A100"]) == ("gpu", "A100", -1)
    assert choose_device("gpu", 12, ["A", "B"]) == ("gpu", "2 GPUs: A, B", 12)


@pytest.mark.parametrize(
    ("size", "threads", "on_gpu", "expected"),
    [(4_000_000, 2, False, 512), (660_000_000, 2, False, 32), (4_400_000_000, 16, False, 32), (1, 1, True, 512)],
)
def test_a_batch_takes_about_a_quarter_of_a_second(size: int, threads: int, on_gpu: bool, expected: int) -> None:
    assert batch_size(size, threads, on_gpu) == expected


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("error loading model: unknown model architecture: 'xlama'", "unsupported"),
        ("invalid magic characters: 'hell', expected 'GGUF'", "not_gguf"),
        ("failed to allocate buffer for kv cache", "out_of_memory"),
        ("tensor 'output.weight' data is not within the file bounds, model is corrupted", "truncated"),
    ],
)
def test_the_log_tells_the_cause(line: str, cause: str) -> None:
    known = explain(["I srv loading model", line, "E srv exiting due to model loading error"])
    assert known is not None and known[0] == cause and known[1] in line


def test_an_unknown_log_tells_nothing() -> None:
    assert explain(["I srv loading model", str(SimpleNamespace())]) is None
