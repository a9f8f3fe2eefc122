"""The seccomp filter as a program for the kernel's little machine (classic BPF). Pure: rules in, instructions out.

A filter sees one call at a time: its number, the architecture and six arguments, never what a pointer points to. The
program first compares the architecture, since the same number means another call on another one; then it compares
numbers, and for a few calls their arguments. All jumps go forward by less than 256, as the machine wants it."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from serai.engines._sandbox.syscalls import ARCHITECTURES, NEVER, NUMBERS

_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_X32 = 0x40000000
_ALL = 0xFFFFFFFF

_AF_UNIX, _AF_INET = 1, 2
_SOCK_STREAM, _SOCK_KIND = 1, 0xF
_IPPROTO_TCP = 6
_MSG_FASTOPEN = 0x20000000
_CLONE_THREAD = 0x00010000
_CLONE_NAMESPACES = 0x7E020080
_PR_SET_PDEATHSIG = 1
_PRIO_PROCESS, _IOPRIO_WHO_PROCESS = 0, 1


class Instruction(NamedTuple):
    code: int
    if_true: int
    if_false: int
    value: int


class Only(NamedTuple):
    """Of a call's argument, under a mask, only these values are allowed; or, with `not_these`, all but these."""

    argument: int
    values: tuple[int, ...]
    mask: int = _ALL
    not_these: bool = False


class Wishes(NamedTuple):
    """What differs from one model's process to the next. `tcp`: it listens on loopback, for want of unix sockets.
    `processes`: it may start others. Where the kernel's Landlock is too old to see to it, `own_signals` is the number
    of this process, the only one it may signal, else 0; and `no_truncate` closes cutting files by their name."""

    tcp: bool = False
    processes: bool = False
    own_signals: int = 0
    no_truncate: bool = False


def program(architecture: str, wishes: Wishes) -> list[Instruction]:
    """The whole filter. Raises KeyError for an architecture whose numbers are not known."""
    numbers = NUMBERS[architecture]
    lines = [
        Instruction(_LOAD, 0, 0, _ARCHITECTURE),
        Instruction(_EQUAL, 1, 0, ARCHITECTURES[architecture]),
        Instruction(_RETURN, 0, 0, _KILL_PROCESS),
        Instruction(_LOAD, 0, 0, _NUMBER),
    ]
    if architecture == "x86_64":
        lines += [Instruction(_AT_LEAST, 0, 1, _X32), _refuse(errno.ENOSYS)]
    for name, code in _refused(wishes):
        if name in numbers:
            lines += [Instruction(_EQUAL, 0, 1, numbers[name]), _refuse(code)]
    for name, conditions in _conditions(wishes):
        if name in numbers:
            block = _block(conditions)
            lines += [Instruction(_EQUAL, 0, len(block), numbers[name]), *block]
    return [*lines, Instruction(_RETURN, 0, 0, _ALLOW)]


def _refused(wishes: Wishes) -> Iterable[tuple[str, int]]:
    """Calls that are always refused, and with which error."""
    yield from ((name, errno.EPERM) for name in NEVER)
    # Its flags lie behind a pointer, where no filter sees them; C libraries then use `clone`, whose flags are seen.
    yield "clone3", errno.ENOSYS
    if not wishes.processes:
        yield from (("fork", errno.EPERM), ("vfork", errno.EPERM))
    if wishes.own_signals:
        yield from ((name, errno.EPERM) for name in ("tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"))
        yield "pidfd_send_signal", errno.EPERM
    if wishes.no_truncate:
        yield "truncate", errno.EPERM


def _conditions(wishes: Wishes) -> Iterable[tuple[str, Sequence[Only]]]:
    """Calls that are allowed with some arguments only. Stream sockets alone: a datagram finds its way to others'
    sockets without `connect`. And so would TCP's fast open, where there is TCP at all."""
    stream = Only(1, (_SOCK_STREAM,), _SOCK_KIND)
    if wishes.tcp:
        yield "socket", (Only(0, (_AF_UNIX, _AF_INET)), stream, Only(2, (0, _IPPROTO_TCP)))
        for name, flags in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
            yield name, (Only(flags, (0,), _MSG_FASTOPEN),)
    else:
        yield "socket", (Only(0, (_AF_UNIX,)), stream)
    yield "socketpair", (Only(0, (_AF_UNIX,)), stream)
    if wishes.processes:
        yield "clone", (Only(0, (0,), _CLONE_NAMESPACES),)
    else:
        yield "clone", (Only(0, (_CLONE_THREAD,), _CLONE_THREAD), Only(0, (0,), _CLONE_NAMESPACES))
    yield "prctl", (Only(0, (_PR_SET_PDEATHSIG,), not_these=True),)
    yield "prlimit64", (Only(0, (0,)),)
    yield "move_pages", (Only(0, (0,)),)
    yield "setpriority", (Only(0, (_PRIO_PROCESS,)), Only(1, (0,)))
    yield "ioprio_set", (Only(0, (_IOPRIO_WHO_PROCESS,)), Only(1, (0,)))
    if wishes.own_signals:
        yield "kill", (Only(0, (0, wishes.own_signals)),)
        yield "tgkill", (Only(0, (wishes.own_signals,)),)


def _block(conditions: Sequence[Only]) -> list[Instruction]:
    """Allows the call when every condition holds. Arguments are compared by their lower half, for the kernel reads
    these as 32 bits; both architectures store that half first."""
    lines: list[Instruction] = []
    for only in conditions:
        lines += [Instruction(_LOAD, 0, 0, _ARGUMENTS + 8 * only.argument), Instruction(_AND, 0, 0, only.mask)]
        last = len(only.values) - 1
        for place, value in enumerate(only.values):
            if only.not_these:
                lines.append(Instruction(_EQUAL, last - place, 0 if place < last else 1, value))
            else:
                lines.append(Instruction(_EQUAL, last - place + 1, 0, value))
        lines.append(_refuse(errno.EPERM))
    return [*lines, Instruction(_RETURN, 0, 0, _ALLOW)]


def _refuse(code: int) -> Instruction:
    return Instruction(_RETURN, 0, 0, _ERRNO | code)
