"""Pictures that a chat names by their address."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from typing import Any

import openai
import pytest
import pytest_asyncio
from aiohttp import web
from tests.fakes.pictures import png


class Site:
    """A server that has one picture, and counts who asks for it."""

    url = ""
    asked = 0


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    found = Site()

    async def picture(request: web.Request) -> web.Response:
        found.asked += 1
        return web.Response(body=png(), content_type=request.query.get("kind", "image/png"))

    app = web.Application()
    app.router.add_get("/p", picture)
    runner = web.AppRunner(app)
    await runner.setup()
    served = web.TCPSite(runner, "127.0.0.1", 0)
    await served.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/p"
    yield found
    await runner.cleanup()


def asked(*urls: str) -> Any:
    parts: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": url, "detail": "low"}} for url in urls]
    return {"model": "scripted", "messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, *parts]}]}


async def test_a_picture_is_fetched_once_and_handed_on(make_client: Callable[..., Any], site: Site) -> None:
    client = await make_client(outside_private="true")
    await client.chat.completions.create(**asked(site.url, site.url))
    first, second = client.api.backend.calls[0].inputs["messages"][0]["content"][1:]
    assert first == second == {"type": "image_url", "image_url": {"url": _data(png())}}
    assert site.asked == 1


async def test_what_lies_in_the_own_network_is_not_fetched(client: Any, site: Site) -> None:
    with pytest.raises(openai.PermissionDeniedError, match="private network") as refused:
        await client.chat.completions.create(**asked(site.url))
    assert refused.value.param == "messages[0].content[1]" and site.asked == 0


async def test_nothing_is_fetched_where_the_owner_says_so(make_client: Callable[..., Any], site: Site) -> None:
    client = await make_client(outside_fetch="false")
    with pytest.raises(openai.PermissionDeniedError, match="set to fetch nothing"):
        await client.chat.completions.create(**asked(site.url))


async def test_what_is_no_picture_is_refused(make_client: Callable[..., Any], site: Site) -> None:
    client = await make_client(outside_private="true")
    with pytest.raises(openai.BadRequestError, match="text/html"):
        await client.chat.completions.create(**asked(site.url + "?kind=text/html"))
    assert not client.api.backend.calls


def _data(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")
