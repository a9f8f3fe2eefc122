"""Ollama's models over a real server: what is here, what is loaded, and models made by clients."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import ollama
import pytest
import pytest_asyncio
from tests.fakes import tiny_companions, tiny_gguf
from tests.fakes.hub import FakeHub, serving
from tests.unit.api.clients import for_ollama
from tests.unit.api.conftest import Api, until

from serai.api.ollama.listing import SPEAKS
from serai.backend import collect
from serai.types import TOKEN_COUNT, Call

pytestmark = pytest.mark.engine
HI: Any = [{"role": "user", "content": "the cat"}]


@pytest_asyncio.fixture
async def tiny_api(real: Api, tiny: Path) -> AsyncIterator[Api]:
    await real.services.store.add(tiny, "tiny")
    yield real


async def test_what_is_here_is_listed_with_tags(tiny_api: Api) -> None:
    listed = (await for_ollama(tiny_api).list()).models
    assert [model.model for model in listed] == ["serai-guide:latest", "tiny:latest"]
    guide = listed[0]
    assert (guide.details.format, guide.details.family, guide.details.quantization_level) == ("gguf", "llama", "Q8_0")
    assert guide.size > 1_000_000 and len(guide.digest) == 64 and guide.details.parameter_size.endswith("M")
    raw = (await tiny_api.get("/api/tags")).json()["models"][1]
    assert raw["name"] == raw["model"] and raw["modified_at"].endswith("Z")


async def test_a_model_is_shown(tiny_api: Api) -> None:
    shown = await for_ollama(tiny_api).show("serai-guide:latest")
    assert shown.details.family == "llama" and "completion" in shown.capabilities and "tools" in shown.capabilities
    assert shown.modelinfo["general.architecture"] == "llama" and shown.modelinfo["llama.context_length"] > 100
    assert "FROM serai-guide" in shown.modelfile and "temperature" in shown.parameters and shown.template
    with pytest.raises(ollama.ResponseError, match="no model called"):
        await for_ollama(tiny_api).show("other")


async def test_the_version_is_one_that_clients_accept(tiny_api: Api) -> None:
    assert (await tiny_api.get("/api/version")).json()["version"] == SPEAKS
    assert (await tiny_api.head("/")).status_code == 200


async def test_what_is_loaded_is_listed_and_stays_as_long_as_was_said(tiny_api: Api) -> None:
    client = for_ollama(tiny_api)
    assert (await client.ps()).models == []
    answer = await client.chat("tiny", HI, options={"num_predict": 3}, keep_alive=-1)
    assert answer.load_duration > 0 and answer.eval_count == 3 and answer.done_reason == "length"
    assert (await client.chat("tiny", HI, options={"num_predict": 3})).load_duration == 0
    (loaded,) = (await client.ps()).models
    assert (loaded.model, loaded.size_vram, loaded.context_length) == ("tiny:latest", 0, 512)
    assert loaded.size > 0 and loaded.expires_at.year > 2100
    assert (await client.generate("tiny", keep_alive=0)).done_reason == "unload"
    assert (await client.ps()).models == []


async def test_a_short_stay_ends_by_itself(tiny_api: Api) -> None:
    client = for_ollama(tiny_api)
    await client.generate("tiny", keep_alive="100ms")
    assert tiny_api.services.pool.loaded() == ["tiny"]
    await until(lambda: tiny_api.services.pool.loaded() == [])


async def test_a_longer_context_is_loaded_anew_and_not_remembered(tiny_api: Api, tmp_path: Path) -> None:
    client, pool = for_ollama(tiny_api), tiny_api.services.pool
    await tiny_api.services.store.add(tiny_gguf.write(tmp_path / "long.gguf", context=2048), "long")
    few = {"num_predict": 2}
    await client.chat("long", HI, options=few)
    first = pool.status("long").running
    await client.chat("long", HI, options={**few, "num_ctx": 1024})
    second = pool.status("long").running
    await client.chat("long", HI, options={**few, "num_ctx": 700})
    assert (first.context, second.context, pool.status("long").running.pid) == (512, 1024, second.pid)
    assert (await tiny_api.services.store.find("long")).loading == {}


async def test_a_model_that_answers_others_is_not_loaded_anew(tiny_api: Api, tmp_path: Path) -> None:
    client, pool = for_ollama(tiny_api), tiny_api.services.pool
    await tiny_api.services.store.add(tiny_gguf.write(tmp_path / "long.gguf", context=2048), "long")
    stream = await client.chat("long", HI, stream=True)
    await anext(stream)
    assert (await client.chat("long", HI, options={"num_predict": 2, "num_ctx": 1024})).eval_count == 2
    assert pool.status("long").running.context == 512
    await stream.aclose()


async def test_counts_are_the_tokenizers(tiny_api: Api) -> None:
    client = for_ollama(tiny_api)
    raw = await client.generate("tiny", "the cat", raw=True, options={"num_predict": 2})
    assert raw.prompt_eval_count == 9 and raw.eval_count == 2
    assert raw.prompt_eval_duration >= 0 and raw.total_duration >= raw.eval_duration


async def test_a_model_is_made_of_another_with_settings_of_its_own(tiny_api: Api) -> None:
    client = for_ollama(tiny_api)
    states = [
        state.status
        async for state in await client.create(
            "pirate", from_="tiny", system="Say arr.", parameters={"temperature": 0.5, "num_ctx": 300}, stream=True
        )
    ]
    assert states[-1] == "success"
    made = await tiny_api.services.store.find("pirate")
    assert made.settings == {"temperature": 0.5, "system": "Say arr."} and made.loading == {"context": 300}
    shown = await client.show("pirate")
    assert 'SYSTEM """Say arr."""' in shown.modelfile and "num_ctx" in shown.parameters
    assert (await client.create("pirate", from_="tiny", parameters={"seed": 3})).status == "success"
    assert (await tiny_api.services.store.find("pirate")).settings == {"seed": 3}
    assert (await client.chat("pirate", HI, options={"num_predict": 2})).eval_count == 2


async def test_a_modelfile_makes_a_model(tiny_api: Api) -> None:
    body = {"name": "m", "modelfile": "FROM tiny\nPARAMETER top_k 3\nSYSTEM Be brief.\n", "stream": False}
    assert (await tiny_api.post("/api/create", json=body)).json() == {"status": "success"}
    assert (await tiny_api.services.store.find("m")).settings == {"top_k": 3, "system": "Be brief."}


async def test_a_template_of_ollamas_is_translated(tiny_api: Api) -> None:
    client = for_ollama(tiny_api)
    template = "{{ if .System }}SYS {{ .System }} {{ end }}Q {{ .Prompt }} A {{ .Response }}"
    await client.create("asks", from_="tiny", template=template, system="x")
    made = await tiny_api.services.store.find("asks")
    assert "namespace" in made.loading["chat_template"] and (await client.show("asks")).template
    call = Call(task=TOKEN_COUNT, model="asks", inputs={"messages": HI})
    plain = await client.generate("tiny", "SYS x Q the cat A ", raw=True, options={"num_predict": 1})
    counted = (await collect(tiny_api.services.router.run(call))).data["tokens"]
    assert counted == plain.prompt_eval_count
    again = {"name": "again", "modelfile": (await client.show("asks")).modelfile, "stream": False}
    assert (await tiny_api.post("/api/create", json=again)).json() == {"status": "success"}
    assert (await tiny_api.services.store.find("again")).loading == made.loading


REFUSED = [
    ({"from": "tiny", "quantize": "q4_0"}, 400, "quantize"),
    ({"from": "tiny", "template": "{{ .Nonsense.Of.Go | pipe }}"}, 400, "template"),
    ({"from": "tiny", "messages": [{"role": "user", "content": "x"}]}, 400, "messages"),
    ({"from": "tiny", "parameters": {"temperature": "hot"}}, 400, "temperature"),
    ({"from": "other"}, 404, "other"),
    ({"from": "/etc/passwd"}, 400, "from"),
    ({"files": {"a.gguf": "sha256:" + "0" * 64}}, 404, "no blob"),
    ({"files": {"a.gguf": "../../x"}}, 400, "no digest"),
    ({}, 400, "from"),
]


@pytest.mark.parametrize(("body", "status", "named"), REFUSED)
async def test_what_cannot_be_made_is_refused_by_name(tiny_api: Api, body: Any, status: int, named: str) -> None:
    response = await tiny_api.post("/api/create", json={"model": "new", "stream": False, **body})
    assert response.status_code == status and named in response.json()["error"]
    assert len(await tiny_api.services.store.models()) == 2


async def test_a_name_that_is_taken_stays(tiny_api: Api) -> None:
    with pytest.raises(ollama.ResponseError, match="taken"):
        await for_ollama(tiny_api).create("serai-guide", from_="tiny")


async def test_a_copy_outlives_what_it_was_made_of(tiny_api: Api) -> None:
    client = for_ollama(tiny_api)
    await client.copy("tiny", "mine:latest")
    await client.delete("tiny")
    assert [model.name for model in await tiny_api.services.store.models()] == ["serai-guide", "mine"]
    assert (await client.chat("mine", HI, options={"num_predict": 2})).eval_count == 2
    with pytest.raises(ollama.ResponseError, match="no model called"):
        await client.delete("tiny")
    with pytest.raises(ollama.ResponseError, match="part of Serai"):
        await client.delete("serai-guide")


async def test_a_file_is_sent_and_becomes_a_model(real: Api, tmp_path: Path) -> None:
    client = for_ollama(real)
    path = tiny_gguf.write(tmp_path / "sent.gguf")
    sees = tiny_companions.projector(tmp_path / "mmproj.gguf")
    files = {one.name: await client.create_blob(one) for one in (path, sees)}
    assert (await real.head(f"/api/blobs/{files['sent.gguf']}")).status_code == 200
    assert (await client.create("sent", files=files, system="Hm.")).status == "success"
    made = await real.services.store.find("sent")
    assert made.settings == {"system": "Hm."} and Path(made.loading["projector"]).is_file()
    assert (await client.chat("sent", HI, options={"num_predict": 2})).eval_count == 2
    assert "vision" in (await client.show("sent")).capabilities
    await client.copy("sent", "again")
    await client.delete("sent")
    assert Path(made.path or "").is_file()
    await client.delete("again")
    assert not Path(made.path or "").exists() and not list((tmp_path / "home" / "created").iterdir())


async def test_what_was_sent_is_what_its_digest_says(real: Api, tmp_path: Path) -> None:
    wrong = await real.post("/api/blobs/sha256:" + "0" * 64, content=b"other")
    assert wrong.status_code == 400 and "not the one" in wrong.json()["error"]
    digest = f"sha256:{hashlib.sha256(b'no model').hexdigest()}"
    assert (await real.head(f"/api/blobs/{digest}")).status_code == 404
    assert (await real.post(f"/api/blobs/{digest}", content=b"no model")).status_code == 201
    assert (await real.post(f"/api/blobs/{digest}", content=b"no model")).status_code == 200
    assert (await real.post("/api/blobs/..%2F..%2Fx", content=b"x")).status_code in (400, 404, 405)
    made = await real.post("/api/create", json={"model": "m", "files": {"m.gguf": digest}, "stream": False})
    assert made.status_code == 503 and not list((tmp_path / "home" / "created").iterdir())


async def test_a_file_may_be_larger_than_any_other_body(real: Api) -> None:
    content = b"x" * 40_000_000
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert (await real.post(f"/api/blobs/{digest}", content=content)).status_code == 201


async def test_an_upload_that_breaks_off_leaves_nothing(real: Api, tmp_path: Path) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", real.base_url.port)
    head = f"POST /api/blobs/sha256:{'1' * 64} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n"
    writer.write(head.encode() + b"xx")
    await writer.drain()
    await until(lambda: list((tmp_path / "home" / "blobs").glob("*.partial")))
    writer.close()
    await until(lambda: not list((tmp_path / "home" / "blobs").glob("*")))


async def test_pushing_is_refused_in_words(real: Api) -> None:
    with pytest.raises(ollama.ResponseError, match="no registry"):
        await for_ollama(real).push("serai-guide")


@pytest_asyncio.fixture
async def hub(real: Api, tmp_path: Path) -> AsyncIterator[FakeHub]:
    content = tiny_gguf.write(tmp_path / "hub.gguf").read_bytes()
    async with serving(FakeHub(files={"org/m": {"m-Q8_0.gguf": content}})) as there:
        real.services.settings_file.set("hub.endpoint", there.endpoint)
        real.services.reload_settings()
        yield there


async def test_a_pull_tells_how_far_it_is(real: Api, hub: FakeHub) -> None:
    client = for_ollama(real)
    states = [state async for state in await client.pull("hf.co/org/m:Q8_0", stream=True)]
    assert states[0].status == "pulling manifest"
    assert [state.status for state in states[-3:]] == ["verifying sha256 digest", "writing manifest", "success"]
    told = [state for state in states if state.digest]
    assert told and told[-1].completed == told[-1].total and told[-1].status.startswith("pulling ")
    assert (await client.pull("org/m:Q8_0")).status == "success"
    assert (await client.chat("hf.co/org/m:Q8_0", HI, options={"num_predict": 2})).eval_count == 2
    await client.copy("org/m:Q8_0", "mine")
    await client.delete("org/m:Q8_0")
    assert (await client.chat("mine", HI, options={"num_predict": 2})).eval_count == 2


async def test_a_pull_of_what_is_here_or_cannot_be(real: Api, hub: FakeHub) -> None:
    client = for_ollama(real)
    assert (await client.pull("serai-guide:latest")).status == "success"
    for name, words in (("llama3.2", "Hugging Face hub"), ("org/other", "no model called")):
        with pytest.raises(ollama.ResponseError, match=words):
            await client.pull(name)
        with pytest.raises(ollama.ResponseError, match=words):
            [state async for state in await client.pull(name, stream=True)]
