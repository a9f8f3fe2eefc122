"""The mirror between a loopback hub and the real `huggingface_hub`."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import huggingface_hub
import pytest
import pytest_asyncio
from huggingface_hub import errors as theirs
from tests.fakes.hub import TOKEN, FakeHub, serving
from tests.unit.api.conftest import Api, until

from serai.hub.mirror.kept import Kept
from serai.hub.mirror.mirror import Mirror
from serai.hub.quota import Quota
from serai.hub.records import Records
from serai.hub.remote import Hub

NAME, SECRET, LOCKED, DATA = "acme/tiny", "acme/secret", "acme/locked", "datasets/acme/rows"
LARGE = random.Random(7).randbytes(3 << 20)
FILES = {"config.json": b'{"model_type": "bert"}', "sub/notes.txt": b"hello", "model.safetensors": LARGE}


class Mirrored(Api):
    """The mirror as its clients see it."""

    hub: FakeHub
    mirror: Mirror
    cache: Path
    threads: ThreadPoolExecutor
    offline: bool = False

    @property
    def endpoint(self) -> str:
        return f"{str(self.base_url).rstrip('/')}/hub"

    async def theirs(self, call: Callable[..., Any], *args: Any, **wishes: Any) -> Any:
        """Calls the real client, without holding up the servers."""
        wishes = {"endpoint": self.endpoint, "token": False, **wishes}
        loop = asyncio.get_running_loop()  # and threads of their own: they wait for the servers, which use the others
        return await loop.run_in_executor(self.threads, partial(call, *args, **wishes))

    def asked(self, start: str) -> list[str]:
        return [path for path, _, _ in self.hub.requests if path.startswith(start)]

    def blobs(self) -> set[str]:
        return {path.name for path in self.cache.glob("*/blobs/*") if "." not in path.name}


@pytest_asyncio.fixture
async def hub() -> AsyncIterator[FakeHub]:
    repos = {NAME: dict(FILES), SECRET: {"a.txt": b"mine"}, LOCKED: {"a.txt": b"terms"}, DATA: {"rows.csv": b"1,2"}}
    async with serving(FakeHub(repos, {"config.json", "sub/notes.txt"}, private={SECRET}, locked={LOCKED})) as running:
        yield running


@pytest_asyncio.fixture
async def make(
    make_server: Callable[..., Awaitable[Api]], hub: FakeHub, tmp_path: Path
) -> AsyncIterator[Callable[..., Awaitable[Mirrored]]]:
    mirrors: list[Mirror] = []

    async def made(*, quota: int = 0, token: str | None = TOKEN, fresh_s: float = 60.0, **settings: str) -> Mirrored:
        api = await make_server(**settings)
        api.__class__ = Mirrored
        assert isinstance(api, Mirrored)
        api.hub, api.cache, api.threads = hub, tmp_path / "hf", ThreadPoolExecutor(8)

        async def nobody() -> None:
            return None

        async def own() -> str | None:
            return token

        kept = Kept(tmp_path / "mirror", api.cache, Records(api.services.db))
        room = Quota(lambda: quota, lambda _: kept.held(api.mirror.active()), kept.remove)
        hubs = [Hub(lambda: hub.endpoint, who, lambda: api.offline, stall_s=2) for who in (nobody, own)]
        api.mirror = api.services.mirror = Mirror(
            *hubs,
            api.cache,
            tmp_path / "mirror",
            kept,
            make_room=lambda needed: room.make_room(needed, ()),
            pause=lambda _: 0.01,
            fresh_s=fresh_s,
        )
        mirrors.append(api.mirror)
        return api

    yield made
    for mirror in mirrors:
        await mirror.close()


@pytest_asyncio.fixture
async def api(make: Callable[..., Awaitable[Mirrored]]) -> Mirrored:
    return await make()


async def test_the_real_client_takes_a_whole_snapshot(api: Mirrored, tmp_path: Path) -> None:
    folder = await api.theirs(huggingface_hub.snapshot_download, NAME, cache_dir=tmp_path / "theirs")
    assert {name: (Path(folder) / name).read_bytes() for name in FILES} == FILES


async def test_data_sets_are_served_as_well(api: Mirrored, tmp_path: Path) -> None:
    wishes = {"repo_type": "dataset", "cache_dir": tmp_path / "theirs"}
    path = await api.theirs(huggingface_hub.hf_hub_download, "acme/rows", "rows.csv", **wishes)
    assert Path(path).read_bytes() == b"1,2"


async def test_what_was_fetched_once_comes_from_disk(api: Mirrored, tmp_path: Path) -> None:
    for client in ("one", "two"):
        await api.theirs(huggingface_hub.snapshot_download, NAME, cache_dir=tmp_path / client)
    assert len(api.asked("/blob/")) == len(FILES) and api.hub.sent == sum(map(len, FILES.values()))


async def test_the_client_reads_info_files_and_branches(api: Mirrored) -> None:
    client = huggingface_hub.HfApi(endpoint=api.endpoint, token=False)
    info = await asyncio.to_thread(client.model_info, NAME, files_metadata=True)
    sizes = {file.rfilename: file.size for file in info.siblings or ()}
    assert sizes == {name: len(data) for name, data in FILES.items()}
    assert sorted(await asyncio.to_thread(client.list_repo_files, NAME)) == sorted(FILES)
    assert (await asyncio.to_thread(client.list_repo_refs, NAME)).branches[0].target_commit == api.hub.commit
    found = await asyncio.to_thread(client.get_paths_info, NAME, ["config.json", "sub", "none"])
    assert [entry.path for entry in found] == ["config.json", "sub"]


async def test_eight_clients_cause_one_download(api: Mirrored, tmp_path: Path) -> None:
    api.hub.gate = asyncio.Event()
    folder = tmp_path / "theirs"
    calls = [
        api.theirs(huggingface_hub.hf_hub_download, NAME, "model.safetensors", cache_dir=folder / str(n))
        for n in range(8)
    ]
    tasks = [asyncio.ensure_future(call) for call in calls]
    await until(lambda: api.hub.sent > 0)
    api.hub.gate.set()
    paths = await asyncio.gather(*tasks)
    assert all(Path(path).read_bytes() == LARGE for path in paths)
    assert len(api.asked("/blob/")) == 1 and len(api.asked("/api/models/acme/tiny/revision/main")) == 1


async def test_the_first_bytes_come_before_the_hub_is_done(api: Mirrored) -> None:
    api.hub.gate = asyncio.Event()
    async with api.stream("GET", f"/hub/{NAME}/resolve/main/model.safetensors") as response:
        first = await anext(response.aiter_raw())
        assert first == LARGE[: len(first)] and not api.hub.gate.is_set()
        api.hub.gate.set()
    await until(lambda: not api.mirror.active())


async def test_a_client_that_goes_away_does_not_end_it_for_others(api: Mirrored) -> None:
    api.hub.gate = asyncio.Event()
    address = f"/hub/{NAME}/resolve/main/model.safetensors"
    async with api.stream("GET", address) as response:
        await anext(response.aiter_raw())
    other = asyncio.ensure_future(api.get(address))
    api.hub.gate.set()
    assert (await other).content == LARGE and len(api.asked("/blob/")) == 1


@pytest.mark.parametrize("here", [True, False])
async def test_a_download_goes_on_by_range(api: Mirrored, here: bool) -> None:
    address = f"/hub/{NAME}/resolve/main/model.safetensors"
    if here:
        await api.get(address)
    response = await api.get(address, headers={"Range": "bytes=1000000-"})
    assert response.status_code == 206 and response.content == LARGE[1_000_000:]
    assert response.headers["content-range"] == f"bytes 1000000-{len(LARGE) - 1}/{len(LARGE)}"


async def test_a_range_beyond_the_end_and_one_of_another_version(api: Mirrored) -> None:
    address = f"/hub/{NAME}/resolve/main/model.safetensors"
    assert (await api.get(address, headers={"Range": "bytes=9999999-"})).status_code == 416
    other = {"Range": "bytes=5-", "If-Range": '"another"'}
    assert (await api.get(address, headers=other)).status_code == 200


async def test_head_tells_what_the_client_needs_without_fetching(api: Mirrored) -> None:
    response = await api.head(f"/hub/{NAME}/resolve/main/model.safetensors")
    wanted = {"x-repo-commit": "c" * 40, "content-length": str(len(LARGE)), "x-linked-size": str(len(LARGE))}
    assert wanted.items() <= dict(response.headers).items() and not api.asked("/blob/")
    assert response.headers["etag"] == f'"{hashlib.sha256(LARGE).hexdigest()}"'


async def test_offline_it_serves_what_it_has(make: Callable[..., Awaitable[Mirrored]], tmp_path: Path) -> None:
    api = await make(fresh_s=0)
    await api.theirs(huggingface_hub.hf_hub_download, NAME, "config.json", cache_dir=tmp_path / "one")
    api.offline = True
    path = await api.theirs(huggingface_hub.hf_hub_download, NAME, "config.json", cache_dir=tmp_path / "two")
    assert Path(path).read_bytes() == FILES["config.json"]
    refused = await api.get(f"/hub/{NAME}/resolve/main/model.safetensors")
    assert refused.status_code == 502 and "stay offline" in refused.headers["x-error-message"]
    assert (await api.get(f"/hub/api/models/{NAME}")).headers["x-serai-saved"] == "true"


async def test_a_hub_that_takes_long_does_not_keep_clients_from_what_is_here(
    make: Callable[..., Awaitable[Mirrored]], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, silent = await make(fresh_s=0), asyncio.Event()
    await api.get(f"/hub/{NAME}/resolve/main/config.json")
    monkeypatch.setattr("serai.hub.mirror.listings._PATIENCE_S", 0.05)

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1")
    api.hub.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert (await api.get(f"/hub/{NAME}/resolve/main/config.json")).content == FILES["config.json"]
    silent.set()
    server.close()
    await server.wait_closed()


async def test_offline_it_serves_what_other_tools_have_left_in_the_cache(api: Mirrored, tmp_path: Path) -> None:
    wishes = {"cache_dir": api.cache, "endpoint": api.hub.endpoint}
    # The fake hub has no tree: what the client would have put there is put there as it does.
    path = await api.theirs(huggingface_hub.hf_hub_download, NAME, "config.json", **wishes)
    assert Path(path).is_symlink()
    api.offline = True
    files = await asyncio.to_thread(huggingface_hub.HfApi(endpoint=api.endpoint, token=False).list_repo_files, NAME)
    assert files == ["config.json"]
    assert (await api.get(f"/hub/{NAME}/resolve/main/config.json")).content == FILES["config.json"]


async def test_damaged_bytes_never_reach_the_cache_and_no_client_takes_them(api: Mirrored, tmp_path: Path) -> None:
    api.hub.damage = True
    wishes = {"cache_dir": tmp_path / "theirs"}
    with pytest.raises(Exception, match=r"502|peer closed|incomplete"):
        await api.theirs(huggingface_hub.hf_hub_download, NAME, "model.safetensors", **wishes)
    assert not api.blobs() and not list((tmp_path / "theirs").glob("*/snapshots/*/*"))


async def test_who_was_cut_because_of_damage_begins_anew(api: Mirrored, tmp_path: Path) -> None:
    api.hub.damage, api.hub.damages = True, 1
    wishes = {"cache_dir": tmp_path / "theirs"}
    path = await api.theirs(huggingface_hub.hf_hub_download, NAME, "model.safetensors", **wishes)
    assert Path(path).read_bytes() == LARGE
    address = f"/hub/{NAME}/resolve/main/model.safetensors"
    assert (await api.get(address, headers={"Range": "bytes=9-"})).status_code == 200


async def test_a_small_damaged_file_is_an_error_with_a_status(api: Mirrored) -> None:
    api.hub.damage = True
    response = await api.get(f"/hub/{NAME}/resolve/main/config.json")
    assert response.status_code == 502 and "damaged" in response.headers["x-error-message"]


async def test_a_hub_that_breaks_off_is_asked_for_the_rest_only(api: Mirrored) -> None:
    api.hub.cut_after, api.hub.cuts = 2 << 20, 1
    response = await api.get(f"/hub/{NAME}/resolve/main/model.safetensors")
    ranges = [wanted for path, wanted, _ in api.hub.requests if path.startswith("/blob/")]
    assert response.content == LARGE and len(ranges) == 2
    assert int((ranges[1] or "bytes=0-").removeprefix("bytes=").split("-")[0]) > 0


async def test_a_hub_that_dies_in_the_middle_is_an_error_and_later_the_rest_comes(api: Mirrored) -> None:
    api.hub.cut_after, api.hub.cuts, api.hub.gate = 2 << 20, 1, asyncio.Event()
    address = f"/hub/{NAME}/resolve/main/model.safetensors"
    got = bytearray()

    async def read() -> None:
        async with api.stream("GET", address) as response:
            api.hub.cut_after, api.hub.cuts = 0, 10**6  # from here on it gives nothing more
            api.hub.gate.set()
            async for chunk in response.aiter_raw():
                got.extend(chunk)

    with pytest.raises(httpx2.RemoteProtocolError):
        await read()
    assert LARGE.startswith(bytes(got)) and len(got) < len(LARGE) and not api.blobs()
    api.hub.cuts = 0
    rest = await api.get(address, headers={"Range": f"bytes={len(got)}-"})
    assert bytes(got) + rest.content == LARGE


@pytest.mark.parametrize(
    ("place", "file", "error"),
    [
        ("acme/none", "a.txt", theirs.RepositoryNotFoundError),
        (NAME, "none.txt", theirs.EntryNotFoundError),
        (f"{NAME}@none", "a.txt", theirs.RevisionNotFoundError),
    ],
)
async def test_what_is_not_there_is_told_as_the_hub_tells_it(
    api: Mirrored, tmp_path: Path, place: str, file: str, error: type[Exception]
) -> None:
    name, _, revision = place.partition("@")
    wishes = {"revision": revision or None, "cache_dir": tmp_path}
    with pytest.raises(error):
        await api.theirs(huggingface_hub.hf_hub_download, name, file, **wishes)


async def test_a_hub_that_asks_to_slow_down_is_passed_on_with_its_pause(api: Mirrored) -> None:
    api.hub.busy_listing = 1
    response = await api.get(f"/hub/api/models/{NAME}")
    assert response.status_code == 429 and response.headers["retry-after"] == "0"


async def test_a_hub_in_trouble_is_a_fault_that_clients_try_again(api: Mirrored) -> None:
    api.hub.broken = 500
    assert (await api.get(f"/hub/api/models/{NAME}")).status_code == 502


async def keyed(make: Callable[..., Awaitable[Mirrored]], *scopes: str) -> tuple[Mirrored, dict[str, Any]]:
    """A mirror that asks for a key, and what a client with such a key sends."""
    api = await make(server_host="0.0.0.0")
    return api, {"token": await api.key(*scopes)}


async def test_the_key_is_the_clients_token(make: Callable[..., Awaitable[Mirrored]], tmp_path: Path) -> None:
    api, key = await keyed(make, "mirror")
    path = await api.theirs(huggingface_hub.hf_hub_download, NAME, "config.json", cache_dir=tmp_path / "x", **key)
    assert Path(path).read_bytes() == FILES["config.json"]
    assert {auth for _, _, auth in api.hub.requests} == {None}
    assert (await api.get(f"/hub/api/models/{NAME}")).status_code == 401


@pytest.mark.parametrize(("name", "error"), [(SECRET, "RepositoryNotFoundError"), (LOCKED, "GatedRepoError")])
async def test_private_and_gated_ones_are_not_for_everybody(
    make: Callable[..., Awaitable[Mirrored]], tmp_path: Path, name: str, error: str
) -> None:
    api, key = await keyed(make, "mirror")
    trusted = {"token": await api.key("mirror", "models")}
    path = await api.theirs(huggingface_hub.hf_hub_download, name, "a.txt", cache_dir=tmp_path / "x", **trusted)
    assert Path(path).read_bytes() == api.hub.files[name]["a.txt"]
    with pytest.raises(getattr(theirs, error)):
        await api.theirs(huggingface_hub.hf_hub_download, name, "a.txt", cache_dir=tmp_path / "y", **key)


async def test_what_nobody_knows_of_is_private_while_the_hub_is_away(
    make: Callable[..., Awaitable[Mirrored]], tmp_path: Path
) -> None:
    api, key = await keyed(make, "mirror")
    wishes = {"cache_dir": api.cache, "endpoint": api.hub.endpoint}
    await api.theirs(huggingface_hub.hf_hub_download, NAME, "config.json", **wishes)
    api.offline, headers = True, {"authorization": f"Bearer {key['token']}"}
    refused = await api.get(f"/hub/{NAME}/resolve/main/config.json", headers=headers)
    assert refused.status_code == 404 and refused.headers["x-error-code"] == "RepoNotFound"


async def test_a_key_for_the_mirror_does_nothing_else(make: Callable[..., Awaitable[Mirrored]]) -> None:
    api, key = await keyed(make, "mirror")
    headers = {"authorization": f"Bearer {key['token']}"}
    for path in ("/api/v1/models", "/v1/models", "/api/v1/store"):
        assert (await api.get(path, headers=headers)).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_the_mirror_is_for_reading(api: Mirrored, method: str) -> None:
    response = await api.request(method, f"/hub/{NAME}/resolve/main/config.json")
    assert response.status_code in (404, 405) and not api.hub.requests


async def test_beyond_the_quota_what_was_used_least_goes(make: Callable[..., Awaitable[Mirrored]]) -> None:
    api = await make(quota=len(LARGE) + 10)
    await api.get("/hub/datasets/acme/rows/resolve/main/rows.csv")
    assert (await api.get(f"/hub/{NAME}/resolve/main/model.safetensors")).status_code == 200
    await api.get("/hub/datasets/acme/rows/resolve/main/rows.csv")
    assert (await api.get(f"/hub/{NAME}/resolve/main/config.json")).status_code == 507
    assert api.blobs() == {hashlib.sha256(LARGE).hexdigest(), hashlib.sha256(b"1,2").hexdigest()}


async def test_a_link_in_the_cache_that_leads_out_is_not_followed(api: Mirrored, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(LARGE)
    blobs = api.cache / "models--acme--tiny" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / hashlib.sha256(LARGE).hexdigest()).symlink_to(outside)
    assert (await api.get(f"/hub/{NAME}/resolve/main/model.safetensors")).status_code == 507


async def test_a_serai_that_is_its_own_hub_notices(api: Mirrored) -> None:
    api.hub.endpoint = api.endpoint
    response = await api.get(f"/hub/api/models/{NAME}")
    assert response.status_code in (409, 502) and not api.hub.requests
