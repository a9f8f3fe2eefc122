"""The page in Chromium against a real server with serai-guide: Playwright's specs in web/e2e, and the page's size."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, serving
from tests.fakes.apart import apart
from tests.fakes.endpoints import TOKEN, FakeManagement, managing

pytestmark = [pytest.mark.browser, pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(900)]
TWINNED = "endpoints.spec.ts"
SPECS = sorted(path.name for path in (ROOT / "web" / "e2e").glob("*.spec.ts") if path.name != TWINNED)
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)


def page_tool(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "page.py"), *words]
    environ = {**os.environ, **more}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module", autouse=True)
def chromium() -> None:
    if not CHROMIUM:
        assert not os.environ.get("CI"), "CI must have Chromium"
        pytest.skip("Chromium is not installed; on Debian: apt-get install chromium")


@pytest.mark.parametrize("spec", SPECS)
def test_the_page_does_what_its_spec_says(spec: str, tmp_path: Path) -> None:
    """Each spec has a home of its own, so that none depends on another's chats or settings."""
    with serving(tmp_path) as server:
        ran = page_tool("e2e", spec, SERAI_URL=server.url, CHROMIUM=CHROMIUM)
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]


def test_endpoints_are_managed_in_the_page(tmp_path: Path) -> None:
    """At a twin of Hugging Face's management on loopback."""
    with apart(managing(FakeManagement(polls=2))) as twin:
        urls = {"SERAI_HUB_ENDPOINT": twin.url, "SERAI_HUB_ENDPOINTS": twin.api}
        with serving(tmp_path, HF_TOKEN=TOKEN, SERAI_HUB_OFFLINE="false", **urls) as server:
            ran = page_tool("e2e", TWINNED, SERAI_URL=server.url, SERAI_TWINS="1", CHROMIUM=CHROMIUM)
    assert ran.returncode == 0, ran.stdout[-8000:] + ran.stderr[-2000:]
    assert twin.seen and not twin.there


def test_there_are_specs() -> None:
    assert SPECS


def test_the_initial_javascript_is_within_its_budget() -> None:
    ran = page_tool("size")
    assert ran.returncode == 0, ran.stdout + ran.stderr
