"""Downloads against a loopback hub with the faults of the real one."""

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.hub import TOKEN, FakeHub
from tests.unit.hub.conftest import NAME, asked, blobs, context

from serai.errors import Forbidden, ModelNotFound, SeraiError
from serai.hub import download
from serai.hub.download import Download
from serai.hub.faults import Damaged, DiskFull, HubUnreachable
from serai.hub.records import Records
from serai.hub.remote import Hub
from serai.hub.store import Store


async def test_a_download_becomes_a_model(hub: FakeHub, fetch: Callable[..., Any], store: Store, tiny: Path) -> None:
    result = await fetch()
    model = await store.find(f"{NAME}:Q8_0")
    assert result == {"model": model.name, "size": tiny.stat().st_size, "commit": hub.commit}
    assert model.path is not None
    assert Path(model.path).read_bytes() == tiny.read_bytes()
    assert (model.source, model.license) == ("hub", "mit")


async def test_the_cache_is_laid_out_as_other_tools_expect(fetch: Callable[..., Any], tmp_path: Path) -> None:
    await fetch()
    folder = tmp_path / "hf" / "models--acme--tiny-GGUF"
    commit = (folder / "refs" / "main").read_text()
    link = folder / "snapshots" / commit / "tiny-Q8_0.gguf"
    assert link.is_symlink()
    assert link.resolve().parent == folder / "blobs"
    assert len(link.resolve().name) == 64


async def test_a_cut_connection_is_taken_up_where_it_broke(hub: FakeHub, fetch: Callable[..., Any]) -> None:
    hub.cut_after, hub.cuts = 100_000, 3
    await fetch()
    ranges = asked(hub)
    assert ranges[0] is None
    assert all(asked is not None and asked != "bytes=0-" for asked in ranges[1:])


async def test_a_part_that_a_kill_left_is_not_fetched_again(
    hub: FakeHub, fetch: Callable[..., Any], tiny: Path, tmp_path: Path
) -> None:
    await fetch()
    blob = blobs(tmp_path / "hf")[0]
    blob.with_name(f"{blob.name}.serai.incomplete").write_bytes(tiny.read_bytes()[:200_000])
    blob.unlink()
    hub.requests.clear()
    await fetch()
    assert asked(hub) == ["bytes=200000-"]


async def test_damaged_bytes_never_become_a_model(hub: FakeHub, fetch: Callable[..., Any], tmp_path: Path) -> None:
    hub.damage = True
    with pytest.raises(Damaged, match="SHA-256"):
        await fetch()
    assert [path for path in blobs(tmp_path / "hf") if path.suffix != ".lock"] == []


async def test_a_server_that_ignores_ranges_is_begun_anew(hub: FakeHub, fetch: Callable[..., Any]) -> None:
    hub.cut_after, hub.cuts, hub.ignore_ranges = 100_000, 1, True
    assert (await fetch())["model"] == f"{NAME}:Q8_0"


async def test_slow_down_is_heard(hub: FakeHub, fetch: Callable[..., Any]) -> None:
    hub.slow_down = 2
    assert (await fetch())["model"] == f"{NAME}:Q8_0"


async def test_the_token_stays_with_its_own_origin(hub: FakeHub, fetch: Callable[..., Any]) -> None:
    hub.gated.add(NAME)
    await fetch(token=TOKEN)
    seen = {path.split("/")[1]: authorization for path, _, authorization in hub.requests}
    assert seen["api"] == f"Bearer {TOKEN}"
    assert seen["blob"] is None


async def test_a_gated_model_says_what_to_do(hub: FakeHub, fetch: Callable[..., Any]) -> None:
    hub.gated.add(NAME)
    with pytest.raises(Forbidden) as caught:
        await fetch()
    assert "token" in caught.value.hint


async def test_a_name_that_is_not_there_says_so(fetch: Callable[..., Any]) -> None:
    with pytest.raises(ModelNotFound):
        await fetch("acme/nothing")


async def test_two_at_once_share_one_download(hub: FakeHub, fetch: Callable[..., Any]) -> None:
    await asyncio.gather(fetch(), fetch())
    assert len(asked(hub)) == 1


async def test_a_full_disk_is_said_before_anything_is_fetched(
    hub: FakeHub, fetch: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_SPARE", 1 << 62)
    with pytest.raises(DiskFull):
        await fetch()
    assert not asked(hub)


async def test_a_disk_that_fills_up_meanwhile_keeps_what_arrived(
    fetch: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("serai.hub.fetch.partial.Partial.write", full)
    with pytest.raises(DiskFull):
        await fetch()
    assert any(path.name.endswith(".serai.incomplete") for path in blobs(tmp_path / "hf"))


async def test_a_hub_that_is_away_is_said_in_words(store: Store, records: Records, tmp_path: Path) -> None:
    async def secret() -> str | None:
        return None

    away = Download(Hub(lambda: "http://127.0.0.1:9", secret, lambda: False), store, records, tmp_path)
    with pytest.raises(HubUnreachable, match="cannot be reached"):
        await away.run(context(NAME))


async def test_offline_asks_nobody(hub: FakeHub, store: Store, records: Records, tmp_path: Path) -> None:
    async def secret() -> str | None:
        return None

    offline = Download(Hub(lambda: hub.endpoint, secret, lambda: True), store, records, tmp_path)
    with pytest.raises(SeraiError, match="offline"):
        await offline.run(context(NAME))
    assert hub.requests == []
