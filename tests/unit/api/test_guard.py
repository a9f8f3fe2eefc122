from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest
from tests.unit.api.conftest import Api

from serai.api import patience

MakeApi = Callable[..., Awaitable[Api]]
PATH = "/api/v1/sessions"


@pytest.mark.parametrize("host", ["127.0.0.1:7372", "localhost", "LOCALHOST:80", "[::1]:7372", "localhost."])
async def test_loopback_names_are_let_in(api: Api, host: str) -> None:
    assert (await api.get(PATH, headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "192.168.1.5", "", "a b", "[", "@localhost"],
)
async def test_other_names_are_refused(api: Api, host: str) -> None:
    for path in (PATH, "/", "/health", "/v1/models"):
        response = await api.get(path, headers={"host": host})
        assert (response.status_code, response.json()["error"]["code"]) == (403, "forbidden")


async def test_a_name_behind_a_proxy_can_be_allowed_but_needs_a_key(make_api: MakeApi) -> None:
    api = await make_api(server_allowed_hosts="serai.example")
    assert (await api.get("/health", headers={"host": "serai.example"})).status_code == 200
    assert (await api.get(PATH, headers={"host": "serai.example"})).status_code == 401


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
async def test_what_a_proxy_passes_on_needs_a_key(api: Api, header: str) -> None:
    assert (await api.get(PATH, headers={header: "10.0.0.1"})).status_code == 401


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:3000", "null", "https://127.0.0.1:7372.evil.example", "file://"]
)
async def test_pages_of_other_origins_are_refused(api: Api, origin: str) -> None:
    response = await api.post(PATH, json={}, headers={"origin": origin})
    assert (response.status_code, response.json()["error"]["code"]) == (403, "forbidden")
    assert "access-control-allow-origin" not in response.headers


async def test_the_own_page_is_let_in(api: Api) -> None:
    headers = {"origin": "http://127.0.0.1:7372", "sec-fetch-site": "same-origin"}
    assert (await api.post(PATH, json={}, headers=headers)).status_code == 201


async def test_an_allowed_origin_is_let_in_with_cors(make_api: MakeApi) -> None:
    api = await make_api(server_allowed_origins="https://app.example")
    headers = {"origin": "https://app.example", "sec-fetch-site": "cross-site"}
    asked = {**headers, "access-control-request-method": "POST"}
    preflight = await api.options(PATH, headers=asked)
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, "https://app.example")
    response = await api.post(PATH, json={}, headers=headers)
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (201, "https://app.example")
    assert (await api.options(PATH, headers={**asked, "origin": "https://b.example"})).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_other_sites_reach_nothing_but_the_page_by_a_link(api: Api, site: str) -> None:
    link = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert (await api.get("/health", headers={"sec-fetch-site": site, "sec-fetch-mode": "no-cors"})).status_code == 403
    assert (await api.get("/health", headers={**link, "sec-fetch-dest": "iframe"})).status_code == 403
    assert (await api.post(PATH, json={}, headers=link)).status_code == 403
    assert (await api.get("/health", headers=link)).status_code == 200


async def test_a_form_of_another_site_is_no_json(api: Api) -> None:
    response = await api.post(PATH, content='{"title": "x"}', headers={"content-type": "text/plain"})
    assert response.status_code == 422


async def test_beyond_loopback_a_key_is_needed(make_api: MakeApi) -> None:
    api = await make_api(server_host="0.0.0.0")
    good = await api.key()
    for path in (PATH, "/v1/models", "/metrics", "/api/v1/status"):
        refused = await api.get(path)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert (await api.get(path, headers={"authorization": "Bearer serai-bad"})).status_code == 401
        assert (await api.get(path, headers={"authorization": f"Bearer {good}"})).status_code == 200
        assert (await api.get(path, headers={"x-api-key": good})).status_code == 200
    assert (await api.get("/health")).status_code == 200


async def test_beyond_loopback_addresses_are_names_of_ours(make_api: MakeApi) -> None:
    api = await make_api(server_host="0.0.0.0")
    assert (await api.get("/health", headers={"host": "192.168.1.5:7372"})).status_code == 200
    assert (await api.get("/health", headers={"host": "evil.example"})).status_code == 403


async def test_on_loopback_any_key_is_fine(api: Api) -> None:
    assert (await api.get("/v1/models", headers={"authorization": "Bearer sk-whatever"})).status_code == 200


async def test_a_key_without_the_scope_is_told_so(make_api: MakeApi) -> None:
    api = await make_api(server_host="0.0.0.0")
    headers = {"authorization": f"Bearer {await api.key('infer')}"}
    assert (await api.get("/v1/models", headers=headers)).status_code == 200
    refused = await api.get("/api/v1/keys", headers=headers)
    assert (refused.status_code, refused.json()["error"]["facts"]) == (403, {"scope": "admin"})


async def test_every_answer_is_dressed(api: Api) -> None:
    for path in ("/health", "/nothing.js", "/api/v1/nothing", "/v1/nothing", "/"):
        headers = (await api.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-request-id"].startswith("req_")


async def test_a_body_too_long_is_not_read(make_api: MakeApi) -> None:
    api = await make_api(server_body_limit_mb="1")
    response = await api.post(PATH, content=b"x" * 1_000_001, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["error"]["facts"]) == (413, {"limit_mb": 1})
    lied = await api.post("/v1/chat/completions", content=b"{}", headers={"content-length": "9" * 18})
    assert lied.json()["error"]["code"] == "too_large"


async def test_a_body_of_unknown_length_is_cut_off(make_server: MakeApi) -> None:
    api = await make_server()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1_000_000

    for path in (PATH, "/v1/chat/completions", "/api/chat"):
        response = await api.post(path, content=endless(), headers={"content-type": "application/json"})
        assert (response.status_code, "too_large" in response.text) == (413, True)


async def test_after_a_body_of_100_mb_the_server_lives(make_server: MakeApi) -> None:
    api = await make_server()
    response = await api.post(PATH, content=b"x" * 100_000_000, headers={"content-type": "application/json"})
    assert response.status_code == 413
    assert (await api.get("/health")).status_code == 200


async def test_settings_hold_at_once(api: Api) -> None:
    assert (await api.get("/health", headers={"host": "new.example"})).status_code == 403
    await api.patch("/api/v1/settings", json={"server.allowed_hosts": ["new.example"]})
    assert (await api.get("/health", headers={"host": "new.example"})).status_code == 200


async def test_over_a_unix_socket_one_is_the_owner() -> None:
    from serai.api import origins
    from serai.settings import Settings

    scope: dict[str, Any] = {"type": "http", "method": "GET", "server": ("/x.sock", None)}
    read = origins.read(scope, {b"host": b"anything"}, Settings())
    origins.check(read, Settings())
    assert read.trusted
    assert not origins.read(scope, {b"x-forwarded-for": b"1.2.3.4"}, Settings()).trusted


async def test_requests_have_ids_of_their_own(api: Api) -> None:
    answers: list[httpx2.Response] = await asyncio.gather(*(api.get("/health") for _ in range(5)))
    assert len({answer.headers["x-request-id"] for answer in answers}) == 5


@pytest.mark.parametrize("pause_s", [0.0, 5.0])
async def test_a_body_that_does_not_come_is_given_up(
    make_server: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, pause_s: float
) -> None:
    """Whether nothing comes, or something all the time that never is enough."""
    monkeypatch.setattr(patience, "BODY_S", 0.2)
    api = await make_server()
    reader, writer = await asyncio.open_connection("127.0.0.1", api.base_url.port)
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{")

    async def trickle() -> None:
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.02 if pause_s == 0 else pause_s)

    trickling = asyncio.create_task(trickle())
    async with asyncio.timeout(10):
        answer = await reader.readuntil(b"}")  # what comes after it may be a reset: there is more that nobody read
    trickling.cancel()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ") and b"too_slow" in answer
