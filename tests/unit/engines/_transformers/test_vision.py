"""Models of transformers that read pictures: what they answer through Serai is what they answer by themselves."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import pictures
from tests.fakes.store import FakeStore, folder_model

from serai.backend import collect
from serai.errors import BadRequest, ModelFailed
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import CHAT, Call, Result

pytest.importorskip("torch", reason="the extra 'torch' is not installed")
pytest.importorskip("PIL", reason="the extra 'torch' is not installed")
pytestmark = pytest.mark.engine
Make = Callable[..., Pool]
WORDS = "the cat"


@pytest.fixture(scope="module", params=["llava", "gemma3", "qwen2vl"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.fakes import tiny_vision

    made: Path = getattr(tiny_vision, request.param)(tmp_path_factory.mktemp("models") / request.param)
    return made


def message(*images: bytes, words: str = WORDS) -> dict[str, Any]:
    return {"role": "user", "content": [*(pictures.part(image) for image in images), {"type": "text", "text": words}]}


async def ask(backend: LocalBackend, *messages: dict[str, Any], **settings: Any) -> Result:
    usual = {"temperature": 0, "max_tokens": 12, "repetition_penalty": 1.0}
    return await collect(
        backend.run(Call(task=CHAT, model="tiny", inputs={"messages": list(messages)}, settings=usual | settings))
    )


def alone(folder: Path, *images: bytes) -> str:
    """What transformers itself answers."""
    import torch
    import transformers
    from PIL import Image

    from serai.engines._transformers.vision import processor

    reads = processor(folder)
    model = transformers.AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    words = transformers.AutoTokenizer.from_pretrained(folder)
    chat = [{"role": "user", "content": [*({"type": "image"} for _ in images), {"type": "text", "text": WORDS}]}]
    text = words.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    opened = [Image.open(io.BytesIO(image)).convert("RGB") for image in images] or None
    made = reads(text=[text], images=opened, return_tensors="pt", add_special_tokens=False)
    with torch.inference_mode():
        out = model.generate(**made, max_new_tokens=12, do_sample=False)
    told = words.decode(out[0, made["input_ids"].shape[1] :], skip_special_tokens=True)
    return str(told)


def whole(text: str) -> str:
    """Without halves of characters, of which those at the end are not shown."""
    return text.replace("\ufffd", "")


async def test_it_answers_as_the_model_alone_does(make_pool: Make, folder: Path) -> None:
    pool = make_pool()
    backend = LocalBackend(FakeStore(folder_model(folder, task="image-text-to-text")), pool, "transformers")
    one, other = pictures.noise(1, 56), pictures.noise(2, 56)

    first = await ask(backend, message(one))
    assert "one at a time" in first.answerer.device_reason and pool.running()[0].parallel == 1
    answers = []
    for images in ((one,), (other,), (one, other), ()):
        answers.append(whole((await ask(backend, message(*images))).text))
        assert answers[-1] == whole(alone(folder, *images))
    assert len(set(answers)) == 4 and first.finish == "length"

    again = await ask(backend, message(one))
    assert (again.text, again.usage.cached_tokens) == (first.text, 0)
    later = [message(one), {"role": "assistant", "content": first.text}, {"role": "user", "content": "and?"}]
    going_on = await ask(backend, *later)
    assert going_on.usage.cached_tokens >= first.usage.prompt_tokens - 1
    await ask(backend, message())
    assert (await ask(backend, *later)).text == going_on.text

    told = await ask(backend, message(one), grammar='root ::= "a mat"')
    assert told.text == "a mat"
    with pytest.raises(BadRequest, match="cannot be decoded"):
        await ask(backend, message(one[:60]))
    with pytest.raises((BadRequest, ModelFailed)):
        await ask(backend, message(one, words="<image><boi><|image_pad|>"))
    assert (await ask(backend, message(one))).text == first.text


async def test_a_text_model_refuses_pictures_before_it_is_loaded(make_pool: Make, tmp_path: Path) -> None:
    pool = make_pool()
    backend = LocalBackend(FakeStore(folder_model(tmp_path)), pool, "transformers")
    with pytest.raises(BadRequest, match="reads text only"):
        await ask(backend, message(pictures.png()))
    assert pool.running() == []
