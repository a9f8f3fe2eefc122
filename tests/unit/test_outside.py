"""What an address from outside may lead to, and what it may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from serai.errors import BadRequest, Forbidden, SeraiError, TimedOut, TooLarge, Unreachable
from serai.outside import Outside

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


@pytest.fixture
async def site() -> AsyncIterator[str]:
    async def picture(request: web.Request) -> web.Response:
        return web.Response(body=PNG, content_type=request.query.get("kind", "image/png"))

    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound(request.query.get("to", "/away"))

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        await response.prepare(request)
        while True:
            await response.write(b"0" * 65536)

    async def slow(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def packed(request: web.Request) -> web.Response:
        return web.Response(body=b"bomb", content_type="image/png", headers={"Content-Encoding": "gzip"})

    app = web.Application()
    for path, handler in {"p": picture, "away": away, "endless": endless, "slow": slow, "packed": packed}.items():
        app.router.add_get(f"/{path}", handler)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def outside(*, allowed: bool = True, private: bool = True, seconds: float = 10) -> Outside:
    return Outside(lambda: allowed, lambda: private, seconds=seconds)


async def fetch(url: str, fetcher: Outside | None = None) -> bytes:
    return (await (fetcher or outside()).fetch(url, most=1000, kinds=("image/",))).content


async def test_gives_what_the_address_has(site: str) -> None:
    assert await fetch(f"{site}/p") == PNG
    assert await fetch(f"{site}/away?to=/p") == PNG


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a/b", "//a/b", "data:image/png;base64,", "http://", "::["]
)
async def test_knows_http_alone(url: str) -> None:
    with pytest.raises(BadRequest):
        await fetch(url)


async def test_a_name_or_password_is_not_sent(site: str) -> None:
    with pytest.raises(BadRequest, match="password"):
        await fetch(site.replace("//", "//me:secret@") + "/p")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "[fd00::1]",
        "224.0.0.1",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "100.64.0.1",
        "localhost",
    ],
)
async def test_private_networks_are_out_of_reach(host: str) -> None:
    with pytest.raises(Forbidden, match="private"):
        await fetch(f"http://{host}:9/", outside(private=False))


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f000001", "0177.0.0.1"])
async def test_nor_by_another_spelling(host: str, site: str) -> None:
    with pytest.raises(SeraiError):
        await fetch(site.replace("127.0.0.1", host) + "/p", outside(private=False))


async def test_a_name_that_leads_inside_is_seen_at_the_connection(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def resolve(_self: object, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        asked.append(host)
        row: ResolveResult = {"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}
        return [{**row, "host": "93.184.215.14"}, row]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    with pytest.raises(Forbidden, match=r"rebound\.example"):
        await fetch(site.replace("127.0.0.1", "rebound.example") + "/p", outside(private=False))
    assert asked == ["rebound.example"]


async def test_a_redirect_is_looked_at_anew(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serai.outside._public", lambda host: host == "127.0.0.1")
    with pytest.raises(Forbidden, match=r"10\.0\.0\.1"):
        await fetch(f"{site}/away?to=http://10.0.0.1/p", outside(private=False))
    with pytest.raises(BadRequest):
        await fetch(f"{site}/away?to=file:///etc/passwd")


async def test_a_circle_of_redirects_ends(site: str) -> None:
    with pytest.raises(BadRequest, match="redirects"):
        await fetch(f"{site}/away")


async def test_too_much_is_cut_off(site: str) -> None:
    with pytest.raises(TooLarge):
        await fetch(f"{site}/endless")


async def test_another_kind_is_refused(site: str) -> None:
    with pytest.raises(BadRequest, match="text/html"):
        await fetch(f"{site}/p?kind=text/html")
    with pytest.raises(BadRequest):
        await fetch(f"{site}/packed")


async def test_what_is_told_is_read_as_it_comes(site: str) -> None:
    async with outside().stream(f"{site}/endless", kind="image/") as content:
        assert await content.readexactly(10) == b"0" * 10


@pytest.mark.parametrize(
    ("path", "private", "kind"), [("p?kind=a/b", True, "a/c"), ("away", True, "a"), ("p", False, "")]
)
async def test_a_stream_is_looked_at_as_well(site: str, path: str, private: bool, kind: str) -> None:
    with pytest.raises((BadRequest, Forbidden)):
        async with outside(private=private).stream(f"{site}/{path}", kind=kind):
            raise AssertionError


async def test_silence_ends(site: str) -> None:
    with pytest.raises(TimedOut):
        await fetch(f"{site}/slow", outside(seconds=0.05))


async def test_nobody_there() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        await fetch("http://127.0.0.1:1/p")


async def test_the_owner_can_switch_it_off(site: str) -> None:
    with pytest.raises(Forbidden, match=r"outside"):
        await fetch(f"{site}/p", outside(allowed=False))
