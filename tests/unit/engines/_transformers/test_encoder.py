"""Embeddings by transformers: what the model makes, pooled as its makers say."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import tiny_folder
from tests.fakes.store import FakeStore, folder_model

from serai.backend import collect
from serai.errors import ContextExceeded, LoadFailed
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import FEATURE_EXTRACTION, Call

torch: Any = pytest.importorskip("torch", reason="the extra 'torch' is not installed")
pytestmark = pytest.mark.engine
TEXTS = ["the cat", "the cat sat on the mat", "سلام"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    import transformers

    folder = tmp_path_factory.mktemp("models") / "bert"
    size = tiny_folder.write_words(folder, None)
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2}
    config = transformers.BertConfig(vocab_size=size, max_position_embeddings=64, initializer_range=0.3, **shape)
    made = transformers.BertModel(config, add_pooling_layer=False).eval()
    made.save_pretrained(folder)
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 32}), "utf-8")
    return folder, made


def expected(made: Any, text: str) -> list[float]:
    with torch.inference_mode():
        hidden = made(input_ids=torch.tensor([tiny_folder.tokenizer().encode(text).ids])).last_hidden_state[0].mean(0)
    return [float(value) for value in hidden / hidden.norm()]


async def test_vectors_are_those_of_the_model_alone(make_pool: Callable[..., Pool], model: tuple[Path, Any]) -> None:
    folder, made = model
    known = folder_model(folder, task=FEATURE_EXTRACTION, context_length=64)
    backend = LocalBackend(FakeStore(known), make_pool(), "transformers")

    async def embed(*texts: str) -> Any:
        call = Call(task=FEATURE_EXTRACTION, model="tiny", inputs={"inputs": list(texts)})
        return (await collect(backend.run(call))).data

    for text, vector in zip(TEXTS, await embed(*TEXTS), strict=True):
        assert vector == pytest.approx(expected(made, text), abs=1e-5)
    with pytest.raises(ContextExceeded) as caught:
        await embed("x" * 40)
    assert caught.value.facts["prompt_tokens"] > 32


async def test_missing_weights_are_refused_here_too(
    make_pool: Callable[..., Pool], model: tuple[Path, Any], tmp_path: Path
) -> None:
    from tests.unit.engines.test_transformers import changed, damaged

    folder = damaged(model[0], tmp_path / "damaged", config_json=changed(model[0], num_hidden_layers=3))
    with pytest.raises(LoadFailed, match=r"weights are missing: encoder.layer.2"):
        await make_pool().load(folder_model(folder, task=FEATURE_EXTRACTION))
