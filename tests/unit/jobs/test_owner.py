from __future__ import annotations

import dataclasses
import subprocess
import sys

from serai.jobs.owner import LEASE_S, Owner, _started, is_gone


def test_it_survives_being_written_down() -> None:
    mine = Owner.mine()
    assert Owner.parse(str(mine)) == mine


def test_this_process_is_there_however_long_it_was_silent() -> None:
    assert not is_gone(str(Owner.mine()), 0.0, 1e12)


def test_every_worker_of_a_process_is_another() -> None:
    assert str(Owner.mine()) != str(Owner.mine())


def test_a_process_that_ended_is_gone_at_once() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = str(dataclasses.replace(Owner.mine(), pid=child.pid, started=_started(child.pid) or ""))
    assert not is_gone(owner, 100.0, 100.0)
    child.kill()
    while _started(child.pid) is not None:  # dead or a zombie: both are gone
        pass
    assert is_gone(owner, 100.0, 100.0)
    child.communicate()
    assert is_gone(owner, 100.0, 100.0)


def test_another_process_with_the_same_number_is_not_it() -> None:
    assert is_gone(str(dataclasses.replace(Owner.mine(), started="1")), 100.0, 100.0)


def test_elsewhere_the_lease_decides() -> None:
    far = str(dataclasses.replace(Owner.mine(), place="another machine"))
    assert not is_gone(far, 100.0, 100.0 + LEASE_S)
    assert is_gone(far, 100.0, 101.0 + LEASE_S)
