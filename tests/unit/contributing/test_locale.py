"""Add a language: the example is followed step by step, and the check says what is still missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.unit.contributing.conftest import ROOT, Checkout, blocks

NODE = shutil.which("node")
WEB = ROOT / "web"
FILE = "web/src/locales/tr.ts"
PLACES = [
    "src/locales/i18n.svelte.ts: languages names",
    "public/theme.js: known names",
    "public/theme.js: rightToLeft names",
    "src/serai/wording/__init__.py: Language names",
    "src/serai/declared.py: language names",
]
FAULTS = [
    ("  skip:", "", "tr: skip is missing"),
    ("  close:", '  close: "",', "tr: close (other) is empty"),
    ("  cancel:", '  cancel: { other: "Vazgeç" },', "tr: cancel has plurals, the English one has none"),
    ("  save:", '  save: "Kaydet", mine: "my own",', "tr: mine is not in the English catalogue"),
    ("  left:", '  left: "kaldı",', "tr: left (other) names {}, not {time}"),
    ("  tokens:", '  tokens: { few: "{n}", other: "{n}" },', "tr: tokens lacks the plural form one"),
    ('  "foot.more":', '  "foot.more": "{n}",', "tr: foot.more has no plural forms"),
    (
        '  "generation.reset":',
        '  "generation.reset": { one: "1", few: "{n}", other: "{n}" },',
        "tr: generation.reset has a form few",
    ),
]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(NODE is None, reason="Node.js is not installed")]


class Page(Checkout):
    """A checkout with the page's source, and the packages that `make install` brought."""

    def begin(self) -> None:
        """The copy, and the texts that the example translates."""
        assert self.run(*_text("in the repository").split()).returncode == 0
        for line in _text(FILE).splitlines():
            self.replace_line(FILE, line.split(":")[0] + ":", line)

    def replace_line(self, name: str, begins: str, new: str) -> None:
        lines = (self.root / name).read_text("utf-8").splitlines()
        (number,) = [number for number, line in enumerate(lines) if line.startswith(begins)]
        lines[number : number + 1] = [new] if new else []
        (self.root / name).write_text("\n".join(lines) + "\n", "utf-8")

    def name_it(self) -> None:
        """The language's name, wherever the example puts it."""
        for language, name, diff in blocks("locale.md"):
            if language == "diff":
                lines = diff.splitlines(keepends=True)
                self.change(name, *("".join(line[1:] for line in lines if line[0] != sign) for sign in "+-"))

    def check(self) -> tuple[int, str]:
        ran = self.run(*_text("in web/").split(), folder="web")
        return ran.returncode, ran.stdout + ran.stderr


def _text(title: str) -> str:
    return next(text for _, name, text in blocks("locale.md") if name == title)


@pytest.fixture
def page(checkout: Checkout) -> Page:
    packages = WEB / "node_modules"
    assert packages.is_dir(), "the page's packages are not installed: make install"
    left_out = shutil.ignore_patterns("node_modules", "dev", "e2e", "test-results")
    shutil.copytree(WEB, checkout.root / "web", ignore=left_out)
    Path(checkout.root / "web" / "node_modules").symlink_to(packages, target_is_directory=True)
    return Page(checkout.root)


def test_the_example_is_complete(page: Page) -> None:
    page.begin()
    page.name_it()
    assert page.check()[0] == 0, page.check()[1]
    assert "{name} indir" in (page.root / FILE).read_text("utf-8")


def test_everything_that_is_wrong_is_named(page: Page) -> None:
    page.begin()
    page.change("web/public/theme.js", 'rightToLeft = ["fa"]', "rightToLeft = []")
    for begins, line, _ in FAULTS:
        page.replace_line(FILE, begins, line)
    code, said = page.check()
    assert code == 1
    assert [words for words in [*PLACES, *(words for _, _, words in FAULTS)] if words not in said] == []
