"""Installs the page's packages and builds the page into src/serai/page, with the machine's Node.js or one from PyPI.

`python tools/page.py install` or `build`; `clients` installs the JavaScript clients that tests drive; any other words
are run as an npm script with its arguments."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
WEB = ROOT / "web"
CLIENTS = ROOT / "tests" / "clients"
OLDEST = (20, 19)


def main() -> None:
    """Runs what the command line asks for; exits with npm's own code."""
    what, *rest = sys.argv[1:] or ["build"]
    environment = node_environment()
    if what in {"install", "build"}:
        install(environment, WEB)
    if what == "clients":
        install(environment, CLIENTS)
    elif what != "install":
        sys.exit(npm(environment, "run", "--silent", what, *(["--", *rest] if rest else [])).returncode)


def node_environment() -> dict[str, str]:
    """An environment in which `node` and `npm` are new enough."""
    if _fits("node") and shutil.which("npm"):
        return dict(os.environ)
    scripts = Path(sys.executable).parent
    if not _fits(str(scripts / "node")):
        locked = str(ROOT / "requirements" / "node.txt")
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, "--require-hashes", "-r", locked], check=True)
    return {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}


def install(environment: dict[str, str], folder: Path) -> None:
    """`npm ci` there, unless what is installed is already what the lock says."""
    done = folder / "node_modules" / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= (folder / "package-lock.json").stat().st_mtime:
        return
    result = npm(environment, "ci", "--no-audit", "--no-fund", "--loglevel=error", folder=folder)
    if result.returncode:
        sys.exit(result.returncode)
    done.touch()


def npm(environment: dict[str, str], *words: str, folder: Path = WEB) -> subprocess.CompletedProcess[bytes]:
    """Runs npm in a folder."""
    program = shutil.which("npm", path=environment["PATH"])
    if program is None:
        sys.exit("npm was not found, although Node.js is there. Install npm, then try again.")
    return subprocess.run([program, *words], cwd=folder, env=environment, check=False)


def _fits(node: str) -> bool:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        major, minor = said.strip().lstrip("v").split(".")[:2]
    except (OSError, subprocess.CalledProcessError, ValueError):
        return False
    return (int(major), int(minor)) >= OLDEST


if __name__ == "__main__":
    main()
