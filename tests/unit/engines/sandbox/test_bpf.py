"""The filter, run on a small model of the kernel's machine, for both architectures."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

from serai.engines._sandbox import bpf
from serai.engines._sandbox.syscalls import ARCHITECTURES, NEVER, NUMBERS

X86, ARM = "x86_64", "aarch64"
BOTH = pytest.mark.parametrize("arch", [X86, ARM])
ALLOW, KILL = "allow", "kill"
HEADERS = {X86: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), ARM: Path("/usr/include/asm-generic/unistd.h")}


def ask(wishes: bpf.Wishes, arch: str, call: str | int, *arguments: int, mark: int | None = None) -> str:
    """What the filter says: `allow`, `kill`, or the name of an error."""
    number = call if isinstance(call, int) else NUMBERS[arch][call]
    words = {0: number, 4: ARCHITECTURES[arch] if mark is None else mark}
    words |= {16 + 8 * place: value & 0xFFFFFFFF for place, value in enumerate((*arguments, *[0] * 6)[:6])}
    lines, at, value = bpf.program(arch, wishes), 0, 0
    while True:
        line, at = lines[at], at + 1
        if line.code == 0x20:
            value = words[line.value]
        elif line.code == 0x54:
            value &= line.value
        elif line.code in {0x15, 0x35}:
            fits = value == line.value if line.code == 0x15 else value >= line.value
            at += line.if_true if fits else line.if_false
        elif line.code == 0x06:
            break
    if line.value & 0xFFFF0000 == 0x00050000:
        return errno.errorcode[line.value & 0xFFFF]
    return {0x7FFF0000: ALLOW, 0x80000000: KILL}[line.value]


@BOTH
def test_what_is_never_allowed_is_refused_and_all_else_runs(arch: str) -> None:
    numbers = NUMBERS[arch]
    refused = {number for number in range(500) if ask(bpf.Wishes(), arch, number, 1, 1) == "EPERM"}
    assert {numbers[name] for name in NEVER if name in numbers} <= refused
    assert len(refused) < len(NEVER) + 10
    assert ask(bpf.Wishes(), arch, "clone3") == "ENOSYS"


@BOTH
def test_a_foreign_architecture_is_killed(arch: str) -> None:
    i386 = 0x40000003
    assert ask(bpf.Wishes(), arch, 1, mark=i386) == KILL


def test_the_other_numbers_of_x86_64_are_refused() -> None:
    assert ask(bpf.Wishes(), X86, 0x40000000 + NUMBERS[X86]["connect"]) == "ENOSYS"
    assert ask(bpf.Wishes(), X86, 0xFFFFFFFF) == "ENOSYS"


@BOTH
@pytest.mark.parametrize(
    ("family", "kind", "protocol", "local", "tcp"),
    [
        (1, 1, 0, ALLOW, ALLOW),  # unix, stream
        (1, 1 | 0o2000000 | 0o4000, 0, ALLOW, ALLOW),  # with CLOEXEC and NONBLOCK
        (1, 2, 0, "EPERM", "EPERM"),  # unix, datagram
        (2, 1, 0, "EPERM", ALLOW),  # TCP
        (2, 1, 6, "EPERM", ALLOW),
        (2, 1, 262, "EPERM", "EPERM"),  # MPTCP, which Landlock does not see
        (2, 2, 0, "EPERM", "EPERM"),  # UDP
        (2, 3, 1, "EPERM", "EPERM"),  # raw
        (10, 1, 0, "EPERM", "EPERM"),  # IPv6
        (16, 3, 0, "EPERM", "EPERM"),  # netlink
        (17, 3, 0, "EPERM", "EPERM"),  # packet
        (40, 1, 0, "EPERM", "EPERM"),  # vsock
    ],
)
def test_sockets(arch: str, family: int, kind: int, protocol: int, local: str, tcp: str) -> None:
    assert ask(bpf.Wishes(), arch, "socket", family, kind, protocol) == local
    assert ask(bpf.Wishes(tcp=True), arch, "socket", family, kind, protocol) == tcp


@BOTH
def test_fast_open_is_no_way_around_connect(arch: str) -> None:
    wishes = bpf.Wishes(tcp=True)
    assert ask(wishes, arch, "sendto", 3, 0, 1, 0x20000000) == "EPERM"
    assert ask(wishes, arch, "sendmsg", 3, 0, 0x20000000 | 0x4000) == "EPERM"
    assert ask(wishes, arch, "sendto", 3, 0, 1, 0x4000) == ask(wishes, arch, "sendmsg", 3, 0, 0x4000) == ALLOW


@BOTH
def test_threads_are_made_processes_and_namespaces_are_not(arch: str) -> None:
    thread, child, user = 0x3D0F00, 17, 0x10000000
    assert ask(bpf.Wishes(), arch, "clone", thread) == ALLOW
    assert ask(bpf.Wishes(), arch, "clone", child) == "EPERM"
    assert ask(bpf.Wishes(processes=True), arch, "clone", child) == ALLOW
    assert ask(bpf.Wishes(processes=True), arch, "clone", child | user) == "EPERM"
    assert ask(bpf.Wishes(), arch, "clone", thread | 0x40000000) == "EPERM"


def test_older_ways_to_fork_go_the_same_way() -> None:
    assert ask(bpf.Wishes(), X86, "fork") == ask(bpf.Wishes(), X86, "vfork") == "EPERM"
    assert ask(bpf.Wishes(processes=True), X86, "vfork") == ALLOW


@BOTH
def test_only_itself_is_signalled_where_the_kernel_does_not_see_to_it(arch: str) -> None:
    wishes = bpf.Wishes(own_signals=77)
    assert ask(wishes, arch, "kill", 77, 9) == ask(wishes, arch, "kill", 0, 9) == ALLOW
    assert ask(wishes, arch, "tgkill", 77, 80, 6) == ALLOW
    assert {ask(wishes, arch, "kill", pid, 9) for pid in (1, 78, -1, -77)} == {"EPERM"}
    assert ask(wishes, arch, "tkill", 77, 9) == ask(wishes, arch, "pidfd_send_signal") == "EPERM"
    assert ask(bpf.Wishes(), arch, "kill", 1, 9) == ALLOW


@BOTH
def test_it_may_not_outlive_its_server_nor_limit_another(arch: str) -> None:
    assert ask(bpf.Wishes(), arch, "prctl", 1) == "EPERM"
    assert ask(bpf.Wishes(), arch, "prctl", 15) == ALLOW
    for call, itself, another in (
        ("prlimit64", (0,), (1,)),
        ("setpriority", (0, 0), (0, 1)),
        ("ioprio_set", (1, 0), (3, 0)),
    ):
        assert ask(bpf.Wishes(), arch, call, *itself) == ALLOW
        assert ask(bpf.Wishes(), arch, call, *another) == "EPERM"


@BOTH
def test_all_jumps_stay_inside(arch: str) -> None:
    lines = bpf.program(arch, bpf.Wishes(tcp=True, own_signals=1))
    assert len(lines) < 4096
    for place, line in enumerate(lines):
        assert max(line.if_true, line.if_false) < 256
        assert place + 1 + max(line.if_true, line.if_false) < len(lines) or line.code == 0x06


@BOTH
def test_the_numbers_are_the_kernels(arch: str) -> None:
    if not HEADERS[arch].exists():
        pytest.skip("the kernel's headers are not here")
    found = dict(re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", HEADERS[arch].read_text()))
    wrong = {name: number for name, number in NUMBERS[arch].items() if found.get(name) not in {None, str(number)}}
    assert wrong == {}
    assert len(set(found) & set(NUMBERS[arch])) > 60
    missing = set(NEVER) - set(NUMBERS[arch])
    assert not missing & set(found), "the kernel has it, the table does not"


def test_an_unknown_architecture_is_told() -> None:
    with pytest.raises(KeyError):
        bpf.program("riscv64", bpf.Wishes())
