"""Models that other programs left on this machine, as they lay them out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import ollama_templates as library
from tests.fakes import templates, tiny_gguf

from serai.engines._serving.templating import compile_template
from serai.hub.adopt.everything import Adopt
from serai.hub.adopt.found import Seen
from serai.hub.records import Records
from serai.hub.store import Store
from serai.storage.database import Database
from serai.storage.memory import Memory


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "person"


@pytest.fixture
def adopt(db: Database, store: Store, records: Records, home: Path, tmp_path: Path) -> Callable[..., Any]:
    async def run(*folders: Path, closely: bool = True) -> dict[str, Any]:
        kind = Adopt(
            store,
            records,
            Memory(db),
            cache=home / "hub",
            links=tmp_path / "adopted",
            environ={"HOME": str(home)},
            folders=lambda: tuple(map(str, folders)),
        )
        return await kind.run(closely=closely)

    return run


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def ollama(home: Path, name: str, layers: dict[str, bytes]) -> Path:
    """A model as Ollama stores it; its blob with the weights."""
    root, said = home / ".ollama" / "models", []
    for kind, data in layers.items():
        digest = hashlib.sha256(data).hexdigest()
        put(root / "blobs" / f"sha256-{digest}", data)
        said.append({"mediaType": f"application/vnd.ollama.image.{kind}", "digest": f"sha256:{digest}"})
    put(root / "manifests" / "registry.ollama.ai" / name, json.dumps({"layers": said}).encode())
    return root / "blobs" / f"sha256-{hashlib.sha256(layers['model']).hexdigest()}"


def hugging(home: Path, repo: str, files: dict[str, bytes], commit: str = "c" * 40) -> Path:
    """A repository as huggingface_hub stores it; its snapshot."""
    folder = home / "hub" / f"models--{repo.replace('/', '--')}"
    for name, data in files.items():
        blob = put(folder / "blobs" / hashlib.sha256(data).hexdigest(), data)
        link = folder / "snapshots" / commit / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    put(folder / "refs" / "main", commit.encode())
    return folder / "snapshots" / commit


async def test_ollamas_model_comes_with_its_system_prompt_and_parameters(
    adopt: Any, store: Store, records: Records, home: Path, tiny: Path
) -> None:
    params = {"temperature": 0.3, "stop": ["END"], "num_ctx": 4096, "top_k": "odd", "repeat_penalty": 1.2}
    layers = {"model": tiny.read_bytes(), "system": b"Be brief.", "params": json.dumps(params).encode()}
    blob = ollama(home, "library/llama3.2/3b", layers)
    assert (await adopt())["added"] == ["ollama/llama3.2:3b"]
    model = await store.find("ollama/llama3.2:3b")
    wanted = {"temperature": 0.3, "stop": ["END"], "repetition_penalty": 1.2, "system": "Be brief."}
    assert wanted.items() <= model.settings.items() and "num_ctx" not in model.settings
    assert model.loading == {"context": 4096}
    assert Path(model.path or "").resolve() == blob and model.path != str(blob)
    [file] = await records.files(model.name)
    assert file.etag == blob.name.removeprefix("sha256-")


async def test_ollamas_projector_comes_with_the_model(adopt: Any, store: Store, home: Path, tiny: Path) -> None:
    ollama(home, "someone/sees/latest", {"model": tiny.read_bytes(), "projector": tiny.read_bytes() + b"."})
    await adopt()
    model = await store.find("ollama/someone-sees:latest")
    assert Path(model.loading["projector"]).suffix == ".gguf" and Path(model.loading["projector"]).is_file()


async def test_ollamas_template_is_taken_over_or_said_why_not(adopt: Any, store: Store, home: Path, tiny: Path) -> None:
    ollama(home, "library/good/1", {"model": tiny.read_bytes(), "template": b"<u>{{ .Prompt }}\n"})
    ollama(home, "library/odd/1", {"model": tiny.read_bytes() + b".", "template": b"{{ template `x` }}"})
    await adopt()
    good, odd = await store.find("ollama/good:1"), await store.find("ollama/odd:1")
    assert "'<u>'" in good.loading["chat_template"] and "'\\n'" in good.loading["chat_template"]
    assert odd.loading == {} and "`template` is not translated" in odd.description


async def test_chats_with_tools_keep_to_the_files_own_template_where_it_knows_them(
    adopt: Any, store: Store, home: Path, tmp_path: Path
) -> None:
    own = tiny_gguf.write(tmp_path / "own.gguf", template=templates.HERMES).read_bytes()
    ollama(home, "library/mistral/1", {"model": own, "template": library.MISTRAL.encode()})
    await adopt()
    render = compile_template((await store.find("ollama/mistral:1")).loading["chat_template"])
    chat = [{"role": "user", "content": "Hi"}]
    assert render(messages=chat, tools=None) == "[INST] Hi[/INST] "
    wanted = compile_template(templates.HERMES)(messages=chat, tools=[{}], add_generation_prompt=True)
    assert render(messages=chat, tools=[{}], add_generation_prompt=True) == wanted


async def test_a_model_of_ollamas_that_is_not_whole_is_left(adopt: Any, home: Path, tiny: Path) -> None:
    ollama(home, "library/a/1", {"model": tiny.read_bytes()}).unlink()
    ollama(home, "library/b/1", {"model": b"GGUFnonsense"})
    put(home / ".ollama" / "models" / "manifests" / "x" / "library" / "c" / "1", b"{broken")
    assert await adopt() == {"added": [], "gone": []}


async def test_lm_studios_models_are_found(adopt: Any, store: Store, home: Path, tiny: Path) -> None:
    models = home / ".lmstudio" / "models"
    path = put(models / "lmstudio-community" / "Tiny-GGUF" / "Tiny-Q8_0.gguf", tiny.read_bytes())
    put(models / "someone" / "Tiny-GGUF" / "Tiny-Q4_0.gguf", tiny.read_bytes())
    assert (await adopt())["added"] == ["lmstudio/Tiny:Q8_0", "lmstudio/someone-Tiny:Q4_0"]
    assert (await store.find("lmstudio/Tiny:Q8_0")).path == str(path)


async def test_llama_cpps_cache_is_found(adopt: Any, home: Path, tiny: Path) -> None:
    put(home / ".cache" / "llama.cpp" / "ggml-org_tiny_tiny-Q8_0.gguf", tiny.read_bytes())
    put(home / ".cache" / "llama.cpp" / "half.gguf.downloadInProgress", b"GGUF")
    assert (await adopt())["added"] == ["llama.cpp/ggml-org_tiny_tiny:Q8_0"]


async def test_folders_that_a_setting_names_are_found(adopt: Any, tmp_path: Path, tiny: Path) -> None:
    put(tmp_path / "mine" / "deep" / "own-Q8_0.gguf", tiny.read_bytes())
    put(tmp_path / "mine" / "plain.gguf", tiny.read_bytes() + b".")
    put(tmp_path / "mine" / "safe" / "model.safetensors", b"x")
    put(tmp_path / "mine" / "safe" / "config.json", b"{}")
    assert set((await adopt(tmp_path / "mine", tmp_path / "nowhere"))["added"]) == {"own:Q8_0", "plain", "safe"}


async def test_what_huggingface_hub_put_there_is_found_once(
    adopt: Any, store: Store, records: Records, home: Path, tiny: Path
) -> None:
    hugging(home, "org/m", {"m-Q8_0.gguf": tiny.read_bytes()})
    assert (await adopt())["added"] == ["org/m:Q8_0"]
    assert (await adopt())["added"] == []
    source = (await records.sources())["org/m:Q8_0"]
    assert (source.kind, source.repo, source.commit) == ("huggingface", "org/m", "c" * 40)
    assert [file.etag for file in await records.files("org/m:Q8_0")] == [hashlib.sha256(tiny.read_bytes()).hexdigest()]


async def test_a_model_without_all_its_shards_is_not_found(adopt: Any, home: Path) -> None:
    index = json.dumps(
        {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    )
    empty = (2).to_bytes(8, "little") + b"{}"
    files = {"config.json": b"{}", "model.safetensors.index.json": index.encode()}
    hugging(home, "org/half", files | {"model-00001-of-00002.safetensors": empty})
    assert (await adopt())["added"] == []


async def test_what_was_forgotten_is_not_found_again(adopt: Any, store: Store, home: Path, tiny: Path) -> None:
    blob = ollama(home, "library/a/1", {"model": tiny.read_bytes()})
    await adopt()
    await store.forget("ollama/a:1")
    assert (await adopt())["added"] == []
    assert blob.exists()


async def test_what_its_program_deleted_is_gone_and_may_come_back(
    adopt: Any, store: Store, home: Path, tiny: Path
) -> None:
    blob = ollama(home, "library/a/1", {"model": tiny.read_bytes()})
    await adopt()
    blob.unlink()
    assert await adopt() == {"added": [], "gone": ["ollama/a:1"]}
    blob.write_bytes(tiny.read_bytes())
    assert (await adopt())["added"] == ["ollama/a:1"]


async def test_nothing_of_another_programs_is_changed(adopt: Any, store: Store, home: Path, tiny: Path) -> None:
    ollama(home, "library/a/1", {"model": tiny.read_bytes(), "system": b"x"})
    put(home / ".lmstudio" / "models" / "m" / "r" / "t-Q8_0.gguf", tiny.read_bytes())

    def seen() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}

    before = seen()
    await adopt()
    for model in (await store.models())[1:]:
        await store.forget(model.name)
    assert seen() == before


@pytest.fixture
def long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies there was not put there just now."""
    monkeypatch.setattr("serai.hub.adopt.found._COARSE_S", -60)


async def test_a_start_reads_nothing_again_that_has_not_changed(
    adopt: Any, home: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch, long_ago: None
) -> None:
    hugging(home, "org/m", {"m-Q8_0.gguf": tiny.read_bytes()})
    ollama(home, "library/a/1", {"model": tiny.read_bytes()})
    await adopt()
    read: list[str] = []
    monkeypatch.setattr("serai.hub.adopt.huggingface.files_of", lambda place: read.append(str(place)) or [])
    monkeypatch.setattr("serai.hub.adopt.ollama._read", lambda _root, place: read.append(str(place)))
    assert await adopt(closely=False) == {"added": [], "gone": []}
    assert read == []
    await adopt()
    assert len(read) == 2


async def test_a_start_finds_what_has_come_since(adopt: Any, home: Path, tiny: Path, long_ago: None) -> None:
    hugging(home, "org/m", {"m-Q8_0.gguf": tiny.read_bytes()})
    await adopt()
    hugging(home, "org/m", {"m-Q4_0.gguf": tiny.read_bytes() + b"."})
    assert (await adopt(closely=False))["added"] == ["org/m:Q4_0"]


async def test_what_comes_back_is_found_at_a_start(
    adopt: Any, home: Path, tiny: Path, tmp_path: Path, long_ago: None
) -> None:
    hugging(home, "org/m", {"m-Q8_0.gguf": tiny.read_bytes()})
    await adopt()
    (home / "hub").rename(tmp_path / "away")  # a disk that is not there
    assert (await adopt(closely=False))["gone"] == ["org/m:Q8_0"]
    assert (await adopt(closely=False))["gone"] == []
    (tmp_path / "away").rename(home / "hub")
    assert (await adopt(closely=False))["added"] == ["org/m:Q8_0"]


async def test_what_changed_just_now_is_looked_at_once_more(tmp_path: Path) -> None:
    seen = Seen({})
    seen.as_before(tmp_path)
    assert seen.now == {}
