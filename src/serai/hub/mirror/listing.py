"""A repository as the mirror shows it: what the hub says of it, and who may have its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from serai.errors import Forbidden, NotFound
from serai.hub.mirror.asked import Place
from serai.hub.remote import RemoteFile, Repository

POINTER = 134
"""About as large are Git's pointers to large files; clients want a number and use it for nothing."""

_SECRET = ("size", "blobId", "lfs")


@dataclass(frozen=True, slots=True)
class Listing:
    """`body` is the hub's own answer, `private` whether only Serai's token could see it, `asked_at` when it was asked;
    `saved` whether the hub could not be asked now."""

    place: Place
    body: dict[str, Any]
    repository: Repository
    private: bool
    asked_at: float
    by_path: Mapping[str, RemoteFile]
    saved: bool = False

    @property
    def gated(self) -> bool:
        return self.body.get("gated") not in (None, False)

    def info(self, *, blobs: bool) -> dict[str, Any]:
        """The answer to `model_info` and `dataset_info`."""
        if blobs:
            return self.body
        rows = [{key: row[key] for key in row if key not in _SECRET} for row in self.body["siblings"]]
        return {**self.body, "siblings": rows}

    def file(self, path: str) -> RemoteFile:
        """Raises NotFound."""
        found = self.by_path.get(path)
        if found is None or not found.etag:
            raise _no_entry(self, path)
        return found

    def tree(self, path: str, *, recursive: bool) -> list[dict[str, Any]]:
        """What lies in a folder, and below it. Raises NotFound."""
        start = f"{path}/" if path else ""
        rows: dict[str, dict[str, Any]] = {}
        for file in self.repository.files:
            if not file.path.startswith(start):
                continue
            for folder in _folders(file.path, start):
                if recursive or "/" not in folder[len(start) :]:
                    rows.setdefault(folder, {"type": "directory", "oid": "0" * 40, "size": 0, "path": folder})
            if recursive or "/" not in file.path[len(start) :]:
                rows[file.path] = _row(file)
        if path and not rows:
            raise _no_entry(self, path)
        return list(rows.values())

    def paths(self, wanted: list[str]) -> list[dict[str, Any]]:
        """Those of these files and folders that are there."""
        every = {row["path"]: row for row in self.tree("", recursive=True)}
        return [every[path] for path in wanted if path in every]

    def check(self, *, may: bool) -> None:
        """Whether its files may be had by one who may have private ones, or not. Raises Forbidden."""
        if self.gated and not may:
            raise Forbidden(
                f"{self.place.name} is gated, and this key may fetch public models only.",
                hint="Whoever runs this Serai can make a key that has the scope `models`, too.",
                page=self.place.name,
            )


def hidden(place: Place) -> NotFound:
    """Nobody learns of a private repository that it exists."""
    hint = "Look at the spelling. Private ones need a key that has the scope `models`, too."
    return NotFound(f"The hub has no public repository {place.name!r}.", hint=hint, who="hub", missing="repository")


def _no_entry(listing: Listing, path: str) -> NotFound:
    commit = listing.repository.commit
    text = f"{listing.place.name} has no {path!r} at {commit[:12]}."
    return NotFound(text, hint="Look at the list of its files.", who="hub", missing="entry", commit=commit)


def _folders(path: str, start: str) -> Iterator[str]:
    parts = path[len(start) :].split("/")
    for count in range(1, len(parts)):
        yield start + "/".join(parts[:count])


def _row(file: RemoteFile) -> dict[str, Any]:
    row = {"type": "file", "path": file.path, "size": file.size, "oid": file.oid or file.etag[:40]}
    if file.sha256:
        row["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": POINTER}
    return row
