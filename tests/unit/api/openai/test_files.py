"""/v1/files by the official client."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from tests.fakes.waiting import until

from serai.batches import uploads
from serai.batches.uploads import Uploads


def folder(client: Any) -> list[Path]:
    place = client.api.services.home / "uploads"
    return list(place.iterdir()) if place.exists() else []


async def send(client: Any, content: bytes = b"abc", name: str = "a.txt", **fields: Any) -> Any:
    return await client.files.create(file=(name, io.BytesIO(content)), **{"purpose": "user_data", **fields})


async def test_a_file_comes_back_as_it_was_sent(client: Any) -> None:
    content = b"\r\n--boundary\r\n" + bytes(range(256)) * 4000
    sent = await send(client, content)
    assert (sent.object, sent.filename, sent.bytes, sent.purpose) == ("file", "a.txt", len(content), "user_data")
    assert (await client.files.retrieve(sent.id)) == sent
    assert (await client.files.content(sent.id)).content == content


async def test_files_are_listed_page_by_page_and_by_purpose(client: Any) -> None:
    ids = [(await send(client, purpose=purpose)).id for purpose in ("batch", "user_data", "batch")]
    assert [file.id async for file in client.files.list()] == ids[::-1]
    assert [file.id async for file in client.files.list(order="asc", limit=1)] == ids
    assert [file.id async for file in client.files.list(purpose="batch")] == [ids[2], ids[0]]


async def test_a_deleted_file_is_gone(client: Any) -> None:
    sent = await send(client)
    assert (await client.files.delete(sent.id)).deleted and folder(client) == []
    for use in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError):
            await use(sent.id)


async def test_names_are_no_paths(client: Any) -> None:
    sent = await send(client, name="../../etc/pass\u0000wd")
    assert "/" not in sent.filename and [path.name for path in folder(client)] == [sent.id]
    with pytest.raises(openai.APIStatusError):
        await client.files.content("..%2F..%2Fserai.db")


async def test_anothers_file_is_not_found(make_client: Callable[..., Any]) -> None:
    client = await make_client(server_host="0.0.0.0")
    one, other = [client.with_options(api_key=await client.api.key("infer")) for _ in range(2)]
    sent = await send(one)
    assert [file.id async for file in other.files.list()] == []
    for use in (other.files.retrieve, other.files.content, other.files.delete):
        with pytest.raises(openai.NotFoundError):
            await use(sent.id)
    assert (await one.files.content(sent.id)).content == b"abc"


async def test_what_has_expired_is_gone(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = await send(client, expires_after={"anchor": "created_at", "seconds": 3600})
    kept = await send(client)
    assert sent.expires_at == pytest.approx(sent.created_at + 3600, abs=1)
    now = uploads.time.time()
    monkeypatch.setattr(uploads.time, "time", lambda: now + 3601)
    assert [file.id async for file in client.files.list()] == [kept.id]
    await client.api.services.uploads.tidy(())
    assert [path.name for path in folder(client)] == [kept.id]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"purpose": "fun"}, "purpose"),
        ({"expires_after": {"anchor": "now", "seconds": 3600}}, "expires_after[anchor]"),
        ({"expires_after": {"anchor": "created_at", "seconds": 1}}, "expires_after[seconds]"),
    ],
)
async def test_what_does_not_fit_is_refused_and_leaves_nothing(client: Any, fields: Any, param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await send(client, **fields)
    assert refused.value.param == param and folder(client) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"nothing of the kind"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf'),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n--b--\r\n'),
    ],
)
async def test_what_is_no_such_form_is_refused(client: Any, kind: str, body: bytes) -> None:
    answer = await client.api.post("/v1/files", content=body, headers={"content-type": kind})
    assert answer.status_code == 400 and answer.json()["error"]["message"] and folder(client) == []


async def test_too_large_a_file_is_refused_and_leaves_nothing(make_client: Callable[..., Any]) -> None:
    client = await make_client(server_body_limit_mb="1")
    with pytest.raises(openai.APIStatusError) as refused:
        await send(client, bytes(2_000_000))
    assert refused.value.status_code == 413

    async def unknown_length() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        for _ in range(40):
            yield bytes(50_000)

    headers = {"content-type": "multipart/form-data; boundary=b"}
    try:
        answer = await client.api.post("/v1/files", content=unknown_length(), headers=headers)
        assert answer.status_code == 413
    except httpx2.TransportError:
        pass  # it was told before all was sent
    await until(lambda: folder(client) == [])


async def test_a_full_disk_is_told_and_leaves_nothing(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "_sync", full)
    with pytest.raises(openai.InternalServerError, match="disk is full"):
        await send(client)
    assert folder(client) == []


async def test_what_a_kill_left_goes_with_the_next_start(client: Any) -> None:
    kept = await send(client)
    place: Uploads = client.api.services.uploads
    for name in ("file_half.partial", "file_orphan", "file_growing"):
        place.path(name).write_bytes(b"x")
    await place.tidy({"file_growing"})
    assert {path.name for path in folder(client)} == {kept.id, "file_growing"}


async def test_a_field_with_a_broken_head_is_the_askers_fault(client: Any) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="a\x10"\r\n\r\nx\r\n--b--\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert (await client.api.post("/v1/files", content=form, headers=headers)).status_code == 400
