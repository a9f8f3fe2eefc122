"""Where things lie in the standard Hugging Face cache, which other tools read and write at the same time."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from serai.hub import faults

PARTIAL = ".serai.incomplete"
"""How the bytes of a file end that are still arriving; beside it, with `.map` after it, lies what has arrived."""

KINDS = ("models", "datasets")
"""Of what the cache has repositories; their folders begin so."""


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository's folder in the cache `root`. Nothing is written through a link that leads out of the cache."""

    root: Path
    name: str
    kind: str = "models"

    @property
    def folder(self) -> Path:
        return self.root / f"{self.kind}--{self.name.replace('/', '--')}"

    @property
    def blobs(self) -> Path:
        return self.folder / "blobs"

    def blob(self, etag: str) -> Path:
        """Where a file's content lies, whatever names it has."""
        return self.blobs / etag

    def partial(self, etag: str) -> Path:
        return self.blobs / f"{etag}{PARTIAL}"

    def lock(self, etag: str) -> Path:
        """The lock that `huggingface_hub` takes for the same file."""
        return self.root / ".locks" / self.folder.name / f"{etag}.lock"

    def snapshot(self, commit: str) -> Path:
        return self.folder / "snapshots" / commit

    def prepare(self, etag: str) -> None:
        """Makes the folders that a download needs. Raises StoreUnusable where one would lie outside."""
        for folder in (self.blobs, self.lock(etag).parent):
            self._inside(folder)
            folder.mkdir(parents=True, exist_ok=True)

    def link(self, commit: str, path: str, etag: str) -> Path:
        """Names a blob in a snapshot by a relative link, or by a copy where links are impossible. Raises
        StoreUnusable where that would lie outside."""
        place, blob = self.snapshot(commit) / path, self.blob(etag)
        self._inside(place.parent)
        place.parent.mkdir(parents=True, exist_ok=True)
        target = os.path.relpath(blob, place.parent)
        if place.is_symlink() and os.readlink(place) == target:  # noqa: PTH115 - a Path would be made neat
            return place
        partial = self.blobs / f"{uuid.uuid4().hex[:8]}{PARTIAL}"
        try:
            partial.symlink_to(target)
        except (OSError, NotImplementedError):  # a file system, or a Windows account, without links
            _copy(blob, partial)
        partial.replace(place)
        return place

    def point(self, revision: str, commit: str) -> None:
        """Lets a branch or tag mean this commit."""
        reference = self.folder / "refs" / revision
        self._inside(reference.parent)
        reference.parent.mkdir(parents=True, exist_ok=True)
        partial = self.blobs / f"{uuid.uuid4().hex[:8]}{PARTIAL}"
        partial.write_text(commit, "utf-8")
        partial.replace(reference)

    def commits(self) -> dict[str, Path]:
        """The snapshots that are here."""
        with contextlib.suppress(OSError):
            return {entry.name: entry for entry in (self.folder / "snapshots").iterdir() if entry.is_dir()}
        return {}

    def refs(self) -> dict[str, str]:
        """Which commit each branch and tag means here."""
        folder = self.folder / "refs"
        found: dict[str, str] = {}
        for place in folder.rglob("*") if folder.is_dir() else ():
            with contextlib.suppress(OSError, UnicodeDecodeError):
                if place.is_file():
                    found[place.relative_to(folder).as_posix()] = place.read_text("utf-8").strip()
        return found

    def linked(self) -> set[str]:
        """The blobs that a snapshot names."""
        names: set[str] = set()
        for place in (self.folder / "snapshots").rglob("*"):
            with contextlib.suppress(OSError):
                if place.is_symlink():
                    names.add(Path(os.readlink(place)).name)  # noqa: PTH115
        return names

    def _inside(self, folder: Path) -> None:
        for place in (folder, *folder.parents):
            if place == self.root:
                return
            if place.is_symlink() and not place.resolve().is_relative_to(self.root.resolve()):
                raise faults.leads_out(place)
        raise faults.leads_out(folder)


def repos(root: Path, kind: str = "models") -> Iterator[Repo]:
    """The repositories of a kind that are in the cache, whoever put them there."""
    with contextlib.suppress(OSError):
        for entry in sorted(root.iterdir()):
            if entry.name.startswith(f"{kind}--") and entry.is_dir():
                yield Repo(root, entry.name.removeprefix(f"{kind}--").replace("--", "/", 1), kind)


def _copy(blob: Path, place: Path) -> None:
    try:
        place.hardlink_to(blob)
    except (OSError, NotImplementedError):
        shutil.copyfile(blob, place)
