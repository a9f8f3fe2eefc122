"""Every test, on both cores; what failed beside others is looked at once more, alone. Run by `make test`.

A machine that does something else for a while can make a test late without a fault in Serai. So up to five failures are
run again with nothing beside them: one that fails again fails the suite, one that passes is named at the end, to be
mended. More than five are a fault, and are not tried again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
TESTS_FAILED = 1
AT_MOST = 5


def main() -> None:
    """Exits as pytest does."""
    FAILED.unlink(missing_ok=True)
    status = _pytest("-n2", *sys.argv[1:])
    late = list(json.loads(FAILED.read_bytes())) if status == TESTS_FAILED and FAILED.exists() else []
    if 0 < len(late) <= AT_MOST:
        print("\nOnce more, alone:", *late, sep="\n  ", flush=True)
        status = _pytest(*late)
        if not status:
            print("\nThese failed beside others and passed alone, so they depend on time:", *late, sep="\n  ")
    sys.exit(status)


def _pytest(*words: str) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    main()
