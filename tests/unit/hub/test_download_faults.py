"""What a hostile or broken hub, network or disk does to a download: clear words, a way forward, nothing lost."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.hub import TOKEN, FakeHub, git_sha1
from tests.fakes.waiting import until
from tests.unit.hub.conftest import NAME, asked, blobs, context

from serai.errors import BadRequest, Busy, Forbidden, ModelNotFound, NotFound
from serai.hub.faults import Damaged, DiskFull, HubUnreachable, StoreUnusable
from serai.hub.fetch.limits import Limits
from serai.hub.store import Store

Fetch = Callable[..., Any]


async def test_404_names_the_nearest(hub: FakeHub, fetch: Fetch) -> None:
    with pytest.raises(ModelNotFound) as caught:
        await fetch("acme/tiny-GUFF")
    assert "Did you mean acme/tiny-GGUF?" in caught.value.hint


async def test_401_says_that_it_may_be_private_and_names_the_nearest(hub: FakeHub, fetch: Fetch) -> None:
    hub.unknown = 401
    with pytest.raises(Forbidden, match="no public model") as caught:
        await fetch("acme/tiny-GUFF")
    assert "token" in caught.value.hint and "acme/tiny-GGUF" in caught.value.hint
    with pytest.raises(Forbidden, match="does not accept your token"):
        await fetch("acme/tiny-GUFF", token="old")


async def test_a_gated_model_names_the_page_where_its_terms_are(hub: FakeHub, fetch: Fetch) -> None:
    hub.gated.add(NAME)
    with pytest.raises(Forbidden, match="gated") as caught:
        await fetch()
    assert caught.value.facts["page"] == f"{hub.endpoint}/{NAME}"
    with pytest.raises(Forbidden, match="your token's account"):
        await fetch(token="another")


async def test_an_unknown_revision_is_told_from_an_unknown_model(hub: FakeHub, fetch: Fetch) -> None:
    hub.answers = [(404, {"X-Error-Code": "RevisionNotFound"})]
    with pytest.raises(NotFound, match="no such revision"):
        await fetch()


@pytest.mark.parametrize("files", [{"pytorch_model.bin": b"x", "config.json": b"{}"}, None])
async def test_a_listed_model_that_cannot_be_used_names_the_one_that_stands_in(
    hub: FakeHub, fetch: Fetch, files: dict[str, bytes] | None
) -> None:
    if files:
        hub.files["persiannlp/gpt2-persian"] = files
    with pytest.raises((BadRequest, ModelNotFound), match="pickles" if files else None) as caught:
        await fetch("persiannlp/gpt2-persian")
    assert "serai pull HooshvareLab/gpt2-fa@" in caught.value.hint


async def test_429_is_waited_out_for_the_list_too(hub: FakeHub, fetch: Fetch) -> None:
    hub.busy_listing, hub.slow_down = 2, 2
    assert (await fetch())["model"] == f"{NAME}:Q8_0"


async def test_a_hub_that_stays_busy_is_said_so(hub: FakeHub, fetch: Fetch) -> None:
    hub.busy_listing = 100
    with pytest.raises(Busy):
        await fetch()


async def test_trouble_of_the_server_passes(hub: FakeHub, fetch: Fetch) -> None:
    hub.answers = [(500, {}), (503, {}), (502, {})]
    assert (await fetch())["model"] == f"{NAME}:Q8_0"


async def test_trouble_that_stays_is_said_with_what_was_answered(hub: FakeHub, fetch: Fetch) -> None:
    hub.answers = [(503, {})] * 50
    with pytest.raises(HubUnreachable, match=r"again and again .*answered 503") as caught:
        await fetch()
    assert "kept" in caught.value.hint


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
async def test_a_redirect_to_what_is_no_web_address_is_not_followed(hub: FakeHub, fetch: Fetch, to: str) -> None:
    hub.answers = [(302, {"Location": to})] * 50
    with pytest.raises(HubUnreachable, match="redirects to nowhere"):
        await fetch()


@pytest.mark.parametrize("by", [-1000, 1000])
async def test_a_lie_about_the_length_is_told_with_both_numbers(
    hub: FakeHub, fetch: Fetch, tiny: Path, by: int
) -> None:
    size = tiny.stat().st_size
    hub.length["tiny-Q8_0.gguf"] = size + by
    with pytest.raises(Damaged, match=f"{size + by:,} bytes by the hub's list, and {size:,} by its server"):
        await fetch()


async def test_bytes_damaged_on_the_way_are_fetched_once_more(hub: FakeHub, fetch: Fetch) -> None:
    hub.damage, hub.damages = True, 1
    assert (await fetch())["model"] == f"{NAME}:Q8_0"


async def test_small_files_are_checked_with_gits_sha1(hub: FakeHub, fetch: Fetch, cache: Path, tiny: Path) -> None:
    hub.plain = {"tiny-Q8_0.gguf"}
    await fetch()
    assert [blob.name for blob in blobs(cache)] == [git_sha1(tiny.read_bytes())]
    shutil.rmtree(cache)
    hub.damage = True
    with pytest.raises(Damaged, match="Git SHA-1"):
        await fetch()


async def test_a_file_without_a_digest_is_not_trusted(hub: FakeHub, fetch: Fetch) -> None:
    hub.siblings = [{"rfilename": "tiny-Q8_0.gguf", "size": 7}]
    with pytest.raises(HubUnreachable, match="no digest"):
        await fetch()


async def test_pieces_come_over_several_connections_each_byte_once(
    hub: FakeHub, fetch: Fetch, tiny: Path, pieces: None
) -> None:
    await fetch()
    assert len(asked(hub)) == 8
    assert hub.sent == tiny.stat().st_size


async def test_cuts_at_any_place_cost_nothing_twice(hub: FakeHub, fetch: Fetch, tiny: Path, pieces: None) -> None:
    hub.cut_after, hub.cuts = 10_000, 30
    await fetch()
    assert hub.cuts == 0
    assert hub.sent == tiny.stat().st_size


async def test_a_server_that_ignores_ranges_still_gives_every_piece(
    hub: FakeHub, fetch: Fetch, store: Store, tiny: Path, pieces: None
) -> None:
    hub.ignore_ranges, hub.cut_after, hub.cuts = True, 200_000, 3
    model = await store.find((await fetch())["model"])
    assert Path(model.path or "").read_bytes() == tiny.read_bytes()


async def test_a_connection_that_stalls_is_begun_again(hub: FakeHub, fetch: Fetch) -> None:
    hub.gate = asyncio.Event()
    work = asyncio.ensure_future(fetch(stall_s=0.2))
    await until(lambda: len(asked(hub)) > 1)
    hub.gate.set()
    assert (await work)["model"] == f"{NAME}:Q8_0"


async def test_a_paused_download_goes_on_where_it_was(
    hub: FakeHub, fetch: Fetch, tiny: Path, cache: Path, pieces: None
) -> None:
    hub.gate = asyncio.Event()
    work = asyncio.ensure_future(fetch())
    await until(lambda: hub.sent > 100_000)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert any(path.name.endswith(".incomplete") for path in blobs(cache))
    assert not list(cache.glob("*/snapshots/*/*"))
    before, hub.gate = hub.sent, None
    await fetch()
    assert hub.sent - before < tiny.stat().st_size - 100_000 + 8 * 65_536


async def test_what_has_come_and_waits_for_the_rate_is_kept_at_a_pause(
    hub: FakeHub, fetch: Fetch, tiny: Path, pieces: None
) -> None:
    size = tiny.stat().st_size
    work = asyncio.ensure_future(fetch(limits=Limits(rate=lambda: 20_000.0)))
    await until(lambda: hub.sent == min(size, 8 * 65_536))
    for _ in range(100):  # what lies in the kernel comes in
        await asyncio.sleep(0)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await fetch()
    assert hub.sent <= size + 65_536


async def test_what_came_before_a_cut_and_waits_for_the_rate_is_kept(
    hub: FakeHub, fetch: Fetch, tiny: Path, pieces: None
) -> None:
    hub.cut_after, hub.cuts = 50_000, 4
    await fetch(limits=Limits(rate=lambda: 0.0 if len(asked(hub)) > 8 else 20_000.0))
    assert hub.sent == tiny.stat().st_size


async def test_a_cancelled_download_leaves_nothing(hub: FakeHub, fetch: Fetch, cache: Path, pieces: None) -> None:
    hub.gate = asyncio.Event()
    job = context(NAME)
    work = asyncio.ensure_future(fetch(job=job))
    await until(lambda: hub.sent > 100_000)
    job.stopping = "cancelled"
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    hub.gate.set()
    assert blobs(cache) == []


async def test_progress_tells_of_the_whole_and_of_each_file(hub: FakeHub, fetch: Fetch, tiny: Path) -> None:
    data = tiny.read_bytes()
    hub.files[NAME]["mmproj-tiny.gguf"] = data[:1000]
    told: list[Any] = []
    await fetch(job=context(NAME, told))
    done, total, _, note, *_ = told[-1]
    assert (done, total, note) == (len(data) + 1000, len(data) + 1000, "2 of 2 files")
    assert {part["name"] for *_, parts, _ in told for part in parts or ()} == {"tiny-Q8_0.gguf", "mmproj-tiny.gguf"}


async def test_a_full_disk_is_told_with_the_numbers(
    hub: FakeHub, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serai.hub.download._free", lambda _: 1_000_000)
    with pytest.raises(DiskFull, match=r"needs 0\.3 GB more, and 1\.0 MB are free"):
        await fetch()
    assert asked(hub) == []


async def test_a_disk_that_fills_up_keeps_what_came_and_goes_on(
    hub: FakeHub, fetch: Fetch, monkeypatch: pytest.MonkeyPatch, tiny: Path, pieces: None
) -> None:
    room = [5]

    def write(out: Any, data: bytes) -> None:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        room[0] -= 1
        out.write(data)

    with monkeypatch.context() as full:
        full.setattr("serai.hub.fetch.partial._write_all", write)
        with pytest.raises(DiskFull, match="too full"):
            await fetch()
    hub.requests.clear()
    assert (await fetch())["model"] == f"{NAME}:Q8_0"
    assert sum(wanted is None or not wanted.startswith("bytes=0-") for wanted in asked(hub)) >= 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_read_only_cache_is_said_in_words(fetch: Fetch, cache: Path) -> None:
    cache.mkdir()
    cache.chmod(0o500)
    with pytest.raises(StoreUnusable, match="cannot be written"):
        await fetch()


async def test_a_read_only_file_system_is_said_in_words(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("serai.hub.cache.Repo.prepare", read_only)
    with pytest.raises(StoreUnusable, match="cannot be written") as caught:
        await fetch()
    assert "HF_HOME" in caught.value.hint


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
async def test_a_cache_on_another_file_system_is_fine(
    hub: FakeHub, fetch: Fetch, store: Store, cache: Path, tmp_path: Path
) -> None:
    other = Path("/dev/shm") / f"serai-test-{os.getpid()}"
    other.mkdir()
    cache.symlink_to(other)
    try:
        model = await store.find((await fetch())["model"])
        assert Path(model.path or "").is_file()
    finally:
        shutil.rmtree(other)


async def test_links_are_not_needed(fetch: Fetch, store: Store, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def impossible(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", impossible)
    monkeypatch.setattr(Path, "hardlink_to", impossible)
    model = await store.find((await fetch())["model"])
    assert not Path(model.path or "").is_symlink()
    assert Path(model.path or "").read_bytes() == tiny.read_bytes()


@pytest.mark.parametrize("folder", ["blobs", "snapshots", "refs", ""])
async def test_nothing_is_written_through_a_link_that_leads_out(
    hub: FakeHub, fetch: Fetch, cache: Path, tmp_path: Path, folder: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place = cache / "models--acme--tiny-GGUF" / folder if folder else cache / "models--acme--tiny-GGUF"
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)
    with pytest.raises(StoreUnusable, match="leads out"):
        await fetch()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../../../evil-Q8_0.gguf", "/evil-Q8_0.gguf", "a\x1b[2J-Q8_0.gguf", "x" * 300 + ".gguf"]
)
async def test_hostile_names_are_not_used(hub: FakeHub, fetch: Fetch, tmp_path: Path, name: str) -> None:
    hub.files[NAME] = {name: b"GGUF"}
    before = set(tmp_path.parent.rglob("*evil*"))
    with pytest.raises(BadRequest, match="names cannot be used"):
        await fetch()
    assert set(tmp_path.parent.rglob("*evil*")) == before


async def test_a_commit_that_is_none_is_not_made_a_path(hub: FakeHub, fetch: Fetch) -> None:
    hub.commit = "../../../../tmp/x"
    with pytest.raises(HubUnreachable, match="could not be understood"):
        await fetch()


async def test_names_that_are_one_on_some_disks_are_refused(hub: FakeHub, fetch: Fetch) -> None:
    hub.files[NAME] = {"config.json": b"{}", "Config.json": b"{ }", "model.safetensors": b"x"}
    with pytest.raises(BadRequest, match="one name on many disks"):
        await fetch()


async def test_a_folder_in_the_place_of_a_file_is_said_in_words(fetch: Fetch, cache: Path, hub: FakeHub) -> None:
    (cache / "models--acme--tiny-GGUF" / "snapshots" / hub.commit / "tiny-Q8_0.gguf" / "x").mkdir(parents=True)
    with pytest.raises(StoreUnusable, match="disorder"):
        await fetch()


async def test_the_token_is_dropped_at_another_origin_also_when_pieces_go_there_directly(
    hub: FakeHub, fetch: Fetch, pieces: None
) -> None:
    await fetch(token=TOKEN)
    assert {shown for path, _, shown in hub.requests if path.startswith("/blob/")} == {None}
    assert len([path for path, _, _ in hub.requests if "/resolve/" in path]) <= 8
