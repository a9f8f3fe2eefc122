"""The check of what keeps a model's process from everything else: tried out, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serai.doctor.finding import Finding
from serai.hosting import environment
from serai.wording import say

if TYPE_CHECKING:
    from serai.services import Services

TRIAL = (sys.executable, "-P", "-m", "serai.engines._sandbox")
_SECRETS = ("secret.key", "serai.db")

_LANDLOCK = say("Landlock comes with Linux 5.13: update the kernel, or start it with landlock in lsm=.")
_CONTAINER = say("Let the container's seccomp profile allow landlock_create_ruleset and seccomp; a new Docker's does.")
_ELSEWHERE = say("Run Serai on Linux, or load only models that you trust.")


async def sandbox(services: Services) -> Finding:
    if services.settings.models.sandbox == "off":
        words = say("Models' processes run with all your rights: models.sandbox is off.")
        return Finding("warning", words, "serai config unset models.sandbox")
    closed = [str(services.home / name) for name in _SECRETS if (services.home / name).exists()]
    finding = read(await trial(closed, os.environ), sys.platform)
    if finding.level == "warning" and services.settings.models.sandbox == "required":
        words = say("{finding} models.sandbox requires both, so no model loads.", finding=finding.text)
        return Finding("failed", words, finding.mend)
    return finding


async def trial(closed: list[str], environ: Mapping[str, str]) -> dict[str, Any]:
    """What held when a process confined itself as a model's does and then tried the network and these files."""
    scratch = environment.make_scratch()
    try:
        process = await asyncio.create_subprocess_exec(
            *TRIAL, str(scratch), *closed,
            cwd=scratch, env=environment.clean(environ, scratch),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            told, said = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
    finally:
        environment.remove_scratch(Path(scratch))
    if process.returncode:
        lines = said.decode("utf-8", "replace").strip().splitlines()
        return {"how": f"the trial ended with status {process.returncode}: {lines[-1] if lines else 'no words'}"}
    found: dict[str, Any] = json.loads(told)
    return found


def read(found: Mapping[str, Any], platform: str) -> Finding:
    """The outcome of a trial in words. Pure."""
    network, files, how = bool(found.get("network")), bool(found.get("files")), str(found.get("how", ""))
    if network and files:
        return Finding("ok", say("Models' processes have no network and see only their own files ({how}).", how=how))
    if network:
        words = say("Models' processes have no network, but may read and write your files ({how}).", how=how)
    elif files:
        words = say("Models' processes see only their own files, but have the network ({how}).", how=how)
    else:
        words = say("Models' processes run with your rights ({how}).", how=how)
    return Finding("warning", words, _mend(how, platform))


def _mend(how: str, platform: str) -> str:
    if platform != "linux":
        return _ELSEWHERE
    if "no Landlock" in how and "container" not in how:
        return _LANDLOCK
    if "no Landlock" in how or "no seccomp" in how:
        return _CONTAINER
    return say("SERAI_HOME must not lie within a folder of libraries: move it, and set SERAI_HOME.")
