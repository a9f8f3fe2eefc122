"""The shared blobs of the Hugging Face cache: `huggingface_hub` keeps files that came by Xet once for all repositories,
as `blobs/ab/abcd…`, and names them in each by a link."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

_MARK = ".huggingface-shared-blobs"
_VERSION = "1\n"
_NAME = re.compile(r"[0-9a-f]{64}")
_REPOSITORY = re.compile(r"(models|datasets|spaces|buckets)--.+")


def unnamed(root: Path) -> Iterator[Path]:
    """Those that no repository names any more. Nothing where the folder is not of the form that is known."""
    folder = root / "blobs"
    if not _is_known(folder):
        return
    named = _named(root)
    for place in sorted(folder.glob("[0-9a-f][0-9a-f]/*")):
        if _NAME.fullmatch(place.name) and not place.is_symlink() and place.name not in named:
            yield place


def _is_known(folder: Path) -> bool:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return not folder.is_symlink() and (folder / _MARK).read_text("utf-8") == _VERSION
    return False


def _named(root: Path) -> set[str]:
    """What the links of all repositories lead to. Raises OSError where one cannot be looked into: what it names would
    seem to be nobody's."""
    names: set[str] = set()
    for repository in root.iterdir():
        blobs = repository / "blobs"
        if _REPOSITORY.fullmatch(repository.name) and blobs.is_dir():
            names |= {Path(os.readlink(blob)).name for blob in blobs.iterdir() if blob.is_symlink()}  # noqa: PTH115
    return names
