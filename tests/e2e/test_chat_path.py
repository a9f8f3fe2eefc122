"""The complete path with the real engine and the embedded model: API → routing → process → answer."""

from __future__ import annotations

import json

import httpx2
import pytest

from tests.e2e.conftest import PATIENCE, Server

pytestmark = pytest.mark.engine

ASK = {"model": "serai-guide", "messages": [{"role": "user", "content": "What is Serai?"}]}


def post(server: Server, path: str, body: object) -> httpx2.Response:
    return httpx2.post(server.url + path, json=body, timeout=PATIENCE)


@pytest.mark.parametrize("question", ["What is Serai?", "Was ist Serai?", "سرای چیست؟"])
def test_the_simple_call_answers_in_the_language_of_the_question(server: Server, question: str) -> None:
    answer = post(server, "/api/chat", {"message": question}).json()
    assert "Serai" in answer["text"] or "سرای" in answer["text"]
    assert answer["model"] == "serai-guide"
    assert answer["tokens"] > 0


def test_a_whole_and_a_streamed_answer_are_the_same_text(server: Server) -> None:
    whole = post(server, "/v1/chat/completions", ASK).json()["choices"][0]["message"]["content"]
    lines = post(server, "/v1/chat/completions", {**ASK, "stream": True}).text.splitlines()
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    pieces = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
    assert "".join(pieces) == whole != ""
    assert lines[-1 if lines[-1] else -2] == "data: [DONE]"


def test_every_answer_carries_its_measurements(server: Server) -> None:
    body = post(server, "/v1/chat/completions", ASK).json()
    assert body["usage"]["prompt_tokens"] > 0
    assert body["usage"]["completion_tokens"] > 0
    assert body["serai"]["first_token_s"] > 0
    assert body["serai"]["tokens_per_second"] > 0
    assert body["serai"]["answerer"]["device"]


def test_max_tokens_ends_an_answer_with_length(server: Server) -> None:
    choice = post(server, "/v1/chat/completions", {**ASK, "max_tokens": 3}).json()["choices"][0]
    assert choice["finish_reason"] == "length"


def test_an_unknown_model_is_answered_with_the_nearest_names(server: Server) -> None:
    response = post(server, "/v1/chat/completions", {**ASK, "model": "serai-gide"})
    assert response.status_code == 404
    assert "serai-guide" in response.text


def test_too_long_a_prompt_is_refused_with_both_numbers(server: Server) -> None:
    long = [{"role": "user", "content": "serai " * 3000}]
    response = post(server, "/v1/chat/completions", {**ASK, "messages": long})
    assert response.status_code == 400
    assert "512" in response.json()["error"]["message"]


def test_a_field_nobody_knows_is_let_through_and_named(server: Server) -> None:
    response = post(server, "/v1/chat/completions", {**ASK, "frobnicate": 1})
    assert response.status_code == 200
    assert response.headers["x-serai-ignored-fields"] == "frobnicate"


def test_the_python_client_streams(server: Server) -> None:
    pieces = list(server.client.stream("What is Serai?", model="serai-guide"))
    assert len(pieces) > 3


def test_a_session_keeps_question_and_answer(server: Server) -> None:
    answer = post(server, "/api/chat", {"message": "How do I stop Serai?"}).json()
    messages = server.get(f"/api/v1/sessions/{answer['session']}").json()["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert messages[1]["text"] == answer["text"]


def test_health_ready_metrics_and_openapi_are_there(server: Server) -> None:
    assert server.get("/health").json() == {"status": "ok"}
    assert server.get("/ready").status_code == 200
    assert "serai_" in server.get("/metrics").text
    assert server.get("/api/v1/openapi.json").json()["openapi"].startswith("3.")
