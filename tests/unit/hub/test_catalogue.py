from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.hub import FakeHub
from tests.unit.hub.conftest import NAME, remote

from serai.errors import Busy, Forbidden, ModelNotFound
from serai.hub.catalogue import Catalogue
from serai.hub.known import Known, Query
from serai.hub.remote import Hub, HubUnreachable
from serai.types import Model, ModelRef

REF = ModelRef(NAME)
ROOM = 10**9


@pytest.fixture
def known(tmp_path: Path) -> Known:
    return Known(tmp_path / "catalogue.db")


@pytest.fixture
def catalogue(hub: FakeHub, known: Known) -> Catalogue:
    hub.plain = {"README.md"}
    hub.files[NAME]["README.md"] = b"---\nlicense: mit\n---\n# Tiny\n"
    hub.facts[NAME] = {"tags": ["gguf"], "downloads": 9, "pipeline_tag": "text-generation"}
    return Catalogue(remote(hub), known)


def away(known: Known) -> Catalogue:
    async def nothing() -> None:
        return None

    return Catalogue(Hub(lambda: "http://127.0.0.1:9", nothing, lambda: True), known)


async def test_the_hub_is_asked_in_its_own_words(catalogue: Catalogue, hub: FakeHub) -> None:
    asked = Query(text="tiny", task="chat", license="MIT", language="fa", format="gguf", author="acme", sort="modified")
    page = await catalogue.search(asked)
    assert [model.name for model in page.models] == [NAME] and page.away is None
    query = hub.queries[0]
    assert query["filter"] == ["gguf", "license:mit", "fa"] and query["sort"] == ["lastModified"]
    assert (query["pipeline_tag"], query["author"], "gated" in query["expand"]) == (["chat"], ["acme"], True)


async def test_a_hub_that_ignores_a_number_of_parameters_is_sifted(catalogue: Catalogue, hub: FakeHub) -> None:
    for name, count in (("large", 70 * 10**9), ("small", 5 * 10**8), ("unknown", None)):
        hub.files[f"acme/tiny-{name}"] = {}
        hub.facts[f"acme/tiny-{name}"] = {"tags": [], "gguf": {"total": count}}
    page = await catalogue.search(Query(text="tiny", min_parameters=10**8, max_parameters=3 * 10**9))
    assert [model.name for model in page.models] == ["acme/tiny-small"]
    assert hub.queries[0]["num_parameters"] == ["min:100M,max:3B"]
    await catalogue.search(Query(text="tiny", min_parameters=1_500_000_000))
    assert hub.queries[1]["num_parameters"] == ["min:1.5B"]


async def test_pages_follow_the_hubs_cursor_only(catalogue: Catalogue, hub: FakeHub) -> None:
    hub.files |= {f"acme/tiny-{n}": {} for n in range(3)}
    first = await catalogue.search(Query(text="tiny", limit=3))
    rest = await catalogue.search(Query(text="tiny", limit=3, cursor=first.cursor))
    assert len({model.name for model in (*first.models, *rest.models)}) == 4 and rest.cursor == ""


async def test_the_same_is_not_asked_twice(catalogue: Catalogue, hub: FakeHub) -> None:
    for _ in range(2):
        await catalogue.search(Query(text="tiny"))
        await catalogue.describe(REF, ROOM)
    listings = [path for path, _, _ in hub.requests if path.startswith("/api/")]
    assert len(listings) == len(set(listings)) == 3


async def test_what_is_no_longer_fresh_is_asked_whether_it_changed(hub: FakeHub, known: Known) -> None:
    catalogue = Catalogue(remote(hub), known, fresh_s=0)
    first, _ = await catalogue.describe(REF, ROOM)
    again, _ = await catalogue.describe(REF, ROOM)
    assert again.commit == first.commit
    hub.commit = "d" * 40
    assert (await catalogue.describe(REF, ROOM))[0].commit == "d" * 40


async def test_a_page_has_card_variants_and_revisions(catalogue: Catalogue) -> None:
    page, _ = await catalogue.describe(REF, ROOM)
    assert (page.card, page.revisions, page.listed.license) == ("# Tiny\n", ("main", "v1"), "mit")
    assert [(form.name, form.label, form.recommended) for form in page.variants] == [(f"{NAME}:Q8_0", "Q8_0", True)]


async def test_a_repository_without_a_model_says_why(catalogue: Catalogue, hub: FakeHub) -> None:
    hub.files["a/lora"] = {"adapter_config.json": b"{}"}
    page, _ = await catalogue.describe(ModelRef("a/lora"), ROOM)
    assert page.variants == () and page.unusable is not None and "adapter" in page.unusable.message


async def test_away_from_the_hub_all_that_is_known_is_told_and_marked(catalogue: Catalogue, known: Known) -> None:
    await catalogue.describe(REF, ROOM)
    offline = away(known)
    page, reason = await offline.describe(REF, ROOM)
    assert page.card == "# Tiny\n" and isinstance(reason, HubUnreachable)
    found = await offline.search(Query(text="tiny"), [Model(name="b/tiny:Q4_0", task="chat", format="gguf")])
    assert {model.name for model in found.models} == {NAME, "b/tiny"} and found.away is not None


async def test_what_is_not_known_away_from_the_hub_comes_with_near_names(catalogue: Catalogue, known: Known) -> None:
    await catalogue.search(Query(text="tiny"))
    with pytest.raises(HubUnreachable) as caught:
        await away(known).describe(ModelRef("acme/tiny-GUF"), ROOM)
    assert caught.value.facts["nearest"] == [NAME]


async def test_a_hub_that_breaks_or_is_busy_leaves_what_is_known(hub: FakeHub, known: Known) -> None:
    catalogue = Catalogue(remote(hub), known, fresh_s=0)
    await catalogue.search(Query(text="tiny"))
    hub.busy_listing = 1
    page = await catalogue.search(Query(text="tiny"))
    assert len(page.models) == 1 and isinstance(page.away, Busy)
    hub.siblings = [{"no": "name"}]
    with pytest.raises(HubUnreachable):
        await catalogue.describe(ModelRef(NAME, None, "v1"), ROOM)


async def test_refusals_are_told_as_they_are(catalogue: Catalogue, hub: FakeHub) -> None:
    hub.gated.add(NAME)
    with pytest.raises(Forbidden):
        await catalogue.describe(REF, ROOM)
    with pytest.raises(ModelNotFound) as caught:
        await catalogue.describe(ModelRef("acme/tiny"), ROOM)
    assert caught.value.facts["nearest"] == [NAME]


async def test_a_miss_that_the_hub_has_no_name_for_is_compared_with_what_is_known(catalogue: Catalogue) -> None:
    await catalogue.search(Query(text="tiny"))
    with pytest.raises(ModelNotFound) as caught:
        await catalogue.describe(ModelRef("acme/zzny-GGUF"), ROOM)
    assert caught.value.facts["nearest"] == [NAME]


async def test_a_hostile_card_and_list_are_only_text(catalogue: Catalogue, hub: FakeHub) -> None:
    hub.files[NAME]["README.md"] = b"---\nx: [\n\xff\xfe<script>alert(1)</script>"
    hub.facts[NAME] = {"model-index": [{"results": [{"metrics": [{"value": float("nan")}, 3]}]}], "tags": "x"}
    page, _ = await catalogue.describe(REF, ROOM)
    assert page.card.endswith("<script>alert(1)</script>") and page.evaluations == ()
    hub.facts["../evil"] = {}
    hub.files["../evil-tiny"] = {}
    assert [model.name for model in (await catalogue.search(Query(text="tiny"))).models] == [NAME]
