"""The health of every part: green, or with what to do about it. A check never raises and never takes long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from serai.doctor import files, libraries, native, rooms, sandbox
from serai.doctor.finding import Finding
from serai.errors import SeraiError
from serai.wording import Language, say, translated

if TYPE_CHECKING:
    from serai.services import Services

PATIENCE_S = 60.0

Check = Callable[["Services"], Awaitable[Finding]]


async def check(services: Services, *, hub: bool = False, language: Language = "en") -> list[dict[str, Any]]:
    """Every part as `{part, ok, level, text, mend?}`, always in the same order. Only with `hub` is the hub called."""
    checks: dict[str, Check] = {
        "home": _in_thread(lambda services: files.home(services.home)),
        "disk": _in_thread(lambda services: files.disk(services.home)),
        "database": rooms.database,
        "secrets": _in_thread(lambda services: files.secrets(services.home)),
        "page": _in_thread(lambda _: files.page()),
        "engine": rooms.engine,
        "libraries": libraries.system,
        "sandbox": sandbox.sandbox,
        "native": _in_thread(native.server),
        "guide": _in_thread(lambda _: files.guide()),
        "models": rooms.models,
        "server": rooms.server,
        "keys": rooms.keys,
        "processes": _in_thread(lambda _: rooms.processes()),
        "hub": rooms.hub if hub else rooms.hub_settings,
    }
    found = await asyncio.gather(*(_guarded(run, services) for run in checks.values()))
    return [_as_dict(part, finding, language) for part, finding in zip(checks, found, strict=True)]


def _as_dict(part: str, finding: Finding, language: Language) -> dict[str, Any]:
    text = translated(finding.text, language)
    row: dict[str, Any] = {"part": part, "ok": finding.level == "ok", "level": finding.level, "text": text}
    return row | ({"mend": translated(finding.mend, language)} if finding.mend else {})


async def _guarded(run: Check, services: Services) -> Finding:
    """A check that fails is a finding of its own."""
    try:
        return await asyncio.wait_for(run(services), PATIENCE_S)
    except TimeoutError:
        words = say("It did not end within {seconds:.0f} seconds.", seconds=PATIENCE_S)
        return Finding("failed", words, say("Is the machine overloaded?"))
    except SeraiError as error:
        return Finding("failed", error.message, error.hint or None)
    except Exception as error:
        words = say("The check failed: {why}", why=f"{type(error).__name__}: {error}")
        return Finding("failed", words, say("`serai logs` may say more."))


def _in_thread(run: Callable[[Services], Finding]) -> Check:
    return lambda services: asyncio.to_thread(run, services)
