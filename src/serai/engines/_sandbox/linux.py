"""The sandbox on Linux: limits, no capabilities, no new privileges, then Landlock for files and seccomp for calls.

Each part that this kernel, or the container around us, does not grant is named with its reason, and the others still
hold. Everything here survives exec, so a native server that takes this process's place is held as well."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from serai.engines._sandbox import bpf, kernel, landlock, limits, paths, seccomp
from serai.engines._sandbox.facts import Protection
from serai.registry import Launch

_WHY = {
    errno.ENOSYS: "this kernel has none",
    errno.EOPNOTSUPP: "it is switched off when the kernel starts",
    errno.EPERM: "the container around Serai forbids it",
}


def apply(launch: Launch, processes: bool) -> Protection:
    """Confines all threads, or says what does not hold. Files only where there is no second thread yet, for Landlock
    holds for the thread that asks and those it makes."""
    wake_gpu()
    memory = limits.apply(launch)
    said: list[str] = []
    try:
        kernel.drop_capabilities()
        kernel.no_new_privileges()
    except OSError as error:
        return Protection(memory=memory, how=f"limits only: {error.strerror}")
    abi = _landlock(launch, said)
    filtered = _seccomp(launch, processes, abi, said)
    return Protection(network=filtered, files=abi > 0, memory=memory, how=", ".join(said))


def wake_gpu() -> None:
    """NVIDIA's library makes the devices that CUDA needs when it is first used, by a program with root's rights, which
    nothing here can start once it is confined: so that is done now, where the driver runs and they are missing."""
    if Path("/proc/driver/nvidia/version").exists() and not Path("/dev/nvidia-uvm").exists():
        import subprocess

        command = ["nvidia-modprobe", "-u", "-c=0"]
        try:
            subprocess.run(command, timeout=10, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired):
            return


def _landlock(launch: Launch, said: list[str]) -> int:
    """Its version, or 0 where it does not hold."""
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 - only their number counts
        said.append("no Landlock (an engine's module started a thread when it was read)")
        return 0
    try:
        abi = landlock.version()
        landlock.confine(abi, paths.allowed(launch), launch.port if not launch.socket else 0)
    except OSError as error:
        said.append(f"no Landlock ({_why(error)})")
        return 0
    said.append(f"Landlock {abi}")
    return abi


def _seccomp(launch: Launch, processes: bool, abi: int, said: list[str]) -> bool:
    wishes = bpf.Wishes(
        tcp=not launch.socket,
        processes=processes,
        # One that starts others has to end them too, and no filter knows their numbers.
        own_signals=0 if processes or abi >= landlock.SCOPE_ABI else os.getpid(),
        no_truncate=0 < abi < landlock.TRUNCATE_ABI,
    )
    try:
        seccomp.install(wishes)
    except OSError as error:
        said.append(f"no seccomp ({_why(error)})")
        return False
    except KeyError as error:
        said.append(f"no seccomp (no table of calls for {error.args[0]})")
        return False
    said.append("seccomp")
    return True


def _why(error: OSError) -> str:
    return _WHY.get(error.errno or 0, error.strerror or str(error))
