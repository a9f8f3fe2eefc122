"""First paint of the page on loopback, in new browser profiles, and its initial JavaScript. `python -m bench.page`"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.common import ROOT, environment


def main() -> None:
    """Prints milliseconds and kilobytes."""
    tool = [sys.executable, str(ROOT / "tools" / "page.py")]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "serai", "serve", "--port", "0", "--no-browser", "--json"]
        process = subprocess.Popen(command, env=environment(Path(folder)), stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            subprocess.run([*tool, "paint", url], check=True)
        finally:
            process.terminate()
            process.wait(30)
    subprocess.run([*tool, "size"], check=True)


if __name__ == "__main__":
    main()
