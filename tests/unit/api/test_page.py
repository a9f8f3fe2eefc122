from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.api.conftest import Api

from serai.api import page


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page as the web build leaves it, beside something that is not of it."""
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>", "utf-8")
    (folder / "theme.js").write_text("0", "utf-8")
    (folder / "assets" / "app-1a2b.js").write_text("1", "utf-8")
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    monkeypatch.setattr(page, "FOLDER", folder)
    return folder


async def test_without_a_build_it_says_how_to_make_one(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "FOLDER", tmp_path / "none")
    response = await api.get("/")
    assert (response.status_code, "make install" in response.text) == (503, True)


@pytest.mark.parametrize("path", ["/", "/models", "/chat/ses_1", "/model/org/name-1.5b", "/index.html"])
async def test_every_view_is_the_index(api: Api, built: Path, path: str) -> None:
    response = await api.get(path)
    assert (response.status_code, response.text) == (200, "<!doctype html>")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "script-src" not in policy and "unsafe-eval" not in policy
    assert response.headers["cache-control"] == "no-cache"


async def test_hashed_files_are_kept_for_ever(api: Api, built: Path) -> None:
    response = await api.get("/assets/app-1a2b.js")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"].startswith("text/javascript")


async def test_what_did_not_change_is_not_sent_again(api: Api, built: Path) -> None:
    first = await api.get("/theme.js")
    again = await api.get("/theme.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/assets/none.js", "/theme.js/"]
)
async def test_nothing_else_is_served(api: Api, built: Path, path: str) -> None:
    response = await api.get(path)
    assert "secret" not in response.text
    assert response.status_code in (200, 404)


async def test_unknown_api_paths_are_no_views(api: Api, built: Path) -> None:
    for path in ("/api/v1/none", "/v1/none", "/hf/none", "/api"):
        assert (await api.get(path)).status_code == 404


async def test_a_new_build_is_seen(api: Api, built: Path) -> None:
    assert (await api.get("/assets/new.js")).status_code == 404
    (built / "assets" / "new.js").write_text("2", "utf-8")
    (built / "index.html").touch()
    assert (await api.get("/assets/new.js")).status_code == 200
