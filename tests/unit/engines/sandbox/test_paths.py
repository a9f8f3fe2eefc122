"""What a model's process may see."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from serai.engines._sandbox import landlock, paths
from serai.registry import Launch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock")


def allowed(**wishes: object) -> dict[str, int]:
    return dict(paths.allowed(Launch(engine="x", model="x", **{"path": "", **wishes})))  # type: ignore[arg-type]


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def cached(tmp_path: Path) -> tuple[Path, Path]:
    """A snapshot of the hub's cache and its blobs."""
    repo = tmp_path / "models--org--name"
    snapshot, blobs = repo / "snapshots" / "abc", repo / "blobs"
    touch(blobs / "b1", blobs / "b2", blobs / "b3", tmp_path / "secret")
    (snapshot / "onnx").mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/b1")
    (snapshot / "onnx" / "model.onnx").symlink_to("../../../blobs/b2")
    (snapshot / "evil").symlink_to(tmp_path / "secret")
    return snapshot, blobs


def test_a_file_alone(tmp_path: Path) -> None:
    touch(tmp_path / "a.gguf", tmp_path / "b.gguf")
    assert list(paths.model_files(str(tmp_path / "a.gguf"))) == [str(tmp_path / "a.gguf")]


def test_a_split_file_with_its_parts(tmp_path: Path) -> None:
    parts = [tmp_path / f"m-0000{n}-of-00002.gguf" for n in (1, 2)]
    touch(*parts, tmp_path / "m-00001-of-00003.gguf", tmp_path / "n-00002-of-00002.gguf")
    assert set(paths.model_files(str(parts[0]))) == {str(part) for part in parts}


def test_weights_beside_an_onnx_file(tmp_path: Path) -> None:
    touch(tmp_path / "model.onnx", tmp_path / "model.onnx_data", tmp_path / "notes.txt")
    found = {Path(path).name for path in paths.model_files(str(tmp_path / "model.onnx"))}
    assert found == {"model.onnx", "model.onnx_data"}


def test_a_snapshot_reaches_its_blobs_and_no_other_link(tmp_path: Path) -> None:
    snapshot, blobs = cached(tmp_path)
    assert set(paths.model_files(str(snapshot))) == {str(snapshot), str(blobs / "b1"), str(blobs / "b2")}


def test_a_part_that_is_a_link_elsewhere_is_not_followed(tmp_path: Path) -> None:
    first = tmp_path / "m-00001-of-00002.gguf"
    touch(first, tmp_path / "secret")
    (tmp_path / "m-00002-of-00002.gguf").symlink_to(tmp_path / "secret")
    assert set(paths.model_files(str(first))) == {str(first)}


def test_the_scratch_folder_alone_is_written(tmp_path: Path) -> None:
    found = allowed(scratch=str(tmp_path), path="/m.gguf", projector="/p.gguf", adapters=(("/a.gguf", 1.0),))
    devices = ("/dev/",)
    assert [path for path, access in found.items() if access & 2 and not path.startswith(devices)] == [str(tmp_path)]
    assert found["/p.gguf"] == found["/a.gguf"] == found["/m.gguf"] == landlock.READ


def test_a_program_brings_its_libraries_not_its_folder(tmp_path: Path) -> None:
    touch(tmp_path / "llama-server", tmp_path / "libllama.so.0", tmp_path / "notes", tmp_path.parent / "lib" / "x")
    found = allowed(program=str(tmp_path / "llama-server"))
    assert {path for path in found if path.startswith(str(tmp_path))} == {
        str(tmp_path / "llama-server"),
        str(tmp_path / "libllama.so.0"),
    }


def test_no_folder_is_opened_that_holds_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", ":/:relative:/opt/lib")
    monkeypatch.setattr(sys, "path", ["", "/", "relative", "/opt/packages"])
    found = allowed()
    assert not {"", "/", "relative", "/etc", "/proc", "/dev", "/sys", "/root", "/home", "/tmp", sys.prefix} & set(found)
    assert found["/opt/lib"] == found["/opt/packages"] == landlock.LIBRARY


def test_graphics_processors_are_used_where_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "gpu_nodes", lambda: ["/dev/nvidia0"])
    found = allowed()
    assert found["/dev/nvidia0"] & landlock.IOCTL_DEVICE and "/sys/class" in found and "/proc" not in found
    assert "/proc" in allowed(program="/bin/true")
