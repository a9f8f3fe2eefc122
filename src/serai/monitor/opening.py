"""Opens the room: everything that watches calls, built once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from serai.monitor.history import History
from serai.monitor.hooks import Hooks
from serai.monitor.inspector import Inspector
from serai.monitor.monitor import Monitor
from serai.monitor.statistics import Statistics
from serai.monitor.traces import Traces
from serai.outside import Outside
from serai.settings import Monitor as Settings
from serai.storage.database import Database
from serai.storage.secrets import SecretStore


def opened(
    db: Database,
    secrets: SecretStore,
    outside: Outside,
    home: Path,
    settings: Callable[[], Settings],
    publish: Callable[[str, Mapping[str, Any]], None],
    headers: Callable[[], str | None] = lambda: None,
) -> Monitor:
    """`settings` are asked for anew each time; `publish` tells everybody of an event; `headers` are those that the
    environment sets for OpenTelemetry's collector. Nothing runs yet."""

    async def known() -> str | None:
        return headers() or await secrets.get("otel_headers")

    traces = Traces(settings, known)
    inspector = Inspector(home / "inspected", settings)
    inspector.use(traces.heard)
    return Monitor(
        Statistics(db, lambda: settings().statistics_days),
        History(db, settings),
        inspector,
        Hooks(db, secrets, outside, publish),
        traces,
    )
