"""Words for libraries of the system that are not here."""

import asyncio
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from serai import libraries
from serai.doctor import libraries as doctor
from serai.errors import LoadFailed
from serai.hosting.process import ModelProcess
from serai.registry import Launch

SAID = "libgomp.so.1: cannot open shared object file: No such file or directory"
WITHOUT = "import sys; sys.path.insert(0, sys.argv[1]); from serai.engines.worker import main; sys.exit(main())"


def test_what_is_missing_is_read_from_the_error() -> None:
    assert libraries.missing(f"ImportError: {SAID}") == "libgomp.so.1"
    assert libraries.missing("No module named 'torch'") == ""


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ("ID=debian\n", "apt-get install libgomp1"),
        ('NAME="x"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', "apt-get install libgomp1"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf install libgomp"),
        ("ID=alpine\n", "apk add libgomp"),
        ('ID="opensuse-leap"\n', "zypper install libgomp1"),
        ("ID=other\n", "as apt-get install libgomp1 or dnf install libgomp would"),
        ("", "dnf install libgomp"),
    ],
)
def test_the_mend_is_the_systems_own_command(release: str, command: str) -> None:
    assert command in libraries.mend("libgomp.so.1", release)


def test_an_unknown_library_is_named() -> None:
    assert "libfoo.so.2" in libraries.mend("libfoo.so.2", "ID=debian")


async def test_the_doctor_finds_one_that_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    good = await doctor.system(None)  # type: ignore[arg-type]
    assert good.level == "ok"
    monkeypatch.setitem(libraries.NEEDED, sys.platform, ("libgone.so.7",))  # type: ignore[arg-type]
    found = await doctor.system(None)  # type: ignore[arg-type]
    assert found.level == "failed" and "libgone.so.7" in found.text and found.mend


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="wheels of other systems bring the library along")
async def test_a_model_says_which_library_its_engine_lacks(tmp_path: Path, tiny: Path) -> None:
    """The real engine, linked to a library that no machine has."""
    spec = find_spec("xllamacpp")
    assert spec is not None and spec.origin is not None
    package = await asyncio.to_thread(shutil.copytree, Path(spec.origin).parent, tmp_path / "xllamacpp")
    (engine,) = package.glob("*.so")
    data = engine.read_bytes()
    assert b"libgomp.so.1\0" in data
    engine.write_bytes(data.replace(b"libgomp.so.1\0", b"libgomq.so.1\0"))
    launch = Launch(engine="llama.cpp", model="tiny", path=str(tiny), readable=(str(tmp_path),))
    command = (sys.executable, "-P", "-c", WITHOUT, str(tmp_path))
    process = ModelProcess(launch, environ={}, command=command)
    with pytest.raises(LoadFailed, match=r"llama.cpp needs the system's libgomq.so.1, which is not here") as caught:
        await process.start(60)
    assert caught.value.cause == "incomplete" and "serai doctor" in caught.value.hint
