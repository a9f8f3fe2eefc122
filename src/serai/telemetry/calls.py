"""What the log says of calls: those that failed, and those for which another had to stand in. Never their words."""

from __future__ import annotations

import logging

from serai.telemetry import logs
from serai.types import Record


class CallLog:
    """A watcher of calls. One that the first answered is told at the level `debug` only."""

    def __init__(self) -> None:
        self._log = logs.get("calls")

    def ended(self, record: Record) -> None:
        """Who answered, what was tried before, and why that did not."""
        if record.status != "failed" and not record.tried and not self._log.isEnabledFor(logging.DEBUG):
            return
        name = record.model or record.call.model or "auto"
        tried = "; ".join(f"{one.model or one.backend}: {one.reason}" for one in record.tried)
        more = f" Tried before: {tried}" if tried else ""
        if record.status == "failed":
            level = logging.WARNING if record.backend else logging.INFO  # what reached nobody is the asker's affair
            self._log.log(level, "%s to %s failed: %s.%s", record.call.id, name, record.error, more)
        elif record.tried:
            self._log.info("%s was answered by %s at %s.%s", record.call.id, name, record.place, more)
        else:
            self._log.debug("%s was answered by %s at %s.", record.call.id, name, record.place)
