from __future__ import annotations

import pytest
from tests.unit.api.conftest import Api

PATH = "/api/v1/sessions"
JSON = {"content-type": "application/json"}


async def test_an_unknown_field_is_named(api: Api) -> None:
    response = await api.post(PATH, json={"titel": "x"})
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["facts"]["param"]) == (422, "unknown_field", "titel")
    assert error["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b"", "JSON object"),
        (b"[]", "JSON object"),
        (b'{"title": 5}', "title"),
        (b'{"title": "\xff"}', "UTF-8"),
        (b'{"title": "\\ud800"}', "title"),
        (b'{"settings": {"temperature": NaN}}', "temperature"),
        (b'{"settings": {"temprature": 1}}', "temprature"),
        (b'{"pinned": true}', "pinned"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
async def test_a_bad_body_is_told_in_words(api: Api, body: bytes, said: str) -> None:
    response = await api.post(PATH, content=body, headers=JSON)
    assert response.status_code in (400, 422)
    assert said in response.json()["error"]["message"]
    assert response.json()["error"]["who"] == "you"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", f"{PATH}/none", 404, "not_found"),
        ("DELETE", PATH, 405, "method_not_allowed"),
        ("GET", f"{PATH}?limit=0", 422, "invalid_field"),
        ("GET", f"{PATH}?before=x", 422, "invalid_field"),
        ("POST", "/api/v1/running", 422, "invalid_field"),
        ("GET", "/api/v1/models/none", 404, "model_not_found"),
        ("GET", "/hf/nothing", 404, "not_found"),
    ],
)
async def test_every_error_has_the_same_envelope(api: Api, method: str, path: str, status: int, code: str) -> None:
    response = await api.request(method, path)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["message"] and error["request_id"]


async def test_openai_paths_have_openais_envelope(api: Api) -> None:
    error = (await api.get("/v1/nothing")).json()["error"]
    assert {"message", "type", "param", "code"} <= error.keys()


async def test_a_fault_of_serai_leaks_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(api.services.sessions, "page", broken)
    response = await api.get(PATH)
    assert (response.status_code, response.json()["error"]["code"]) == (500, "internal")
    assert "secret" not in response.text


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/x-www-form-urlencoded"}])
async def test_what_curl_sends_is_understood(api: Api, headers: dict[str, str]) -> None:
    assert (await api.post(PATH, content='{"title": "x"}', headers=headers)).json()["title"] == "x"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/embeddings", "POST"),
        ("GET", "/v2/rerank", "POST"),
        ("TRACE", "/api/v1/sessions", "GET, POST"),
        ("PUT", "/api/v1/sessions/x", "DELETE, GET, PATCH"),
        ("DELETE", "/v1/files", "GET, POST"),
        ("POST", "/settings", "GET, HEAD"),
    ],
)
async def test_another_method_is_told_those_that_fit(api: Api, method: str, path: str, allow: str) -> None:
    response = await api.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allow)
    assert allow in response.text


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_no_method_fits_an_address_that_is_none(api: Api, method: str) -> None:
    response = await api.request(method, "/v1/nothing")
    assert (response.status_code, "allow" in response.headers) == (404, False)
