"""Libraries of the system that engines are linked to, and how each comes onto a machine. Pure but for one file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from serai.wording import Saying, say

NEEDED: Mapping[str, tuple[str, ...]] = {"linux": ("libgomp.so.1", "libstdc++.so.6")}
"""What the engines of the core need on each platform; slim containers often lack the first."""

_MISSING = re.compile(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file")
_PACKAGES: Mapping[str, Mapping[str, str]] = {
    "libgomp.so.1": {
        "debian": "libgomp1",
        "fedora": "libgomp",
        "alpine": "libgomp",
        "arch": "gcc-libs",
        "suse": "libgomp1",
    },
    "libstdc++.so.6": {
        "debian": "libstdc++6",
        "fedora": "libstdc++",
        "alpine": "libstdc++",
        "arch": "gcc-libs",
        "suse": "libstdc++6",
    },
}
_INSTALL: Mapping[str, str] = {
    "debian": "apt-get install {0}",
    "fedora": "dnf install {0}",
    "alpine": "apk add {0}",
    "arch": "pacman -S {0}",
    "suse": "zypper install {0}",
}
_FAMILIES: Mapping[str, str] = {"ubuntu": "debian", "rhel": "fedora", "centos": "fedora", "opensuse": "suse"}
_RELEASE = Path("/etc/os-release")


def missing(said: str) -> str:
    """The library that an import error says is not there; empty where it says something else."""
    found = _MISSING.search(said)
    return found[1] if found else ""


def mend(library: str, release: str | None = None) -> Saying:
    """The command that brings a library, for this system where it is known; `release` is what /etc/os-release says."""
    packages = _PACKAGES.get(library)
    if packages is None:
        return say("Install the package of your system that holds {library}.", library=library)
    family = _family(_read() if release is None else release)
    commands = {name: _INSTALL[name].format(package) for name, package in packages.items()}
    if family in commands:
        return say("Install it: {command}", command=commands[family])
    return say("Install it, as {one} or {other} would.", one=commands["debian"], other=commands["fedora"])


def _family(release: str) -> str:
    ids = re.findall(r'^ID(?:_LIKE)?="?([^"\n]+)', release, re.MULTILINE)
    names = [name for line in ids for name in line.split()]
    known = [_FAMILIES.get(name.partition("-")[0], name) for name in names]
    return next((name for name in known if name in _INSTALL), "")


def _read() -> str:
    try:
        return _RELEASE.read_text("utf-8")
    except OSError:
        return ""
