"""The checks of what runs: database, engine, models, server, keys, processes, hub."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from sqlalchemy import Connection, text

from serai import libraries, registry
from serai.client.exchange import is_loopback
from serai.doctor.finding import ANEW, Finding
from serai.hosting.begun import WORKER
from serai.wording import say

if TYPE_CHECKING:
    from serai.services import Services

WORKER_MODULE = WORKER[-1]


async def database(services: Services) -> Finding:
    def work(connection: Connection) -> str:
        if connection.dialect.name != "sqlite":
            return str(connection.execute(text("SELECT 'ok'")).scalar())
        return str(connection.execute(text("PRAGMA quick_check(1)")).scalar())

    said = await services.db.read(work)
    if said != "ok":
        mend = say("Stop Serai and restore SERAI_HOME from a back-up; sessions can be exported before.")
        return Finding("failed", say("The database is damaged: {said}.", said=said), mend)
    return Finding("ok", say("The database is whole."))


async def engine(_: Services) -> Finding:
    """Imported as a model's process would: in a process of its own, so that a crash is only a finding."""
    broken = registry.scan("engines").broken
    if broken:
        words = say("{module} cannot be read: {why}.", module=broken[0].module, why=broken[0].reason)
        return Finding("failed", words, ANEW)
    engines = registry.engines().values()
    left_out = [engine for engine in engines if engine.extra and registry.missing(engine)]
    wanted = sorted({module for engine in engines if not engine.extra for module in engine.requires})
    code, said = await import_apart(wanted)
    if code == 0:
        titles = ", ".join(engine.title for engine in engines if engine not in left_out)
        text = say("{titles} can be loaded.", titles=titles)
        for one in left_out:
            more = say("{title} would come with: pip install 'serai[{extra}]'.", title=one.title, extra=one.extra)
            text = say("{one} {other}", one=text, other=more)
        return Finding("ok", text)
    if code < 0:
        mend = say("It was built for another processor: see `serai hardware`.")
        return Finding("failed", say("The engine died of signal {number} when it was loaded.", number=-code), mend)
    library = libraries.missing(said)
    mend = libraries.mend(library) if library else ANEW
    return Finding("failed", say("The engine cannot be loaded: {said}", said=said), mend)


async def import_apart(modules: list[str]) -> tuple[int, str]:
    """Imports modules in a process of its own; returns its exit code and its last words."""
    script = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, *modules,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    lines = said.decode("utf-8", "replace").strip().splitlines()
    assert process.returncode is not None
    return process.returncode, lines[-1] if lines else "it does not say why"


async def models(services: Services) -> Finding:
    models = await services.store.models()
    gone = [model.name for model in models if model.path and not Path(model.path).is_file()]
    if gone:
        mend = say("Bring the files back, or forget them: serai rm {name}", name=gone[0])
        return Finding("warning", say("The files of {names} are gone.", names=", ".join(gone)), mend)
    return Finding("ok", say("Models on this machine: {count}.", count=len(models)))


async def server(services: Services) -> Finding:
    if services.private:
        return Finding("ok", say("No server runs; commands work on their own. `serai` starts one."))
    minutes = (time.time() - services.started_at) / 60
    process = str(os.getpid())
    return Finding(
        "ok", say("The server runs for {minutes:.0f} min by now (process {process}).", minutes=minutes, process=process)
    )


async def keys(services: Services) -> Finding:
    host = services.settings.server.host
    if is_loopback(host):
        return Finding("ok", say("Only this machine reaches {host}; no key is needed.", host=host))
    if not await services.keys.any():
        words = say("The server would listen on {host} and nobody has a key.", host=host)
        return Finding("failed", words, "serai keys create NAME")
    return Finding("ok", say("Whoever reaches {host} needs an API key.", host=host))


def processes() -> Finding:
    stale = list(orphans(psutil.process_iter(["pid", "ppid", "cmdline", "uids"])))
    if stale:
        numbers = " ".join(map(str, stale))
        words = say("Model processes without a server use memory: {numbers}.", numbers=numbers)
        return Finding("warning", words, f"kill {numbers}")
    return Finding("ok", say("No model process was left behind."))


def orphans(processes: Iterable[psutil.Process]) -> Iterator[int]:
    """Model processes of this user whose server is gone."""
    mine = os.getuid() if hasattr(os, "getuid") else None
    for process in processes:
        info = process.info
        uids = info.get("uids")
        if WORKER_MODULE in (info["cmdline"] or ()) and (mine is None or (uids and uids.real == mine)):
            parent = info["ppid"]
            if not psutil.pid_exists(parent) or (parent == 1 and os.getpid() != 1):
                yield info["pid"]


async def hub_settings(services: Services) -> Finding:
    hub = services.settings.hub
    if hub.offline:
        return Finding("ok", say("{hub} is never called: hub.offline is set.", hub=hub.endpoint))
    return Finding("ok", say("{hub} was not called; `serai doctor --hub` does.", hub=hub.endpoint))


async def hub(services: Services) -> Finding:
    import aiohttp

    hub = services.settings.hub
    if hub.offline:
        words = say("Serai is set to offline; the hub was not called.")
        return Finding("warning", words, "serai config unset hub.offline")
    began = time.monotonic()
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
            session.get(f"{hub.endpoint.rstrip('/')}/api/models?limit=1") as response,
        ):
            status = response.status
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        mend = say("Look at the network and at hub.endpoint; models that are here work without it.")
        why = str(error) or type(error).__name__
        return Finding("failed", say("{hub} cannot be reached: {why}.", hub=hub.endpoint, why=why), mend)
    if status >= 400:
        mend = say("Is hub.endpoint a Hugging Face hub?")
        return Finding("failed", say("{hub} answers with {status}.", hub=hub.endpoint, status=str(status)), mend)
    seconds = time.monotonic() - began
    return Finding("ok", say("{hub} answers within {seconds:.1f} s.", hub=hub.endpoint, seconds=seconds))
