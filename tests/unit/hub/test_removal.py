from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fakes.hub import FakeHub
from tests.unit.hub.conftest import NAME, blobs

from serai.hub import removal
from serai.hub.store import Store


async def test_forgetting_with_files_leaves_no_trace(fetch: Callable[..., Any], store: Store, cache: Path) -> None:
    await store.forget((await fetch())["model"], files=True)
    assert [path for path in cache.rglob("*") if ".locks" not in path.parts] == []


async def test_what_another_model_uses_stays(
    hub: FakeHub, fetch: Callable[..., Any], store: Store, cache: Path, tiny: Path
) -> None:
    hub.files[NAME] |= {"mmproj.gguf": b"GGUF" * 9, "tiny-Q4_0.gguf": tiny.read_bytes() + b"."}
    await fetch(f"{NAME}:Q8_0")
    kept = await store.find((await fetch(f"{NAME}:Q4_0"))["model"])
    await store.forget(f"{NAME}:Q8_0", files=True)
    assert sorted(path.name for path in Path(kept.path or "").parent.iterdir()) == ["mmproj.gguf", "tiny-Q4_0.gguf"]
    assert len(blobs(cache)) == 2


def test_what_does_not_lie_in_the_cache_is_never_deleted(tmp_path: Path) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(b"x")
    snapshot = tmp_path / "models--a--b" / "snapshots" / ("c" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "link.gguf").symlink_to(mine)
    assert removal.remove([mine, snapshot / "link.gguf"]) == 0
    assert mine.exists() and not (snapshot / "link.gguf").is_symlink()
