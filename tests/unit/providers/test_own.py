"""Keys of one's own: whose calls show them, to whom, and what becomes of them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.fakes import cloudflare_service as cloudflare
from tests.fakes.cloudflare_service import FakeCloudflare
from tests.fakes.service import KEY, MODEL, FakeService, serving
from tests.unit.providers.conftest import chat
from tests.unit.providers.test_providers import Made, row

from serai.accounts.keys import Keys
from serai.backend import Backend, collect
from serai.errors import BadRequest, Conflict, KeyNeeded, ModelFailed, NotFound, StorageFailed
from serai.providers import _doors
from serai.providers.selling import seller
from serai.types import Result

REFUSED: tuple[int, Any, dict[str, str]] = (401, {"error": {"message": "No such key."}}, {})


@pytest_asyncio.fixture
async def made(tmp_path: Path) -> AsyncIterator[Made]:
    made = Made(tmp_path)
    yield made
    await made.of.close()
    await made.db.close()


@pytest_asyncio.fixture
async def shore(made: Made) -> AsyncIterator[FakeService]:
    """A service with a common key, at which Ann and Bob have accounts, too."""
    async with serving(FakeService(["a"], keys=(KEY, "anns", "bobs"))) as service:
        await made.of.add(row(service.url), [KEY])
        yield service


async def door(made: Made, who: str) -> Backend:
    (backend,) = await made.of.backends(who)
    return backend


async def ask(made: Made, who: str) -> Result:
    return await collect((await door(made, who)).run(chat()))


async def test_who_keeps_keys_of_their_own_shows_these_and_all_others_the_common_ones(
    made: Made, shore: FakeService
) -> None:
    await made.of.own.keep("shore", "ann", ["anns"])
    for who in ("ann", "bob", "owner", ""):
        await ask(made, who)
    assert shore.shown == ["anns", KEY, KEY, KEY]
    assert "anns" in made.hidden and await made.of.own.count(await made.of.find("shore"), "ann") == 1


async def test_each_of_many_calls_at_once_shows_the_key_of_its_person(made: Made, shore: FakeService) -> None:
    await made.of.own.keep("shore", "ann", ["anns"])
    await made.of.own.keep("shore", "bob", ["bobs"])

    async def say(number: int) -> None:
        who = ("ann", "bob")[number % 2]
        backend = await door(made, who)
        await collect(backend.run(chat(f"{who}s", max_tokens=1)))

    shown: list[tuple[str, str]] = []
    shore.heard = lambda body, key: shown.append((body["messages"][0]["content"], key))
    await asyncio.gather(*(say(number) for number in range(32)))
    assert len(shown) == 32 and all(meant == key for meant, key in shown)


async def test_a_refused_key_of_ones_own_is_nobody_elses_affair(made: Made, shore: FakeService) -> None:
    await made.of.own.keep("shore", "ann", ["anns"])
    shore.refuse_key["anns"] = REFUSED
    with pytest.raises(ModelFailed, match="refused the key") as caught:
        await ask(made, "ann")
    assert "of your own" in caught.value.hint and KEY not in shore.shown
    assert (await ask(made, "bob")).text == "a"
    assert getattr(await door(made, "bob"), "refused") is False  # noqa: B009 - a service's own


async def test_several_keys_of_ones_own_take_turns(made: Made, shore: FakeService) -> None:
    await made.of.own.keep("shore", "ann", ["anns", "bobs"])
    shore.refuse_key["anns"] = REFUSED
    await ask(made, "ann")
    await ask(made, "ann")
    assert shore.shown == ["anns", "bobs", "bobs"]


async def test_what_an_account_has_is_listed_for_its_person_alone(made: Made, shore: FakeService) -> None:
    shore.models_for["anns"] = [{"id": "ann/tuned"}]
    await made.of.own.keep("shore", "ann", ["anns"])
    assert [model.name for model in await (await door(made, "ann")).models()] == ["shore/ann/tuned"]
    assert [model.name for model in await (await door(made, "bob")).models()] == [f"shore/{MODEL}"]


async def test_a_key_leads_to_the_account_that_it_is_for(made: Made) -> None:
    keys = {"ann": "anns", "bob": "bobs"}
    accounts = {key: f"account{key}" for key in keys.values()}
    async with cloudflare.serving(FakeCloudflare(keys=(*keys.values(), KEY), accounts_of=accounts)) as cloud:
        await made.of.add(row(cloud.url, "cloudflare"), [KEY])
        for who, key in keys.items():
            await made.of.own.keep("shore", who, [key])
        asked = chat(model=f"shore/{cloudflare.MODEL}")
        answers = [await collect((await door(made, who)).run(asked)) for who in ("ann", "bob", "cid")]
    assert len(answers) == 3 and set(cloud.shown) == {"anns", "bobs", KEY}


async def test_a_changed_and_a_forgotten_key_hold_from_the_next_call_on_in_every_process(
    made: Made, shore: FakeService
) -> None:
    other = made.more()
    for keep in (["anns"], ["bobs"]):
        await other.own.keep("shore", "ann", keep)
        await ask(made, "ann")
    await other.own.forget("shore", "ann")
    await ask(made, "ann")
    assert shore.shown == ["anns", "bobs", KEY]


async def test_a_service_that_takes_only_ones_own_keys_says_so_and_is_not_asked(made: Made, shore: FakeService) -> None:
    await made.of.change("shore", whose_keys="own")
    with pytest.raises(KeyNeeded, match="a key of your own") as caught:
        await ask(made, "bob")
    assert "serai own-keys set shore" in caught.value.hint and shore.shown == []
    assert await (await door(made, "bob")).find(f"shore/{MODEL}") is not None  # type: ignore[attr-defined]
    await made.of.own.keep("shore", "ann", ["anns"])
    await ask(made, "ann")
    assert shore.shown == ["anns"]


async def test_a_service_with_common_keys_alone_takes_none_and_shows_none_of_ones_own(
    made: Made, shore: FakeService
) -> None:
    await made.of.own.keep("shore", "ann", ["anns"])
    await made.of.change("shore", whose_keys="common")
    await ask(made, "ann")
    for refused in (made.of.own.keep("shore", "ann", ["anns"]), made.of.own.check("shore", "ann")):
        with pytest.raises(Conflict, match="common keys alone"):
            await refused
    assert shore.shown == [KEY]


async def test_keys_of_ones_own_never_go_to_another_host(made: Made, shore: FakeService) -> None:
    await made.of.own.keep("shore", "ann", ["anns"])
    await ask(made, "ann")
    async with serving(FakeService(["a"], keys=())) as thief:
        await made.of.change("shore", url=thief.url)
        await ask(made, "ann")
        assert thief.shown == [""]
        await made.of.change("shore", url=shore.url)
        assert await made.of.own.count(await made.of.find("shore"), "ann") == 0


async def test_a_redirect_takes_no_key_along(made: Made, shore: FakeService) -> None:
    await made.of.own.keep("shore", "ann", ["anns"])
    async with serving(FakeService(keys=())) as thief:
        shore.refuse = (307, {}, {"location": f"{thief.url}/v1/chat/completions"})
        with pytest.raises(ModelFailed, match="redirects"):
            await ask(made, "ann")
        assert not thief.shown


async def test_keys_of_ones_own_go_with_the_service(made: Made, shore: FakeService) -> None:
    await made.of.own.keep("shore", "ann", ["anns"])
    other = await made.of.add(replace(row(shore.url), name="shore2"), [KEY])
    await made.of.own.keep("shore2", "ann", ["anns"])
    await made.of.remove("shore")
    again = await made.of.add(row(shore.url))
    assert [await made.of.own.count(one, "ann") for one in (again, other)] == [0, 1]
    with pytest.raises(NotFound):
        await made.of.own.keep("nowhere", "ann", ["anns"])


async def test_a_revoked_key_takes_what_it_kept_along(made: Made, shore: FakeService) -> None:
    keys = Keys(made.db)
    gone, stays = [(await keys.create(name))[0].id for name in ("gone", "stays")]
    for who in (gone, stays):
        await made.of.own.keep("shore", who, ["anns"])
    await keys.revoke(gone)
    shown = await made.of.find("shore")
    assert [await made.of.own.count(shown, who) for who in (gone, stays)] == [0, 1]


async def test_a_key_that_cannot_be_read_does_not_show_the_common_one(made: Made, shore: FakeService) -> None:
    await ask(made, "bob")
    await made.of.own.keep("shore", "ann", ["anns"])
    (made.home / "secret.key").rename(made.home / "elsewhere")
    with pytest.raises(StorageFailed):
        await ask(made, "ann")
    (made.home / "elsewhere").rename(made.home / "secret.key")
    await ask(made, "ann")
    assert shore.shown == [KEY, "anns"]


async def test_a_check_asks_with_ones_own_key(made: Made, shore: FakeService) -> None:
    missing = await made.of.own.check("shore", "ann")
    assert (missing.key, shore.shown) == ("missing", [])
    await made.of.own.keep("shore", "ann", ["anns"])
    assert (await made.of.own.check("shore", "ann")).key == "accepted"
    shore.refuse_key["anns"] = REFUSED
    assert (await made.of.own.check("shore", "ann")).key == "refused"
    assert (await made.of.check("shore")).key == "accepted"


async def test_what_is_no_key_is_not_kept(made: Made, shore: FakeService) -> None:
    for keys in (["two\nlines"], [" "], ["schlüssel"]):
        with pytest.raises(BadRequest):
            await made.of.own.keep("shore", "ann", keys)
    with pytest.raises(BadRequest):
        await made.of.change("shore", whose_keys="mine")


async def test_only_so_many_stay_open_and_the_others_open_again(
    made: Made, shore: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_doors, "MOST_OPEN", 1)
    await made.of.own.keep("shore", "ann", ["anns"])
    await made.of.own.keep("shore", "bob", ["bobs"])
    for who in ("ann", "bob", "ann"):
        await ask(made, who)
    assert shore.shown == ["anns", "bobs", "anns"] and len(made.of._doors.at("shore")) == 1


async def test_what_a_service_says_of_its_own_accord_reaches_whose_account_it_is_for(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made.of.add(row(kind="replicate"))
    await made.of.own.keep("shore", "ann", ["anns"])
    heard: list[bytes] = []

    async def told(_headers: object, body: bytes) -> None:
        heard.append(body)

    monkeypatch.setattr(await door(made, "ann"), "told", told)
    await made.of.told("shore", {}, b"done")
    assert heard == [b"done"]


async def test_prices_are_told_to_whoever_asks_with_a_key(made: Made, shore: FakeService) -> None:
    shore.models = [{"id": MODEL, "pricing": {"prompt": "0.000001", "completion": "0.000002"}}]
    await made.of.change("shore", whose_keys="own")
    await made.of.backends()
    assert seller(made.of, "shore").quote(MODEL) is None  # type: ignore[union-attr]
    await made.of.own.keep("shore", "ann", ["anns"])
    await (await door(made, "ann")).models()
    assert seller(made.of, "shore").quote(MODEL)["input"] == 1.0  # type: ignore[union-attr,index]


KEEPS = """
import asyncio, sys
from pathlib import Path
from tests.unit.providers.test_providers import Made, row
async def main():
    made = Made(Path(sys.argv[1]))
    await made.of.add(row())
    for number in range(100_000):
        await made.of.own.keep("shore", "ann", [f"key-{number}", f"other-{number}"])
        print(number, flush=True)
asyncio.run(main())
"""


async def test_a_kill_leaves_the_last_key_that_was_kept_or_the_one_before_it_whole(tmp_path: Path) -> None:
    words = [sys.executable, "-c", KEEPS, str(tmp_path)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, env=environ)
    assert child.stdout is not None
    said = [int(await child.stdout.readline()) for _ in range(20)]
    child.kill()
    said += [int(line) for line in (await child.stdout.read()).split(b"\n")[:-1]]
    await child.wait()
    made = Made(tmp_path)
    keys = getattr(await door(made, "ann"), "config").keys  # noqa: B009 - a service's own
    number = int(keys[0].removeprefix("key-"))
    assert keys == (f"key-{number}", f"other-{number}") and number >= said[-1]
    await made.of.close()
    await made.db.close()
