"""Pictures of cards over the native API, hostile ones too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.fakes.hub import FakeHub, serving
from tests.unit.api.conftest import Api

from serai.errors import Forbidden
from serai.hub.catalogue import Catalogue
from serai.hub.known import Known
from serai.hub.pictures import MOST, Pictures
from serai.hub.remote import Hub
from serai.outside import Fetched, Outside

NAME = "acme/tiny"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
CARD = """
![logo](figs/logo.png) ![outside](https://pictures.example/a.png) <img src="figs/html.png"> ![](figs/evil.svg)
![](figs/huge.png) ![](javascript:alert(1)) ![](file:///etc/passwd) ![](../../etc/passwd) ![](http://127.0.0.1:1/a.png)
![](http://169.254.169.254/latest) ![](//pictures.example/b.png) ![](figs/none.png)
"""


@dataclass
class Elsewhere(Outside):
    """What lies outside, and who asked for it."""

    gives: Any = field(default_factory=lambda: Fetched(PNG, "image/png"))
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(lambda: True, lambda: False)

    async def fetch(self, url: str, **wishes: Any) -> Fetched:
        if "pictures.example" not in url:
            return await super().fetch(url, **wishes)
        self.asked.append(url)
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives  # type: ignore[no-any-return]


@dataclass
class Place:
    hub: FakeHub
    elsewhere: Elsewhere
    offline: bool = False


@pytest_asyncio.fixture
async def place(api: Api, tmp_path: Path) -> AsyncIterator[Place]:
    async def nobody() -> None:
        return None

    files = {"README.md": CARD.encode(), "figs/logo.png": PNG, "figs/html.png": b"<script>", "figs/evil.svg": b"<svg/>"}
    place = Place(FakeHub({NAME: {**files, "figs/huge.png": PNG}}, length={"figs/huge.png": MOST + 1}), Elsewhere())
    place.hub.facts[NAME] = {"tags": []}
    async with serving(place.hub):
        hub = Hub(lambda: place.hub.endpoint, nobody, lambda: place.offline)
        catalogue = Catalogue(hub, Known(tmp_path / "known.db"))
        api.services.pictures = Pictures(
            tmp_path / "pictures", catalogue, hub, place.elsewhere, lambda: place.hub.endpoint
        )
        yield place


async def asked(api: Api, src: str, model: str = NAME) -> Any:
    return await api.get("/api/v1/hub/picture", params={"model": model, "src": src})


async def test_a_file_of_the_repository(api: Api, place: Place) -> None:
    answer = await asked(api, "figs/logo.png")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PNG, "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'; sandbox" in answer.headers["content-security-policy"]
    assert (await asked(api, f"{place.hub.endpoint}/{NAME}/resolve/main/figs/logo.png")).status_code == 404


async def test_a_picture_from_elsewhere_is_asked_for_once(api: Api, place: Place) -> None:
    for _ in range(2):
        assert (await asked(api, "https://pictures.example/a.png")).content == PNG
    assert (await asked(api, "//pictures.example/b.png")).status_code == 200
    assert place.elsewhere.asked == ["https://pictures.example/a.png", "https://pictures.example/b.png"]


async def test_only_what_the_card_names(api: Api, place: Place) -> None:
    for src in ("figs/other.png", "https://pictures.example/other.png", "README.md"):
        assert (await asked(api, src)).status_code == 404
    assert (await asked(api, "figs/none.png")).status_code == 404
    assert (await asked(api, "x", model="../etc")).status_code == 400
    assert not place.elsewhere.asked


@pytest.mark.parametrize("src", ["javascript:alert(1)", "file:///etc/passwd", "../../etc/passwd"])
async def test_what_is_no_address_of_a_picture(api: Api, place: Place, src: str) -> None:
    assert (await asked(api, src)).status_code == 404


@pytest.mark.parametrize("src", ["http://127.0.0.1:1/a.png", "http://169.254.169.254/latest"])
async def test_private_networks_are_out_of_reach(api: Api, place: Place, src: str) -> None:
    answer = await asked(api, src)
    assert answer.status_code == 403 and "private" in answer.json()["error"]["message"]


@pytest.mark.parametrize("src", ["figs/html.png", "figs/evil.svg"])
async def test_what_is_no_picture_by_its_content(api: Api, place: Place, src: str) -> None:
    answer = await asked(api, src)
    assert answer.status_code == 400 and b"<svg" not in answer.content and b"<script" not in answer.content


async def test_html_dressed_as_a_picture_is_neither_shown_nor_kept(api: Api, place: Place, tmp_path: Path) -> None:
    place.elsewhere.gives = Fetched(b"<html><script>", "image/png")
    assert (await asked(api, "https://pictures.example/a.png")).status_code == 400
    assert not list(tmp_path.glob("pictures/*"))


async def test_one_that_is_too_large_is_not_begun(api: Api, place: Place) -> None:
    assert (await asked(api, "figs/huge.png")).status_code == 413
    assert not [path for path, _, _ in place.hub.requests if "huge" in path]


async def test_offline_what_was_seen_is_still_shown(api: Api, place: Place) -> None:
    seen = ("figs/logo.png", "https://pictures.example/a.png")
    for src in seen:
        await asked(api, src)
    place.offline = True
    for src in seen:
        assert (await asked(api, src)).content == PNG
    assert (await asked(api, "//pictures.example/b.png")).status_code == 502
    assert len(place.elsewhere.asked) == 1


async def test_an_old_one_is_shown_where_its_server_is_away(
    api: Api, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serai.hub.pictures._FRESH_S", 0.0)
    await asked(api, "https://pictures.example/a.png")
    place.elsewhere.gives = Forbidden("no more")
    assert (await asked(api, "https://pictures.example/a.png")).content == PNG
    assert len(place.elsewhere.asked) == 2
