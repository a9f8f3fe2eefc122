"""What builds llama.cpp: the machine's own compiler and CMake, or else those from the package registry."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from serai.building import commands, source

_DEVICES = {"cuda": Path("/dev/nvidia0"), "hip": Path("/dev/kfd")}
_TOOLKITS = {"cuda": "nvcc", "hip": "hipcc"}
_FLAGS = {
    "cuda": ("-DGGML_CUDA=ON", "-DCMAKE_CUDA_ARCHITECTURES=native"),
    "hip": ("-DGGML_HIP=ON",),
    "metal": ("-DGGML_METAL=ON", "-DGGML_METAL_EMBED_LIBRARY=ON"),
}
_ALWAYS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DGGML_NATIVE=ON",
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_OPENSSL=OFF",
)


@dataclass(frozen=True, slots=True)
class Toolchain:
    """`missing` are the packages that bring what the machine has not."""

    cmake: str
    maker: str
    compiler: tuple[str, str]
    gpu: str = ""
    missing: tuple[str, ...] = ()
    flags: tuple[str, ...] = field(default=())

    def configure(self, source: Path, build: Path) -> list[str]:
        """The command that prepares a build."""
        generator = "Unix Makefiles" if Path(self.maker).stem in ("make", "gmake") else "Ninja"
        return [
            *(self.cmake, "-S", str(source), "-B", str(build), "-G", generator),
            *(f"-DCMAKE_MAKE_PROGRAM={self.maker}", *_ALWAYS, *_FLAGS.get(self.gpu, ())),
            *(f"-DCMAKE_C_COMPILER={self.compiler[0]}", f"-DCMAKE_CXX_COMPILER={self.compiler[1]}", *self.flags),
        ]

    def build(self, build: Path, jobs: int) -> list[str]:
        """The command that builds the server."""
        return [self.cmake, "--build", str(build), "--target", "llama-server", "--parallel", str(jobs)]


def find(environ: Mapping[str, str], tools: Path) -> Toolchain:
    """What is on this machine; what is not will lie in `tools` once `fetch` has run."""
    cmake, maker = _which(environ, "cmake"), _which(environ, "ninja", "make", "gmake")
    c = environ.get("CC") or _which(environ, "cc", "gcc", "clang")
    cpp = environ.get("CXX") or _which(environ, "c++", "g++", "clang++")
    needed = {"cmake": cmake, "ninja": maker, "ziglang": c and cpp}
    zig = (str(tools / "zig-cc"), str(tools / "zig-c++"))
    return Toolchain(
        cmake=cmake or str(tools / "cmake" / "cmake" / "data" / "bin" / "cmake"),
        maker=maker or str(tools / "ninja" / "bin" / "ninja"),
        compiler=(c, cpp) if c and cpp else zig,
        gpu=_gpu(environ) if c and cpp else "",
        missing=tuple(name for name, there in needed.items() if not there),
        flags=() if c and cpp else (f"-DCMAKE_AR={tools / 'zig-ar'}", f"-DCMAKE_RANLIB={tools / 'zig-ranlib'}"),
    )


async def fetch(toolchain: Toolchain, tools: Path, environ: Mapping[str, str], heard: source.Heard) -> None:
    """Installs what is missing into `tools`, by hash. Raises ToolFailed."""
    tools.mkdir(parents=True, exist_ok=True)
    for name in toolchain.missing:
        if _is_here(tools, name):
            continue
        only = ("--no-deps", "--only-binary", ":all:", "--require-hashes", "--upgrade", "--target", str(tools / name))
        pins = str(source.PINS / f"{name}.txt")
        await source.pip(tools, commands.environment(environ), heard, "install", *only, "--requirement", pins)
        if name == "ziglang":
            _wrap_zig(tools)
        _mark(tools, name).write_text(source.pinned(name)[0])


def _is_here(tools: Path, name: str) -> bool:
    mark = _mark(tools, name)
    return mark.exists() and mark.read_text() == source.pinned(name)[0]


def _mark(tools: Path, name: str) -> Path:
    """Says that a tool is here whole, and in which version."""
    return tools / f".{name}"


def _wrap_zig(tools: Path) -> None:
    """CMake takes programs, not programs with a first argument."""
    zig = tools / "ziglang" / "ziglang" / "zig"
    for name, command in {"cc": "cc", "c++": "c++", "ar": "ar", "ranlib": "ranlib"}.items():
        wrapper = tools / f"zig-{name}"
        wrapper.write_text(f'#!/bin/sh\nexec "{zig}" {command} "$@"\n')
        wrapper.chmod(0o755)


def _which(environ: Mapping[str, str], *names: str) -> str:
    return next((found for name in names if (found := shutil.which(name, path=environ.get("PATH")))), "")


def _gpu(environ: Mapping[str, str]) -> str:
    """The kind of GPU that is here and whose toolkit is too."""
    if sys.platform == "darwin":
        return "metal" if platform.machine() == "arm64" else ""
    return next(
        (kind for kind, tool in _TOOLKITS.items() if _DEVICES[kind].exists() and _which(environ, tool)),
        "",
    )
