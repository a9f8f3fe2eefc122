"""One launch: a key where one is needed, the agent's file, the agent itself, and everything put back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from serai.cli.launching import child, choosing
from serai.cli.launching.agents import Agent, Told
from serai.errors import NotFound, SeraiError

if TYPE_CHECKING:
    from serai.cli.launching.journal import Journal
    from serai.cli.server_file import Running
    from serai.client import Client

KEY_DAYS = 1
NO_KEY = "serai"
"""What clients send that insist on a key, to a server that asks for none."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What an agent is started with, and what it will lack."""

    agent: Agent
    told: Told
    lacks: Sequence[str]

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The environment for the agent's own process."""
        kept = {name: value for name, value in environ.items() if name not in self.agent.unset}
        return kept | self.agent.variables(self.told)


@contextmanager
def wired(
    server: Running, client: Client, journal: Journal, agent: Agent, wanted: str, *, keep: bool = False
) -> Iterator[tuple[Wiring, str | None]]:
    """An agent's wiring, and its launch in the journal. What was made or changed for it is gone after the block; with
    `keep` nothing is changed but that a key is made, and stays until it expires. Raises ModelNotFound."""
    _tidy(journal, client)
    model = choosing.choose(client, wanted)
    tokens = choosing.context(client, model)
    lacks = choosing.lacks(client, agent, model, tokens)
    key = _key(client, agent) if server.token else None
    told = Told(server.url, key["plain"] if key else NO_KEY, model["name"], tokens or agent.context)
    if keep:
        yield Wiring(agent, told, lacks), None
        return
    launch = None
    try:
        launch = journal.begin(agent.addition(told), key["id"] if key else None)
        yield Wiring(agent, told, lacks), launch
    finally:
        if key:
            with suppress(SeraiError):  # it expires by itself
                client.revoke_key(key["id"])
        if launch:
            journal.end(launch)


def start(wiring: Wiring, words: Sequence[str], environ: Mapping[str, str], journal: Journal, launch: str) -> int:
    """Runs the agent and returns its exit code. Raises NotFound when it is not on this machine."""
    program = wiring.agent.found()
    if program is None:
        raise absent(wiring.agent)
    command = [program, *wiring.agent.words(wiring.told), *words]
    try:
        return child.run(command, wiring.environ(environ), lambda pid: journal.joined(launch, pid))
    except OSError as error:
        raise SeraiError(f"{program} could not be started: {os.strerror(error.errno or 0)}.", who="you") from error


def absent(agent: Agent) -> NotFound:
    """That an agent is not on this machine."""
    if not agent.program:
        hint = f"`serai launch {agent.name} --print` shows how to wire a program of yours."
        return NotFound(f"{agent.name!r} is no program, but {agent.title}.", hint=hint)
    return NotFound(f"{agent.title} is not on this machine.", hint=f"Install it: {agent.install}")


def _key(client: Client, agent: Agent) -> dict[str, Any]:
    expires = time.time() + KEY_DAYS * 86400
    return client.create_key(f"launch {agent.name}", expires_at=expires, scopes=["infer"])


def _tidy(journal: Journal, client: Client) -> None:
    """What former launches left that were killed."""
    for launch, key in journal.recover().items():
        with suppress(SeraiError):  # it was revoked, or has expired
            client.revoke_key(key)
        journal.end(launch)
