from types import SimpleNamespace

import pytest

from serai.engines.llama_cpp import explain


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("error loading model: unknown model architecture: 'xlama'", "unsupported"),
        ("srv init: chat template parsing error: Unable to generate parser for this template.", "unsupported"),
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
