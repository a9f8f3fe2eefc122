"""What other tools have downloaded into the Hugging Face cache that Serai shares with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from serai.errors import SeraiError
from serai.hub import choose, choose_gguf, safetensors
from serai.hub.adopt.found import Found, Seen
from serai.hub.cache import Repo, repos
from serai.hub.names import is_digest
from serai.hub.remote import RemoteFile
from serai.types import ModelRef


def find(cache: Path, seen: Seen) -> Iterator[Found]:
    """Of the repositories in which something has come or gone."""
    for repo in repos(cache):
        if seen.as_before(repo.folder, repo.blobs, repo.folder / "refs", repo.folder / "snapshots"):
            continue
        refs, commits = repo.refs(), repo.commits()
        revision = "main" if refs.get("main") in commits else next((name for name in refs if refs[name] in commits), "")
        if revision:
            yield from _of(repo, revision, refs[revision])


def _of(repo: Repo, revision: str, commit: str) -> Iterator[Found]:
    try:
        ref = ModelRef.parse(repo.name)
    except ValueError:
        return
    snapshot = repo.snapshot(commit)
    files = list(files_of(snapshot))
    end = "" if revision == "main" else f"@{revision}"
    for quant, group in choose_gguf.groups(files).items():
        sees = choose_gguf.projector(files, group[0].path)
        names = [file.path for file in group]
        yield _found(repo, f"{ref.name}:{quant}{end}", snapshot / names[0], names, revision, commit, sees)
    try:
        chosen = choose.choose(ModelRef(ref.name, "safetensors"), files)
        safetensors.read_folder(snapshot)
    except SeraiError:  # there is none, or not all of it
        return
    names = [file.path for file in chosen.files]
    yield _found(repo, f"{ref.name}{end}", snapshot, names, revision, commit, None)


def _found(
    repo: Repo, name: str, path: Path, names: list[str], revision: str, commit: str, sees: RemoteFile | None
) -> Found:
    snapshot = repo.snapshot(commit)
    names = [*names, sees.path] if sees else names
    files = tuple(snapshot / file for file in names)
    return Found(
        kind="huggingface",
        name=name,
        path=path,
        files=files,
        etags={file: etag for file in files if is_digest(etag := _etag(file))},
        projector=snapshot / sees.path if sees else None,
        repo=repo.name,
        revision=revision,
        commit=commit,
    )


def files_of(snapshot: Path) -> Iterator[RemoteFile]:
    """The files of a snapshot; their blobs' names tell what they are known by."""
    for folder, _, names in os.walk(snapshot):
        for name in names:
            path = Path(folder) / name
            if path.is_file():
                etag = _etag(path)
                sha256 = etag if len(etag) == 64 else None
                yield RemoteFile(path.relative_to(snapshot).as_posix(), path.stat().st_size, sha256, etag or None)


def _etag(path: Path) -> str:
    return Path(os.readlink(path)).name if path.is_symlink() else ""  # noqa: PTH115
