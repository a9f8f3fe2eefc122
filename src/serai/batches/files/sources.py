"""Where a job's rows come from: a file that was sent, or files of a data set in the store."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from serai.batches.files import sheet
from serai.batches.files.sheet import Kind
from serai.errors import BadRequest, NotFound
from serai.hub.cache import Repo

_SHOWN = 10


def data_set(cache: Path, name: str, pattern: str) -> tuple[str, list[str]]:
    """The newest commit of a data set that is here, and its files of that pattern, in order. Raises NotFound, and
    BadRequest where nothing says which of several files is meant."""
    repo = _repo(cache, name)
    commits = repo.commits()
    commit = repo.refs().get("main", "")
    if commit not in commits:
        commit = max(commits, key=lambda one: commits[one].stat().st_mtime, default="")
    if not commit:
        hint = "Fetch it first: HF_ENDPOINT=…/hub hf download --repo-type dataset NAME, or send the file itself."
        raise NotFound(f"There is no data set {name[:200]} in the store.", hint=hint)
    there = _tables(commits[commit])
    found = [one for one in there if fnmatchcase(one, pattern)] if pattern else there
    shown = ", ".join(there[:_SHOWN]) + (", …" if len(there) > _SHOWN else "")
    if not found:
        raise NotFound(f"{name} has no file {pattern!r} that is a table.", hint=f"It has: {shown or 'none'}.")
    if not pattern and len(found) > 1:
        raise BadRequest(
            f"{name} has {len(found)} files.", hint=f"Say which, such as 'train*': {shown}.", param="files"
        )
    return commit, found


def in_data_set(cache: Path, name: str, commit: str, files: list[str]) -> list[tuple[Path, Kind]]:
    """Those files. Raises NotFound where one is gone."""
    folder = _repo(cache, name).snapshot(commit)
    for one in files:
        if not (folder / one).is_file():
            raise NotFound(f"{one} of the data set {name} is gone.", hint="Fetch it again, and resume the job.")
    return [(folder / one, sheet.kind_of(one)) for one in files]


def _repo(cache: Path, name: str) -> Repo:
    if ".." in name or not all(part and not part.startswith(".") for part in name.split("/")) or name.count("/") > 1:
        raise NotFound(f"{name[:200]!r} is not the name of a data set.")
    return Repo(cache, name, "datasets")


def _tables(folder: Path) -> list[str]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if name.rpartition(".")[2].lower() in sheet.KINDS)
