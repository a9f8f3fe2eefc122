"""Takes a model's files out of the Hugging Face cache: only links and blobs of that cache, never what another uses."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable
from pathlib import Path

from serai.hub.cache import KINDS, Repo


def remove(paths: Iterable[Path], keep: Collection[Path] = ()) -> int:
    """Deletes these links of snapshots, and the blobs that nothing names any more; how many bytes that freed. What is
    in `keep`, and what does not lie in the cache, stays."""
    freed = 0
    touched: dict[Path, Repo] = {}
    for path in paths:
        repo = _repo_of(path)
        if repo is not None and path not in keep:
            freed += _unlink(path, repo)
            touched[repo.folder] = repo
    for repo in touched.values():
        _tidy(repo)
    return freed


def _repo_of(path: Path) -> Repo | None:
    """The repository in whose snapshots a link lies."""
    snapshots = next((parent for parent in path.parents if parent.name == "snapshots"), None)
    kind, _, name = snapshots.parent.name.partition("--") if snapshots is not None else ("", "", "")
    if snapshots is None or kind not in KINDS:
        return None
    return Repo(snapshots.parent.parent, name.replace("--", "/", 1), kind)


def _unlink(path: Path, repo: Repo) -> int:
    blob = Path(os.path.normpath(path.parent / os.readlink(path))) if path.is_symlink() else None  # noqa: PTH115
    with contextlib.suppress(OSError):
        size = path.stat().st_size
        path.unlink()
        if blob is None:
            return size
        if blob.parent == repo.blobs and blob.name not in repo.linked():
            blob.unlink()
            return size
    return 0


def _tidy(repo: Repo) -> None:
    """Removes what is empty now: folders, and the branches and tags that mean a snapshot that is gone."""
    for folder, _, _ in os.walk(repo.folder / "snapshots", topdown=False):
        with contextlib.suppress(OSError):  # it is not empty
            Path(folder).rmdir()
    here = repo.commits()
    for name, commit in repo.refs().items():
        if commit not in here:
            with contextlib.suppress(OSError):
                (repo.folder / "refs" / name).unlink()
    if here:
        return
    for folder, _, _ in os.walk(repo.folder, topdown=False):
        with contextlib.suppress(OSError):
            Path(folder).rmdir()
