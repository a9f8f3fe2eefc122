"""Services as rows: added, changed and removed, with keys that reach no other host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from tests.fakes.service import KEY, FakeService, serving
from tests.unit.providers.conftest import chat

from serai.backend import collect
from serai.errors import BadRequest, Conflict, NotFound
from serai.outside import Outside
from serai.providers.providers import Providers
from serai.providers.rows import Row
from serai.storage.database import Database
from serai.storage.secrets import SecretStore


class Made:
    """Providers over a database, the variables of an environment, and what logs were told to hide."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.db = Database.open(f"sqlite:///{home / 'serai.db'}")
        self.environ: dict[str, str] = {}
        self.hidden: list[str] = []
        self.of = self.more()

    def more(self) -> Providers:
        """The same as another process has it."""
        secrets = SecretStore(self.db, self.home)
        outside = Outside(lambda: True, lambda: False)
        return Providers(
            self.db,
            secrets,
            self.environ.get,
            self.hidden.append,
            self.taken,
            outside,
            lambda: "https://serai.example/",
        )

    async def taken(self, name: str) -> bool:
        return name == "mine"


@pytest_asyncio.fixture
async def made(tmp_path: Path) -> AsyncIterator[Made]:
    made = Made(tmp_path)
    yield made
    await made.of.close()
    await made.db.close()


def row(url: str = "http://127.0.0.1:9", kind: str = "openai", **more: object) -> Row:
    return Row(name="shore", kind=kind, url=url, **more)


async def test_a_service_that_was_added_answers_and_one_that_was_removed_is_gone(made: Made) -> None:
    async with serving(FakeService(["a"])) as service:
        await made.of.add(row(service.url), [KEY])
        (backend,) = await made.of.backends()
        assert (await collect(backend.run(chat()))).text == "a"
        await made.of.remove("shore")
        assert not await made.of.backends()
    assert KEY in made.hidden


async def test_only_a_service_itself_is_heard_and_it_is_told_where(made: Made) -> None:
    await made.of.add(row())
    await made.of.add(replace(row(kind="replicate"), name="rep"))
    for name in ("shore", "rep", "nobody"):
        with pytest.raises(BadRequest, match="not from the service"):
            await made.of.told(name, {}, b"{}")
    backend = await made.of.backend("rep")
    assert backend.config.told_at() == "https://serai.example/api/v1/providers/rep/webhook"  # type: ignore[attr-defined]


async def test_what_another_process_changes_is_seen_at_once(made: Made) -> None:
    other = made.more()
    await other.add(row())
    assert [backend.name for backend in await made.of.backends()] == ["shore"]
    await other.change("shore", ["new"])
    (backend,) = await made.of.backends()
    assert backend.config.keys == ("new",)
    await other.remove("shore")
    assert not await made.of.backends()


async def test_a_backend_that_did_not_change_stays_open(made: Made) -> None:
    await made.of.add(row())
    (before,) = await made.of.backends()
    await made.of.add(Row(name="other", kind="openai", url="http://127.0.0.1:9"))
    assert before in await made.of.backends()


async def test_kept_keys_never_go_to_another_host(made: Made) -> None:
    async with serving(FakeService()) as thief:
        await made.of.add(row("http://127.0.0.2:9"), ["precious"])
        changed = await made.of.change("shore", url=thief.url)
        assert await made.of.keys(changed) == ()
        await (await made.of.backend("shore")).models()
    assert thief.shown == [""]


async def test_a_variable_does_not_move_with_the_url_either(made: Made) -> None:
    made.environ["PRECIOUS"] = "a, b"
    added = await made.of.add(row(key_env="PRECIOUS"))
    assert await made.of.keys(added) == ("a", "b") and made.hidden == ["a", "b"]
    changed = await made.of.change("shore", url="http://127.0.0.2:9")
    assert changed.key_env == "" and await made.of.keys(changed) == ()


async def test_the_usual_variable_is_for_the_usual_address_alone(made: Made) -> None:
    made.environ["OPENAI_API_KEY"] = "precious"
    assert (await made.of.add(row("http://127.0.0.1:9"))).key_env == ""
    usual = await made.of.add(Row(name="real", kind="openai", url=""))
    assert (usual.url, usual.key_env) == ("https://api.openai.com/v1", "OPENAI_API_KEY")


async def test_keys_of_a_removed_service_are_forgotten(made: Made) -> None:
    await made.of.add(row(), ["precious"])
    await made.of.remove("shore")
    assert await made.of.keys(await made.of.add(row())) == ()


async def test_two_that_add_one_name_at_once_make_one(made: Made) -> None:
    other = made.more()
    found = await asyncio.gather(made.of.add(row()), other.add(row()), return_exceptions=True)
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "Row"]


@pytest.mark.parametrize("name", ["", "Shore", "a/b", "local", "auto", "a..b", "../x", "shore ", "ollama", "x" * 65])
async def test_names_that_do_not_fit_are_refused(made: Made, name: str) -> None:
    with pytest.raises(BadRequest):
        await made.of.add(Row(name=name, kind="openai", url="http://127.0.0.1:9"))


@pytest.mark.parametrize("url", ["ftp://a", "http://", "http://me:secret@a", "http://a/?key=1", "a b", "http://a/#x"])
async def test_addresses_that_do_not_fit_are_refused(made: Made, url: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await made.of.add(row(url))
    assert "secret" not in caught.value.message


async def test_what_cannot_be_is_said(made: Made) -> None:
    with pytest.raises(NotFound, match="pigeon"):
        await made.of.add(row(kind="pigeon"))
    with pytest.raises(BadRequest, match="needs a URL"):
        await made.of.add(row("", kind="vllm"))
    with pytest.raises(Conflict, match="mine/"):
        await made.of.add(Row(name="mine", kind="openai", url="http://127.0.0.1:9"))
    with pytest.raises(BadRequest, match="variable"):
        await made.of.add(row(key_env="SERAI_SECRET_KEY"))
    with pytest.raises(BadRequest, match="line breaks"):
        await made.of.add(row(), ["a\r\nx-evil: 1"])
    with pytest.raises(NotFound):
        await made.of.remove("nobody")
    assert not await made.of.all()


async def test_a_check_says_what_is_wrong(made: Made) -> None:
    async with serving(FakeService()) as service:
        await made.of.add(row(service.url), [KEY])
        found = await made.of.check("shore")
        assert (found.reachable, found.key, found.models, found.error) == (True, "accepted", 1, None)
        await made.of.change("shore", ["wrong"])
        found = await made.of.check("shore")
        assert (found.reachable, found.key) == (True, "refused") and "wrong" not in found.error.message
        await made.of.change("shore", [])
        assert (await made.of.check("shore")).key == "missing"
    found = await made.of.check("shore")
    assert not found.reachable and found.error.code == "unreachable"
