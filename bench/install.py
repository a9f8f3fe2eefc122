"""Time and size of the core installation: a fresh environment, wheels from the registry, nothing cached.

`python -m bench.install`"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.common import ROOT


def main() -> None:
    """Prints seconds and megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        venv = Path(folder) / "venv"
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-cache-dir"]
        locked = [word for name in ("build", "core") for word in ("-r", str(ROOT / "requirements" / f"{name}.txt"))]
        subprocess.run([*pip, "--require-hashes", *locked], check=True)
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", str(ROOT)], check=True)
        seconds = time.monotonic() - began
        size = sum(path.lstat().st_size for path in venv.rglob("*") if path.is_file() and not path.is_symlink())
    print(f"install {seconds:.0f} s, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
