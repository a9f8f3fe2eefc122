"""Whoever comes with a token of a trusted service."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey
from tests.unit.api.conftest import Api
from tests.unit.api.test_scopes import MakeApi

from serai.api.native.events import _encoded
from serai.telemetry.events import Event
from serai.types import Principal

SECRET = "a secret that is long enough for HS256"


def shown(secret: str = SECRET, **claims: Any) -> dict[str, str]:
    now = int(time.time())
    whole = {"sub": "ann", "exp": now + 600, "scope": "infer", **claims}
    return {"authorization": f"Bearer {jwt.encode({'alg': 'HS256'}, whole, OctKey.import_key(secret))}"}


async def away(make_api: MakeApi, **environ: str) -> Api:
    return await make_api(server_host="0.0.0.0", environ=environ)


async def test_a_token_opens_what_its_scopes_say(make_api: MakeApi) -> None:
    api = await away(make_api, JWT_SECRET=SECRET)
    assert (await api.get("/v1/models", headers=shown())).status_code == 200
    refused = await api.get("/api/v1/keys", headers=shown())
    assert (refused.status_code, refused.json()["error"]["facts"]) == (403, {"scope": "admin"})


async def test_a_token_that_opens_nothing_says_why(make_api: MakeApi) -> None:
    api = await away(make_api, JWT_SECRET=SECRET)
    expired = await api.get("/v1/models", headers=shown(exp=1))
    assert (expired.status_code, expired.headers["www-authenticate"]) == (401, "Bearer")
    assert "has expired" in expired.json()["error"]["message"]
    assert (await api.get("/v1/models", headers=shown("another secret, just as long as it is"))).status_code == 401


async def test_without_a_secret_no_token_opens_anything(make_api: MakeApi) -> None:
    api = await away(make_api)
    assert (await api.get("/v1/models", headers=shown())).status_code == 401


async def test_the_secret_can_be_kept_by_serai(make_api: MakeApi) -> None:
    api = await away(make_api)
    await api.services.secrets.set("jwt_secret", SECRET)
    assert (await api.get("/v1/models", headers=shown())).status_code == 200


async def test_people_with_tokens_do_not_see_each_others_chats(make_api: MakeApi) -> None:
    api = await away(make_api, JWT_SECRET=SECRET)
    ann, bob = shown(scope="chat"), shown(scope="chat", sub="bob")
    session = (await api.post("/api/v1/sessions", json={}, headers=ann)).json()["id"]
    assert (await api.get(f"/api/v1/sessions/{session}", headers=ann)).status_code == 200
    assert (await api.get(f"/api/v1/sessions/{session}", headers=bob)).status_code == 404
    owner = await api.as_key("chat")
    assert (await api.get(f"/api/v1/sessions/{session}", headers=owner)).status_code == 404


async def test_events_tell_of_chats_only_to_whose_they_are() -> None:
    async def published() -> AsyncGenerator[Event, None]:
        for topic, principal in (("session", "jwt_ann"), ("session", "owner"), ("session.deleted", "jwt_ann")):
            yield Event("b-1", topic, {"id": f"of {principal}", "principal": principal})
        yield Event("b-2", "model", {"name": "m"})

    scopes = frozenset({"monitor", "chat"})
    for who, mine, other in (("jwt_ann", b"of jwt_ann", b"of owner"), ("key_1", b"of owner", b"of jwt_ann")):
        told = b"".join([part async for part in _encoded(published(), Principal(who, who, scopes))])
        assert mine in told and other not in told and b"principal" not in told and b'"name":"m"' in told
