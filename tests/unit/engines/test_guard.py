"""What ends a model's process with its server, also where the system has no signal for it."""

import subprocess
import sys

import psutil

_MODEL = """
import subprocess, sys, time
from serai.engines import _guard
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdin=subprocess.DEVNULL)
_guard.watch_parent()
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_native_server_ends_with_the_process_that_runs_it() -> None:
    told = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", _MODEL], **told) as model:  # type: ignore[call-overload]
        try:
            child = psutil.Process(int(model.stdout.readline()))
            model.stdin.close()
            assert model.wait(30) == 0
            psutil.wait_procs([child], timeout=30)
            assert not child.is_running()
        finally:
            model.kill()
