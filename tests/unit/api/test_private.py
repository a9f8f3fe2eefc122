"""What is bound to this machine reaches no service, at whatever address it is asked."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from tests.fakes import waiting
from tests.fakes.service import KEY, MODEL, FakeService, serving
from tests.unit.api.conftest import Api
from tests.unit.api.test_scopes import ROUTES

from serai.api.scopes import Scope

CLOUD = f"cloud/{MODEL}"
EMBEDS, RANKS = "org/beacon-embedding", "org/beacon-reranker"
MODELS = {"embed": EMBEDS, "rerank": RANKS}
SAY = [{"role": "user", "content": "hi"}]
PRIVATE = {"x-serai-private": "true"}
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SOUND = {"file": ("a.wav", b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0")}

ASKING: Mapping[str, dict[str, Any]] = {
    "/v1/messages": {"json": {"messages": SAY, "max_tokens": 3}},
    "/v1/messages/count_tokens": {"json": {"messages": SAY}},
    "/v1/chat/completions": {"json": {"messages": SAY}},
    "/v1/responses": {"json": {"input": "hi"}},
    "/v1/completions": {"json": {"prompt": "hi"}},
    "/v1/embeddings": {"json": {"input": "hi"}},
    "/v1/rerank": {"json": {"query": "hi", "documents": ["a"]}},
    "/v2/rerank": {"json": {"query": "hi", "documents": ["a"]}},
    "/v1/audio/transcriptions": {"files": SOUND, "data": {}},
    "/v1/audio/translations": {"files": SOUND, "data": {}},
    "/v1/audio/speech": {"json": {"input": "hi", "voice": "alloy"}},
    "/v1/images/generations": {"json": {"prompt": "hi"}},
    "/v1/images/edits": {"files": {"image": ("a.png", PICTURE)}, "data": {"prompt": "hi"}},
    "/v1/images/variations": {"files": {"image": ("a.png", PICTURE)}, "data": {}},
    "/v1/moderations": {"json": {"input": "hi"}},
    "/api/chat": {"json": {"messages": SAY, "stream": False}},
    "/api/chat ": {"json": {"message": "hi"}},
    "/api/generate": {"json": {"prompt": "hi", "stream": False}},
    "/api/embed": {"json": {"input": "hi"}},
    "/api/embeddings": {"json": {"prompt": "hi"}},
    f"/hf/models/{CLOUD}": {"json": {"inputs": "hi"}},
    f"/hf/models/{CLOUD}/v1/chat/completions": {"json": {"messages": SAY}},
    f"/hf/models/{CLOUD}/generate": {"json": {"inputs": "hi"}},
    f"/hf/models/cloud/{EMBEDS}/embed": {"json": {"inputs": "hi"}},
}
"""The addresses that ask a model at once; a blank at the end tells two bodies of one address apart."""

FAR = {
    *("/v1/messages", "/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings", "/v1/rerank"),
    *("/v2/rerank", "/api/chat", "/api/chat ", "/api/generate", "/api/embed", "/api/embeddings"),
    *(one for one in ASKING if one.startswith("/hf/")),
}
"""Those at which this service's model can be asked."""

LATER = {
    *("/v1/files", "/v1/batches", "/api/v1/batches", "/api/v1/batches/files"),
    *("/api/v1/sessions/{session}/messages", "/api/v1/sessions/{session}/messages/{message}/regenerate"),
    "/api/v1/sessions/{session}/messages/{message}/continue",
}
"""Those that ask one later; each has a test of its own below."""

NOT = {
    *("/v1/responses/{response}/cancel", "/v1/batches/{batch}/cancel", "/api/v1/batches/{batch}/{action}", "/api/show"),
    *("/api/v1/sessions", "/api/v1/sessions/import", "/api/v1/sessions/{session}/restore"),
    *("/api/v1/sessions/{session}/select", "/api/v1/sessions/{session}/reset"),
    *("/api/v1/sessions/{session}/messages/{message}/stop", "/api/v1/own-keys/{service}/check"),
}
"""Those that ask none."""


def test_every_address_is_known_to_these_tests() -> None:
    posts = {
        route.path
        for route in ROUTES
        if route.needs in (Scope.INFER, Scope.CHAT) and "POST" in (getattr(route, "methods", None) or ())
    }
    known = {one.strip() for one in ASKING if not one.startswith("/hf/")} | LATER | NOT
    assert posts - known == {"/hf/models/{path:path}"}


@pytest.fixture
async def far(api: Api) -> AsyncIterator[FakeService]:
    """A service called `cloud`, which has the only model that these tests name."""
    async with serving(FakeService(words=["far"], models=[{"id": name} for name in (MODEL, EMBEDS, RANKS)])) as service:
        added = {"name": "cloud", "kind": "vllm", "url": service.url, "keys": [KEY]}
        assert (await api.post("/api/v1/providers", json=added)).status_code == 201
        yield service


async def ask(api: Api, address: str, headers: Mapping[str, str] | None = None, **serai: Any) -> Any:
    body = {name: dict(value) for name, value in ASKING[address].items()}
    model = next((name for word, name in MODELS.items() if word in address), MODEL)
    body.get("json", body.get("data", {}))["model"] = f"cloud/{model}"
    if serai and "json" in body:
        body["json"]["serai"] = serai
    return await api.post(address.strip(), headers=headers, **body)


@pytest.mark.parametrize("address", sorted(ASKING))
async def test_a_private_call_reaches_no_service(api: Api, far: FakeService, address: str) -> None:
    for headers in (PRIVATE, {"x-serai-private": "1", "x-serai-fallback": CLOUD, "x-serai-prefer": "remote"}):
        answer = await ask(api, address, headers)
        assert 400 <= answer.status_code < 600, answer.text
        await ask(api, address, headers, private=False)
    assert far.asked == []


@pytest.mark.parametrize("address", sorted(FAR))
async def test_the_same_call_reaches_it_otherwise(api: Api, far: FakeService, address: str) -> None:
    answer = await ask(api, address)
    assert answer.status_code == 200 and len(far.asked) == 1, answer.text


async def ended(api: Api, session: str, message: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}

    async def over() -> bool:
        found = (await api.get(f"/api/v1/sessions/{session}")).json()["messages"]
        shown.update(next(one for one in found if one["id"] == message))
        return shown["state"] not in ("waiting", "streaming")

    await waiting.until(over, 20)
    return shown


async def over(api: Api, batch: str, *running: str) -> dict[str, Any]:
    """The batch at that address once it is in none of those states."""
    found: dict[str, Any] = {}

    async def ended() -> bool:
        found.update((await api.get(batch)).json())
        return (found.get("status") or found["state"]) not in running

    await waiting.until(ended, 20)
    return found


@pytest.mark.parametrize("how", [{"headers": PRIVATE}, {"json": {"serai": {"private": True}}}])
async def test_a_message_of_a_chat_is_private_for_itself(api: Api, far: FakeService, how: dict[str, Any]) -> None:
    session = await api.session(model=CLOUD)
    at, body = f"/api/v1/sessions/{session}/messages", how.get("json", {})
    asked = await api.post(at, json={"text": "hi", **body}, headers=how.get("headers"))
    answer = asked.json()["answer"]["id"]
    assert (await ended(api, session, answer))["state"] == "failed"
    again = await api.post(f"{at}/{answer}/regenerate", json=body, headers=how.get("headers"))
    assert (await ended(api, session, again.json()["answer"]["id"]))["state"] == "failed"
    await api.post(f"{at}/{answer}/continue", headers=PRIVATE)
    await ended(api, session, answer)
    assert far.asked == []
    await api.post(f"{at}/{answer}/continue")
    assert (await ended(api, session, answer))["state"] == "done" and len(far.asked) == 1


async def test_a_wish_in_a_chat_that_cannot_be_is_named(api: Api) -> None:
    session = await api.session()
    asked = {"text": "hi", "serai": {"privat": True}}
    refused = await api.post(f"/api/v1/sessions/{session}/messages", json=asked)
    assert refused.status_code == 400 and "serai.privat" in refused.text


async def test_a_batch_is_private_as_a_whole(api: Api, far: FakeService) -> None:
    lines = [
        {"custom_id": str(number), "method": "POST", "url": "/v1/chat/completions", "body": body}
        for number, body in enumerate(
            [{"model": CLOUD, "messages": SAY}, {"model": CLOUD, "messages": SAY, "serai": {"private": False}}]
        )
    ]
    file = ("b.jsonl", "\n".join(map(json.dumps, lines)).encode())
    sent = (await api.post("/v1/files", data={"purpose": "batch"}, files={"file": file})).json()["id"]
    new = {"input_file_id": sent, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    batch = (await api.post("/v1/batches", json=new, headers=PRIVATE)).json()
    batch = await over(api, f"/v1/batches/{batch['id']}", "validating", "in_progress", "finalizing")
    assert batch["metadata"] == {"x-serai-private": "true"}
    assert (batch["request_counts"]["failed"], far.asked) == (2, [])


@pytest.mark.parametrize("how", [{"headers": PRIVATE}, {"json": {"private": True}}])
async def test_so_is_one_over_a_file_of_rows(api: Api, far: FakeService, how: dict[str, Any]) -> None:
    file = (await api.post("/api/v1/batches/files?name=a.csv", content=b"text\nhi\nho\n")).json()["id"]
    new = {"file": file, "model": CLOUD, **how.get("json", {})}
    batch = (await api.post("/api/v1/batches", json=new, headers=how.get("headers"))).json()
    batch = await over(api, f"/api/v1/batches/{batch['id']}", "queued", "running")
    assert (batch["state"], far.asked) == ("failed", [])
