from __future__ import annotations

import inspect
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.fakes import app as fake
from tests.fakes.cli import until

import serai
from serai import answers, endpoints, errors
from serai.cli.server import Server
from serai.client import following
from serai.settings import SettingsFile
from serai.types import Answerer, Attempt, Usage


@pytest.fixture
def services(tmp_path: Path) -> fake.FakeServices:
    return fake.build(SettingsFile(tmp_path, {}))


@pytest.fixture
def url(services: fake.FakeServices) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(fake.build_app(services))
        thread = threading.Thread(target=server.serve_on, args=(listener,))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def local(url: str) -> Iterator[serai.Client]:
    with serai.Client(url) as found:
        yield found


@pytest.fixture
async def remote(url: str) -> AsyncIterator[serai.AsyncClient]:
    async with serai.AsyncClient(url) as found:
        yield found


def test_chat_answers_with_text_measurements_and_who_answered(local: serai.Client) -> None:
    answer = local.chat("hello there")
    assert str(answer) == "hello there"
    assert answer.usage == Usage(
        prompt_tokens=3,
        completion_tokens=2,
        cached_tokens=1,
        first_token_s=0.1,
        total_s=0.5,
        tokens_per_second=20.0,
    )
    assert answer.answerer == Answerer(model="serai-guide", backend="llama.cpp", device="CPU")
    assert answer.tried == (Attempt(backend="other", reason="away"),)


def test_chat_sends_system_messages_and_settings(local: serai.Client, services: fake.FakeServices) -> None:
    local.chat([{"role": "user", "content": "a"}], "serai-guide", system="Be brief.", temperature=0.2)
    assert services.asked == [
        {
            "model": "serai-guide",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a"}],
            "temperature": 0.2,
        }
    ]


def test_stream_gives_pieces_and_then_the_answer(local: serai.Client) -> None:
    with local.stream("one two") as stream:
        assert list(stream) == ["one ", "two "]
    assert stream.answer.text == "one two "
    assert (stream.answer.finish, stream.answer.usage.tokens_per_second) == ("stop", 20.0)


def test_closing_a_stream_cancels_the_call(local: serai.Client, services: fake.FakeServices) -> None:
    stream = local.stream("endless")
    assert next(stream) == "endless "
    stream.close()
    until(services.cancelled.is_set)
    assert stream.answer.finish == "cancelled"
    assert list(stream) == []


def test_an_error_in_the_middle_of_a_stream_is_raised(local: serai.Client) -> None:
    stream = local.stream("break")
    assert next(stream) == "break "
    with pytest.raises(errors.SeraiError, match="process died") as caught:
        next(stream)
    assert caught.value.who == "model"


def test_an_error_before_the_first_piece_is_raised(local: serai.Client) -> None:
    with pytest.raises(errors.SeraiError, match="The model failed") as caught:
        next(local.stream("fail"))
    assert caught.value.hint == "Try another."


def test_a_server_s_error_comes_back_as_its_own_class_with_all_data(local: serai.Client) -> None:
    with pytest.raises(errors.ModelNotFound) as caught:
        local.model("gide")
    assert caught.value.facts == {"nearest": ["serai-guide"], "request_id": "req_1"}
    assert caught.value.hint == "Did you mean serai-guide?"


def test_names_with_slashes_and_odd_characters_reach_the_server_whole(local: serai.Client) -> None:
    for name in ("org/name:Q4_K_M", "org/name@v1.0", "a b?c#d%e"):
        local.add("/x.gguf", name)
        assert local.model(name)["name"] == name
        assert local.forget(name) is None


def test_pull_yields_the_job_until_it_is_done(local: serai.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_S", 0)
    assert [job["state"] for job in local.pull("org/x")] == ["queued", "running", "running", "done"]


def test_pull_raises_what_the_job_failed_with(local: serai.Client, services: fake.FakeServices) -> None:
    services.job_states = ["failed"]
    with pytest.raises(errors.NotFound, match="no such file"):
        list(local.pull("org/x"))


def test_events_resume_after_the_last_that_was_seen(local: serai.Client) -> None:
    events = local.events(after="b-0")
    assert next(events) == ("b-1", "reset", {"after": "b-0"})
    events.close()


def test_a_setting_is_written_and_read_back(local: serai.Client) -> None:
    changed = {row["key"]: row["value"] for row in local.set("models.parallel", 2)}
    assert changed["models.parallel"] == 2
    assert {row["key"]: row["source"] for row in local.settings()}["models.parallel"] == "serai.toml"


def test_nobody_there_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with serai.Client(address) as nobody, pytest.raises(errors.Unreachable, match=f"No Serai answers at {address}"):
        nobody.models()


def test_something_else_at_the_address_is_said_in_words() -> None:
    def page(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text="<html>")

    with (
        serai.Client(transport=httpx2.MockTransport(page)) as other,
        pytest.raises(errors.SeraiError, match="not Serai"),
    ):
        other.models()


@pytest.mark.parametrize(("status", "kind"), [(404, errors.NotFound), (413, errors.TooLarge), (418, errors.SeraiError)])
def test_a_foreign_error_is_at_least_its_status(status: int, kind: type[errors.SeraiError]) -> None:
    def proxy(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, text="no")

    with serai.Client(transport=httpx2.MockTransport(proxy)) as other, pytest.raises(kind, match=str(status)):
        other.models()


def test_the_key_is_sent() -> None:
    def check(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"models": [{"key": request.headers["authorization"]}]})

    with serai.Client(key="serai-1", transport=httpx2.MockTransport(check)) as found:
        assert found.models() == [{"key": "Bearer serai-1"}]


def test_a_connection_that_breaks_is_said_in_words() -> None:
    def cut(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.RemoteProtocolError("server disconnected")

    with (
        serai.Client(transport=httpx2.MockTransport(cut)) as found,
        pytest.raises(errors.Unreachable, match="server disconnected"),
    ):
        found.models()


@pytest.mark.parametrize("kind", answers._kinds())
def test_every_error_survives_the_way(kind: type[errors.SeraiError]) -> None:
    body = {"code": kind.code, "message": "m", "who": "x", "hint": "h", "facts": {"cause": "missing", "who": "y"}}
    error = answers.revive(body)
    assert isinstance(error, kind)
    assert error.as_dict() == body


def test_an_unknown_code_is_kept() -> None:
    error = answers.revive({"code": "brand_new", "message": "m"}, 409)
    assert (type(error), error.code) == (errors.Conflict, "brand_new")


async def test_the_asynchronous_client_answers_and_streams(remote: serai.AsyncClient) -> None:
    assert (await remote.chat("hello")).text == "hello"
    assert [piece async for piece in remote.stream("one two")] == ["one ", "two "]
    assert [model["name"] for model in await remote.models()] == ["serai-guide"]


async def test_closing_an_asynchronous_stream_cancels(remote: serai.AsyncClient, services: fake.FakeServices) -> None:
    async with remote.stream("endless") as stream:
        assert await anext(stream) == "endless "
    until(services.cancelled.is_set)
    assert stream.answer.text == "endless "


async def test_the_asynchronous_pull_and_events(remote: serai.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "POLL_S", 0)
    assert [job["state"] async for job in remote.pull("org/x")][-1] == "done"
    events = remote.events()
    assert (await anext(events)).topic == "reset"
    await events.aclose()


def test_both_clients_have_the_same_methods() -> None:
    public = [{name for name in vars(kind) if not name.startswith("_")} for kind in (serai.Client, serai.AsyncClient)]
    assert public[0] == public[1]


def test_methods_keep_the_words_and_the_signature_of_their_request(local: serai.Client) -> None:
    assert local.add.__doc__ == endpoints.models.add.__doc__
    assert list(inspect.signature(local.add).parameters) == ["path", "name"]


def test_importing_serai_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    from tests.fakes.cli import ENV

    code = "import sys, serai; serai.__version__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENV)
    assert not {"httpx2", "pydantic"} & set(done.stdout.split())
    with pytest.raises(AttributeError):
        _: Any = serai.nothing  # type: ignore[attr-defined]
