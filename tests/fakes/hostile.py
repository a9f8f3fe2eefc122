"""An engine that tries to break out. It is written into a package of its own, found by its entry point, and started
through the real worker. Its model is a JSON file: what to try, and on whom.

Each attempt returns when it got through, and raises OSError when it was kept from it."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from serai.registry import Engine, Launch
from serai.types import CHAT

Aim = Mapping[str, Any]
TRIES: dict[str, Callable[[Aim], object]] = {}


def attempt(work: Callable[[Aim], object]) -> Callable[[Aim], object]:
    TRIES[work.__name__] = work
    return work


def call(number: int, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(number), *arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


# -------------------------------------------------------------------------------------------------------- network


@attempt
def tcp_to_loopback(aim: Aim) -> None:
    socket.create_connection(("127.0.0.1", aim["tcp"]), 2).close()


@attempt
def tcp_beyond(aim: Aim) -> None:
    socket.create_connection(("192.0.2.1", 9), 0.2).close()


@attempt
def tcp_over_ipv6(aim: Aim) -> None:
    socket.socket(socket.AF_INET6, socket.SOCK_STREAM).close()


@attempt
def udp(aim: Aim) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"x", ("127.0.0.1", 9))


@attempt
def listen(aim: Aim) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()


@attempt
def dns(aim: Aim) -> None:
    socket.getaddrinfo("serai.invalid", 80)


@attempt
def netlink(aim: Aim) -> None:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()


@attempt
def packets(aim: Aim) -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


@attempt
def foreign_unix_socket(aim: Aim) -> None:
    with socket.socket(socket.AF_UNIX) as out:
        out.connect(aim["unix"])


@attempt
def abstract_unix_socket(aim: Aim) -> None:
    with socket.socket(socket.AF_UNIX) as out:
        out.connect(aim["abstract"])


@attempt
def unix_datagram(aim: Aim) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(b"x", aim["datagram"])


# ---------------------------------------------------------------------------------------------------------- files


@attempt
def read_passwd(aim: Aim) -> None:
    Path("/etc/passwd").read_bytes()


@attempt
def read_home(aim: Aim) -> None:
    Path(aim["home"], "notes.txt").read_bytes()


@attempt
def list_home(aim: Aim) -> None:
    list(Path(aim["home"]).iterdir())


@attempt
def read_secret_key(aim: Aim) -> None:
    Path(aim["serai_home"], "secret.key").read_bytes()


@attempt
def read_other_model(aim: Aim) -> None:
    Path(aim["other_model"]).read_bytes()


@attempt
def read_by_a_link_of_its_own(aim: Aim) -> None:
    link = Path("link")
    link.unlink(missing_ok=True)
    link.symlink_to(aim["other_model"])
    link.read_bytes()


@attempt
def take_in_by_hard_link(aim: Aim) -> None:
    Path("hard").hardlink_to(aim["other_model"])
    Path("hard").unlink()


@attempt
def write_tmp(aim: Aim) -> None:
    path = Path(aim["tmp"], "written")
    path.write_text("x")
    path.unlink()


@attempt
def write_beside_the_model(aim: Aim) -> None:
    path = Path(aim["model"] + ".new")
    path.write_text("x")
    path.unlink()


@attempt
def open_the_model_for_writing(aim: Aim) -> None:
    Path(aim["model"]).open("r+b").close()


@attempt
def cut_a_file(aim: Aim) -> None:
    os.truncate(aim["other_model"], 1)


@attempt
def change_mode(aim: Aim) -> None:
    Path(aim["other_model"]).chmod(0o644)


@attempt
def change_times(aim: Aim) -> None:
    os.utime(aim["other_model"])


@attempt
def change_owner(aim: Aim) -> None:
    os.chown(aim["other_model"], os.getuid(), os.getgid())


@attempt
def mark_a_file(aim: Aim) -> None:
    os.setxattr(aim["other_model"], "user.serai", b"x")


@attempt
def remove(aim: Aim) -> None:
    Path(aim["expendable"]).unlink()


@attempt
def run_what_it_wrote(aim: Aim) -> None:
    script = Path("dropped")
    script.write_bytes(Path("/bin/true").read_bytes())
    with script.open("rb") as file:
        os.fchmod(file.fileno(), 0o755)
    subprocess.run([str(script.absolute())], check=True)


# ------------------------------------------------------------------------------------------------------ processes


@attempt
def fork(aim: Aim) -> None:
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


@attempt
def subprocess_run(aim: Aim) -> None:
    subprocess.run(["/bin/true"], check=True)


@attempt
def leave_the_group(aim: Aim) -> None:
    if (child := os.fork()) == 0:
        os._exit(outcome(lambda _: os.setsid(), aim) != "ok")
    if os.waitpid(child, 0)[1]:
        raise PermissionError("setsid")


@attempt
def signal_another(aim: Aim) -> None:
    os.kill(aim["victim"], 0)
    os.kill(aim["victim"], signal.SIGWINCH)


@attempt
def ptrace(aim: Aim) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    seize = 0x4206
    if libc.ptrace(seize, aim["victim"], None, None):
        raise OSError(ctypes.get_errno(), "ptrace")


@attempt
def read_memory_of_another(aim: Aim) -> None:
    Path(f"/proc/{aim['victim']}/mem").open("rb").close()


@attempt
def read_environment_of_another(aim: Aim) -> None:
    Path(f"/proc/{aim['victim']}/environ").read_bytes()


@attempt
def read_command_line_of_another(aim: Aim) -> None:
    Path(f"/proc/{aim['victim']}/cmdline").read_bytes()


@attempt
def limit_another(aim: Aim) -> None:
    kind = resource.RLIMIT_CORE
    resource.prlimit(aim["victim"], kind, resource.prlimit(aim["victim"], kind))


@attempt
def slow_another_down(aim: Aim) -> None:
    os.setpriority(os.PRIO_PROCESS, aim["victim"], os.getpriority(os.PRIO_PROCESS, aim["victim"]))


@attempt
def share_memory_by_number(aim: Aim) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if (segment := libc.shmget(0, ctypes.c_size_t(4096), 0o1600)) < 0:
        raise OSError(ctypes.get_errno(), "shmget")
    libc.shmctl(segment, 0, None)


@attempt
def outlive_its_server(aim: Aim) -> None:
    if ctypes.CDLL(None).prctl(1, 0, 0, 0, 0):
        raise PermissionError("prctl")


@attempt
def be_spared_by_the_kernel(aim: Aim) -> None:
    Path("/proc/self/oom_score_adj").write_text("0")


@attempt
def raise_a_limit(aim: Aim) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard + 1))


@attempt
def namespace(aim: Aim) -> None:
    call(272 if os.uname().machine == "x86_64" else 97, ctypes.c_int(0x10000000 | 0x20000))


@attempt
def mount(aim: Aim) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    Path("mounted").mkdir(exist_ok=True)
    if libc.mount(b"none", b"mounted", b"tmpfs", 0, None):
        raise OSError(ctypes.get_errno(), "mount")
    libc.umount(b"mounted")


@attempt
def io_uring(aim: Aim) -> None:
    call(425, ctypes.c_uint(1), ctypes.create_string_buffer(256))


@attempt
def keys(aim: Aim) -> None:
    call(250 if os.uname().machine == "x86_64" else 219, ctypes.c_int(0), ctypes.c_int(-3), ctypes.c_int(0))


# ---------------------------------------------------------------------------------------- what it must be able to


def write_scratch(aim: Aim) -> None:
    Path("a/b").mkdir(parents=True, exist_ok=True)
    Path("a/b/c").write_text("x")
    Path("a/b/c").rename("a/b/d")
    Path(os.environ["HOME"], "a/b/d").unlink()


def read_model(aim: Aim) -> None:
    Path(aim["model"]).read_bytes()


def read_hardware(aim: Aim) -> None:
    for name in ("/proc/cpuinfo", "/proc/meminfo", "/proc/self/maps", "/proc/self/status"):
        Path(name).read_bytes()
    list(Path("/sys/devices/system/cpu").iterdir())
    os.urandom(1)
    Path("/dev/null").write_bytes(b"x")


def threads_and_pipes(aim: Aim) -> None:
    import threading

    left, right = socket.socketpair()
    worker = threading.Thread(target=left.send, args=(b"x",))
    worker.start()
    worker.join()
    right.recv(1)
    os.kill(os.getpid(), 0)


def import_a_server(aim: Aim) -> None:
    import asyncio
    import ssl

    from aiohttp import web

    assert ssl and web
    asyncio.run(asyncio.sleep(0))


NEEDS = (write_scratch, read_model, read_hardware, threads_and_pipes, import_a_server)


# ----------------------------------------------------------------------------------------------------- the engine


def try_all(aim: Aim) -> dict[str, str]:
    """The outcome of everything by name: `ok`, or the error."""
    wanted = {name: work for name, work in TRIES.items() if name in aim["tries"]}
    return {name: outcome(work, aim) for name, work in (wanted | {need.__name__: need for need in NEEDS}).items()}


def outcome(work: Callable[[Aim], object], aim: Aim) -> str:
    try:
        work(aim)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "ok"


def serve(launch: Launch, report: Callable[[Mapping[str, Any]], None]) -> None:
    aim = json.loads(Path(launch.path).read_text())
    if eat := aim.get("eat"):
        report({"ate": len(bytearray(eat))})
    if "largest" in aim:
        with Path("large").open("wb") as large:
            os.pwrite(large.fileno(), b"x", aim["largest"] - 1)
            report({"largest": "ok", "beyond": outcome(lambda _: os.pwrite(large.fileno(), b"x", aim["largest"]), aim)})
    if become := aim.get("become"):
        sys.stdout.flush()
        os.execv(become[0], become)
    report({"tried": try_all(aim), "environment": dict(os.environ)})
    answer(launch)


def answer(launch: Launch) -> None:
    """Says that it is well, to anyone who asks anything."""
    server = socket.socket(socket.AF_UNIX) if launch.socket else socket.socket()
    server.bind(launch.socket or ("127.0.0.1", launch.port))
    server.listen()
    while True:
        caller, _ = server.accept()
        with caller:
            caller.recv(4096)
            caller.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")


ENGINE = Engine("hostile", "Hostile", formats=("hostile",), tasks=(CHAT,), serve=serve)
