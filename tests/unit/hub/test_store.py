from pathlib import Path

import pytest

from serai.errors import BadRequest, Conflict, LoadFailed, ModelNotFound
from serai.hub.store import GUIDE, Store
from serai.storage.database import Database


async def test_the_embedded_model_is_always_there_and_first(store: Store, tiny: Path) -> None:
    await store.add(tiny, "a-model")
    assert [model.name for model in await store.models()] == [GUIDE, "a-model"]
    assert (await store.find(GUIDE)).source == "embedded"


async def test_the_embedded_model_answers_without_chance(store: Store) -> None:
    assert (await store.find(GUIDE)).settings == {"temperature": 0.0}


async def test_an_added_file_keeps_its_facts(store: Store, tiny: Path) -> None:
    added = await store.add(tiny, "a-model")
    assert (added.architecture, added.size, added.engine) == ("llama", tiny.stat().st_size, "llama.cpp")
    assert await store.find("a-model") == added


async def test_a_folder_becomes_a_model_with_its_makers_settings(store: Store, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"x" * 9)
    (tmp_path / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 99}')
    (tmp_path / "generation_config.json").write_text('{"do_sample": true, "temperature": 0.6}')
    added = await store.add(tmp_path, "a-folder")
    assert (added.format, added.engine, added.task) == ("safetensors", "transformers", "text-generation")
    assert (added.size, added.context_length, added.settings) == (9, 99, {"temperature": 0.6})


async def test_without_a_name_the_files_own_is_taken(store: Store, tiny: Path) -> None:
    assert (await store.add(tiny)).name == "tiny"


async def test_adding_the_same_file_again_changes_nothing(store: Store, tiny: Path) -> None:
    first = await store.add(tiny, "a-model")
    assert await store.add(tiny, "a-model") == first


async def test_a_name_belongs_to_one_file(store: Store, tiny: Path, tmp_path: Path) -> None:
    await store.add(tiny, "a-model")
    (tmp_path / "other.gguf").write_bytes(tiny.read_bytes())
    with pytest.raises(Conflict):
        await store.add(tmp_path / "other.gguf", "a-model")


@pytest.mark.parametrize("name", ["../x", "a b", "a/b/c", "x" * 200])
async def test_names_outside_the_grammar_are_refused(store: Store, tiny: Path, name: str) -> None:
    with pytest.raises(BadRequest):
        await store.add(tiny, name)


async def test_the_guides_name_is_taken(store: Store, tiny: Path) -> None:
    with pytest.raises(Conflict):
        await store.add(tiny, GUIDE)


async def test_what_is_no_model_is_not_added(store: Store, tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"no")
    with pytest.raises(LoadFailed):
        await store.add(tmp_path / "x.gguf")
    assert len(await store.models()) == 1


async def test_forgetting_leaves_the_file(store: Store, tiny: Path) -> None:
    await store.add(tiny, "a-model")
    await store.forget("a-model")
    assert tiny.exists()
    with pytest.raises(ModelNotFound):
        await store.find("a-model")


async def test_a_file_that_serai_did_not_download_is_never_deleted(store: Store, tiny: Path) -> None:
    await store.add(tiny, "a-model")
    with pytest.raises(BadRequest):
        await store.forget("a-model", files=True)
    assert tiny.exists()


async def test_the_embedded_model_cannot_be_forgotten(store: Store) -> None:
    with pytest.raises(BadRequest):
        await store.forget(GUIDE)


@pytest.mark.parametrize("name", [GUIDE, "a-model"])
async def test_use_pin_and_settings_are_kept(store: Store, tiny: Path, name: str) -> None:
    await store.add(tiny, "a-model")
    await store.touch(name)
    await store.set_pinned(name, True)
    await store.set_settings(name, {"top_k": 1})
    model = await store.find(name)
    assert (model.pinned, model.settings) == (True, {"top_k": 1})
    assert model.last_used_at


async def test_changes_are_told(store: Store, tiny: Path, changed: list[str]) -> None:
    await store.add(tiny, "a-model")
    await store.set_pinned("a-model", True)
    await store.forget("a-model")
    assert changed == ["a-model"] * 3


async def test_a_missing_name_is_answered_with_the_nearest(store: Store) -> None:
    with pytest.raises(ModelNotFound) as caught:
        await store.find("serai-gide")
    assert caught.value.facts["nearest"] == [GUIDE]


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "~nobody-of-that-name/x"])
async def test_a_path_that_can_be_none_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadRequest, match="cannot be a file's path"):
        await store.add(Path(name))


async def test_what_another_process_adds_is_seen_at_once(store: Store, tiny: Path, url: str) -> None:
    other = Database.open(url)
    before = len(await store.models())
    await Store(other).add(tiny, "far")
    assert len(await store.models()) == before + 1
    await other.close()


async def test_a_list_that_was_given_away_is_nobodys_to_change_and_the_same_until_something_does(store: Store) -> None:
    first = await store.models()
    assert isinstance(first, tuple) and await store.models() is first
    await store.set_pinned(first[0].name, pinned=True)
    assert await store.models() is not first
