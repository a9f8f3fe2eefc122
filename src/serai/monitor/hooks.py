"""Hooks: addresses that are told of what happens, and what their messages are signed with."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets as random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from yarl import URL

from serai.errors import BadRequest, SeraiError
from serai.monitor import hook_rows, mailbox, outbox
from serai.monitor.hook_rows import Hook
from serai.monitor.mailbox import WAITING, Mailbox
from serai.monitor.messages import PREFIX, Outcome, send
from serai.monitor.occurrences import KINDS, Kind, Occurrence
from serai.monitor.outbox import Waiting
from serai.outside import Outside
from serai.storage import alive
from serai.storage.database import Database
from serai.storage.secrets import SecretStore
from serai.telemetry import logs
from serai.types import new_id

DEAD = 3
"""Messages in a row that a hook does not take, after which it is told to be dead; it then gets no second attempts until
it takes one."""

_FRESH_S = 1.0
_log = logs.get("hooks")


class Hooks:
    """`publish` tells everybody of a hook that is dead, as an event `hook`. Each hook's messages go out in their order,
    and none waits for another hook."""

    def __init__(
        self,
        db: Database,
        secrets: SecretStore,
        outside: Outside,
        publish: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._db = db
        self._secrets = secrets
        self._outside = outside
        self._publish = publish
        self._mailboxes: dict[str, Mailbox] = {}
        self._heard: deque[Occurrence] = deque(maxlen=WAITING)
        self._passing: asyncio.Task[None] | None = None
        self._owner = alive.me()
        self._known: list[Hook] = []
        self._read_at = 0.0

    async def recover(self) -> None:
        """Sends what was waiting when a process ended or was killed, as it would have: the same messages, with their
        ids. Raises StorageFailed."""
        left = await self._db.write(lambda connection: outbox.take(connection, self._owner, time.time()))
        known = {hook.id: hook for hook in await self.list()} if left else {}
        for hook_id, occurrence in left:
            if hook := known.get(hook_id):
                self._mailbox(hook).put(occurrence)

    async def list(self) -> list[Hook]:
        """The oldest first."""
        return await self._db.read(hook_rows.every)

    async def add(self, url: str, events: Sequence[Kind], *, private: bool = False) -> tuple[Hook, str]:
        """A new hook, and what its messages are signed with, which is told this once. Raises BadRequest for what is no
        address, Conflict where there are too many."""
        parsed = _address(url)
        wanted = list(events) or [*KINDS]
        hook = Hook(id=new_id("hook"), url=parsed, events=wanted, private=private, created_at=time.time())
        secret = PREFIX + base64.b64encode(random.token_bytes(24)).decode()
        await self._secrets.set(_name(hook.id), secret)
        await self._db.write(lambda connection: hook_rows.insert(connection, hook))
        self._read_at = 0.0
        return hook, secret

    async def remove(self, hook_id: str) -> None:
        """Tells it nothing more, not even what is waiting. Raises NotFound."""
        await self._db.write(lambda connection: _remove(connection, hook_id))
        await self._secrets.delete(_name(hook_id))
        self._read_at = 0.0
        if box := self._mailboxes.pop(hook_id, None):
            await box.close()

    async def test(self, hook_id: str) -> dict[str, Any]:
        """Sends one message now, without a second attempt: `{taken, seconds, error}`. Raises NotFound."""
        hook = await self._db.read(lambda connection: hook_rows.find(connection, hook_id))
        began = time.monotonic()
        outcome = await self._send(hook, Occurrence(new_id("event"), "test", time.time(), {"hook": hook.id}))
        await self._settle(hook.id, "", outcome)
        return {"taken": not outcome.error, "seconds": time.monotonic() - began, "error": outcome.error}

    def tell(self, occurrence: Occurrence) -> None:
        """Passes it on to every hook that wants it; waits for nothing."""
        self._heard.append(occurrence)
        if self._passing is None or self._passing.done():
            self._passing = asyncio.get_running_loop().create_task(self._pass(), name="hooks")

    async def _pass(self) -> None:
        """Puts what was heard into the mailboxes."""
        if time.monotonic() - self._read_at > _FRESH_S:
            try:
                self._known, self._read_at = await self.list(), time.monotonic()
            except SeraiError as error:  # those that are known still hear of it
                _log.warning("The hooks cannot be read: %s", error.message)
        while self._heard:
            heard = [*self._heard]
            self._heard.clear()
            known = {hook.id: hook for hook in self._known}
            wanted = [(hook.id, one) for one in heard for hook in known.values() if one.kind in hook.events]
            for hook_id, occurrence in await self._write_down(wanted):
                self._mailbox(known[hook_id]).put(occurrence)

    async def _write_down(self, wanted: Sequence[Waiting]) -> Sequence[Waiting]:
        """What of it is this process's to tell. What cannot be written down is told all the same."""
        if not wanted:
            return wanted
        most = mailbox.WAITING + 1  # one is on its way
        try:
            return await self._db.write(lambda connection: outbox.put(connection, wanted, self._owner, most))
        except SeraiError as error:
            _log.warning("Messages to hooks cannot be written down, so a restart would lose them: %s", error.message)
            return wanted

    async def close(self) -> None:
        """Leaves what is waiting to the next process. May be called twice."""
        if self._passing is not None:
            self._passing.cancel()
            await asyncio.gather(self._passing, return_exceptions=True)
        for box in [*self._mailboxes.values()]:
            await box.close()
        self._mailboxes.clear()
        with contextlib.suppress(SeraiError):
            await self._db.write(lambda connection: outbox.leave(connection, self._owner))

    def _mailbox(self, hook: Hook) -> Mailbox:
        if hook.id not in self._mailboxes:

            async def attempt(occurrence: Occurrence) -> Outcome:
                return await self._send(hook, occurrence)

            async def settle(occurrence: Occurrence, outcome: Outcome) -> bool:
                return await self._settle(hook.id, occurrence.id, outcome)

            self._mailboxes[hook.id] = Mailbox(attempt, settle, patient=hook.failures < DEAD)
        return self._mailboxes[hook.id]

    async def _send(self, hook: Hook, occurrence: Occurrence) -> Outcome:
        secret = await self._secrets.get(_name(hook.id))
        if secret is None:
            return Outcome("The hook was removed.")
        return await send(self._outside, hook.url, secret, occurrence, private=hook.private)

    async def _settle(self, hook_id: str, message_id: str, outcome: Outcome) -> bool:
        """Writes down what became of a message, which waits no more; False where the hook is dead."""

        def work(connection: Connection) -> int:
            outbox.forget(connection, hook_id, [message_id])
            return hook_rows.note(connection, hook_id, outcome.error)

        failures = await self._db.write(work)
        if failures == DEAD and outcome.error:
            _log.warning("The hook %s takes no messages: %s", hook_id, outcome.error)
            self._publish("hook", {"id": hook_id, "failures": failures, "error": outcome.error})
        return failures < DEAD


def _remove(connection: Connection, hook_id: str) -> None:
    hook_rows.delete(connection, hook_id)
    outbox.forget(connection, hook_id)


def _name(hook_id: str) -> str:
    return f"hook:{hook_id}"


def _address(url: str) -> str:
    try:
        parsed = URL(url)
    except ValueError:
        parsed = URL()
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.user or parsed.password:
        hint = "Write https://host/path, without a password."
        raise BadRequest("This is no address for a hook.", hint=hint, param="url")
    return str(parsed)
