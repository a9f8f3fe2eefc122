"""Endpoints, listed to deleted: what is sent, what it costs, and what is said where it goes wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from huggingface_hub import HfApi, constants
from tests.fakes.endpoints import NAMESPACE, TOKEN
from tests.unit.providers.endpoints.conftest import Set

from serai.errors import BadRequest, Busy, Conflict, ModelFailed, NotFound, OverBudget, SeraiError, Unreachable
from serai.providers.endpoints import hosts
from serai.providers.endpoints.accounts import Where
from serai.providers.endpoints.shapes import Machine, Wanted

CPU = Machine(vendor="aws", region="us-east-1", accelerator="cpu", instance_type="intel-icl", instance_size="x2")
NEW = Wanted(repository="acme/mood", task="text-classification", machine=CPU)


async def test_the_twin_is_what_the_official_client_takes_it_for(there: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "INFERENCE_ENDPOINTS_ENDPOINT", there.twin.api)
    api = HfApi(endpoint=there.twin.url, token=TOKEN)

    def work() -> list[Any]:
        made = api.create_inference_endpoint(
            "mine", repository="acme/mood", framework="pytorch", accelerator="cpu", instance_size="x2",
            instance_type="intel-icl", region="us-east-1", vendor="aws", min_replica=0, namespace=NAMESPACE,
            token=TOKEN,
        )  # fmt: skip
        states = [made.status, made.wait(timeout=10, refresh_every=0.01).status]  # type: ignore[arg-type]
        states += [made.pause().status, made.resume().status, made.scale_to_zero().status]
        made.update(max_replica=3)
        hardware = api.list_inference_endpoints_hardware(namespace=NAMESPACE)
        made.delete()
        return [*states, hardware[0].price_per_hour, api.list_inference_endpoints(namespace=NAMESPACE)]

    assert await asyncio.to_thread(work) == [
        "pending", "running", "paused", "initializing", "scaledToZero", 0.067, []
    ]  # fmt: skip


async def test_what_is_created_is_what_the_official_client_would_send(
    there: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "INFERENCE_ENDPOINTS_ENDPOINT", there.twin.api)
    await there.room.create("ours", NEW)
    await asyncio.to_thread(
        HfApi(endpoint=there.twin.url, token=TOKEN).create_inference_endpoint,
        "theirs", repository="acme/mood", task="text-classification", framework="pytorch", accelerator="cpu",
        instance_size="x2", instance_type="intel-icl", region="us-east-1", vendor="aws", min_replica=0, max_replica=1,
        type="authenticated", namespace=NAMESPACE,
    )  # fmt: skip
    ours, theirs = (body for method, path, body in there.twin.seen if method == "POST")
    assert _bare(ours) == _bare(theirs)


def _bare(body: Any) -> Any:
    """Without names, and without what says nothing."""
    if not isinstance(body, dict):
        return body
    return {name: _bare(part) for name, part in body.items() if name != "name" and part is not None}


async def test_an_endpoint_lives_from_create_to_delete(there: Set) -> None:
    made = await there.room.create("mine", NEW)
    assert (made.endpoint.state, made.endpoint.url, made.endpoint.namespace) == ("pending", "", NAMESPACE)
    assert (made.cost.replica, made.cost.least, made.cost.most) == (0.067, 0.0, 0.067)
    assert [one.endpoint.name for one in await there.room.all()] == ["mine"]
    assert (await there.room.do("mine", "pause")).cost.now == 0.0
    assert (await there.room.do("mine", "resume")).cost.now == 0.067
    changed = await there.room.update("mine", Wanted(max_replica=3))
    assert changed.endpoint.max_replica == 3 and changed.cost.most == pytest.approx(0.201)
    assert (await there.room.do("mine", "scale-to-zero")).endpoint.state == "scaledToZero"
    assert "ready" in await there.room.logs("mine", tail=5)
    await there.room.delete("mine")
    with pytest.raises(NotFound, match="no Endpoint called 'mine' in alice"):
        await there.room.get("mine")


async def test_one_that_runs_is_resumed_all_the_same(there: Set) -> None:
    there.twin.add("mine")
    assert (await there.room.do("mine", "resume")).endpoint.state == "running"


async def test_hardware_is_found_by_its_id(there: Set) -> None:
    assert await there.room.machine("aws-us-east-1-intel-icl-x2") == CPU
    with pytest.raises(NotFound, match="no hardware"):
        await there.room.machine("moon")
    prices = await there.room.hardware()
    assert [row.price_per_hour for row in prices.hardware] == [0.067, 0.8] and prices.seen_at


async def test_a_price_that_is_not_told_is_unknown_and_never_nothing(there: Set) -> None:
    there.twin.refuse["/provider/"] = (503, {"error": "down for maintenance"}, {})
    there.twin.add("mine")
    told = (await there.room.get("mine")).cost
    assert (told.replica, told.least, told.most, told.now) == (None, None, None, None)
    assert "maintenance" in told.why
    with pytest.raises(OverBudget, match="Nobody can say"):
        await there.room.create("other", NEW, max_hourly=100)
    with pytest.raises(Busy, match="maintenance"):
        await there.room.hardware()
    assert [one for one in there.twin.seen if one[0] == "POST"] == []


async def test_a_machine_that_is_on_no_list_has_no_price(there: Set) -> None:
    told = await there.room.cost(Machine(vendor="moon"), 1, 1)
    assert told.most is None and told.why and told.seen_at


async def test_nothing_is_begun_that_may_cost_more_than_is_allowed(there: Set) -> None:
    there.twin.add("mine", "paused")
    with pytest.raises(OverBudget, match="costs 0"):
        await there.room.do("mine", "resume", max_hourly=0.1)
    with pytest.raises(OverBudget, match="you allow"):
        await there.room.update("mine", Wanted(max_replica=10), max_hourly=0.5)
    with pytest.raises(OverBudget):
        await there.room.create("other", NEW, max_hourly=0.01)
    assert {method for method, *_ in there.twin.seen} == {"GET"}
    assert (await there.room.do("mine", "resume", max_hourly=0.14)).endpoint.state == "initializing"


async def test_a_cut_while_creating_says_that_it_may_have_been_created(there: Set) -> None:
    there.twin.cut = {"POST"}
    with pytest.raises(ModelFailed) as caught:
        await there.room.create("mine", NEW)
    assert "may have been created" in caught.value.hint
    assert len([one for one in there.twin.seen if one[0] == "POST"]) == 1, "what costs is not asked twice"


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, {"error": f"bad {TOKEN}"}, ModelFailed, "refused the token"),
        (402, {"error": "payment needed"}, ModelFailed, "paid"),
        (403, {"error": "no rights"}, ModelFailed, "allow"),
        (409, {"error": "taken"}, Conflict, "taken"),
        (400, {"error": "region unknown"}, BadRequest, "region unknown"),
        (429, {"error": "slow down"}, Busy, "slow down"),
        (500, "<html>", Busy, "no more requests"),
        (307, {}, ModelFailed, "none"),
    ],
)
async def test_a_refusal_is_told_in_words_and_without_the_token(
    there: Set, status: int, body: Any, error: type[SeraiError], words: str
) -> None:
    there.twin.refuse["/endpoint/"] = (status, body, {"location": "http://127.0.0.2:9/", "retry-after": "3"})
    with pytest.raises(error, match=words) as caught:
        await there.room.all()
    assert TOKEN not in str(caught.value.as_dict())


@pytest.mark.parametrize("answer", [[], {}, {"items": [{}]}, {"items": [{"name": 1, "status": []}]}, None, 3])
async def test_nonsense_is_no_answer(there: Set, answer: Any) -> None:
    there.twin.refuse["/endpoint/"] = (200, answer, {})
    with pytest.raises(ModelFailed, match="no answer"):
        await there.room.all()


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a b", "a" * 80, "-a", "a?b"])
async def test_a_name_is_a_name_and_never_a_path(there: Set, name: str) -> None:
    with pytest.raises(BadRequest, match="cannot be called"):
        await there.room.create(name, NEW)
    with pytest.raises(BadRequest):
        await there.room.all(Where(namespace="../evil"))
    assert all("evil" not in path for _, path, _ in there.twin.seen)


async def test_without_a_token_nobody_is_asked(there: Set) -> None:
    there.token = None
    with pytest.raises(BadRequest, match="there is none"):
        await there.room.all()
    there.token, there.hub = TOKEN, there.hub.model_copy(update={"offline": True})
    with pytest.raises(Unreachable, match="offline"):
        await there.room.all()
    assert there.twin.seen == []


async def test_the_token_reaches_the_endpoint_only_where_that_is_hugging_faces(there: Set) -> None:
    there.twin.add("mine")
    found = (await there.room.get("mine")).endpoint
    assert there.room.belongs(found) and await there.room.awake(found)
    there.twin.host = there.twin.url.replace("127.0.0.1", "localhost")
    there.twin.add("theirs")
    other = (await there.room.get("theirs")).endpoint
    assert not there.room.belongs(other) and await there.room.awake(other)
    assert dict(there.twin.shown)["/at/theirs/health"] == ""


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://abc.us-east-1.aws.endpoints.huggingface.cloud", True),
        ("https://endpoints.huggingface.cloud.evil.example", False),
        ("https://evilendpoints.huggingface.cloud", False),
        ("http://abc.endpoints.huggingface.cloud", False),
        ("https://mine.example", False),
    ],
)
def test_an_address_is_hugging_faces_by_its_domain(url: str, right: bool) -> None:
    assert hosts.belongs(url, "https://api.endpoints.huggingface.cloud/v2") is right


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        ("https://router.huggingface.co/v1", "https://api.endpoints.huggingface.cloud/v2", True),
        ("https://evil.example", "https://api.endpoints.huggingface.cloud/v2", False),
        ("https://nothuggingface.co", "https://huggingface.co", False),
        ("http://router.huggingface.co", "https://huggingface.co", False),
    ],
)
def test_a_house_is_one_by_its_owner(first: str, second: str, one: bool) -> None:
    assert hosts.one_house(first, second) is one
