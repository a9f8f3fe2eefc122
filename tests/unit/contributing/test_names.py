"""What the contributors' pages name is there: files, and the classes and functions said to be in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.unit.contributing.conftest import PAGES, ROOT, blocks

DOCUMENTS = [ROOT / "CONTRIBUTING.md", *sorted(PAGES.glob("*.md"))]
_PATH = re.compile(r"`((?:src|tests|docs|web|tools)/[\w./-]+)`")
_NAMED = re.compile(r"((?:`\w+`(?:, )?)+) in `((?:src|tests)/[\w./-]+\.py)`")
_LINK = re.compile(r"\]\(([^)#:]+)\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_it_names_is_there(document: Path) -> None:
    made = {title for _, title, _ in blocks(document.name)}
    named = set(_PATH.findall(document.read_text("utf-8")))
    assert [path for path in named - made if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = _LINK.findall(document.read_text("utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_name_is_in_its_file(document: Path) -> None:
    for names, path in _NAMED.findall(document.read_text("utf-8")):
        source = (ROOT / path).read_text("utf-8")
        assert [
            name
            for name in re.findall(r"\w+", names)
            if not re.search(rf"^(class|def|async def) {name}\b", source, re.MULTILINE)
        ] == []
