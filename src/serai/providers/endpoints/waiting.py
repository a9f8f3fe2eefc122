"""The job that waits until an Endpoint runs: it goes on after a restart, and says what happened meanwhile."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp

from serai.errors import Busy, ModelFailed, NotFound, SeraiError, TimedOut, Unreachable
from serai.jobs.kinds import JobContext
from serai.providers.endpoints.accounts import Where
from serai.providers.endpoints.endpoints import Endpoints, coming
from serai.providers.endpoints.shapes import Endpoint

KIND = "endpoint.wait"
EVERY_S = 5.0
LONGEST_S = 24 * 3600.0
_AWAY = (Busy, Unreachable, TimedOut)


class WaitJob:
    """Its arguments are `name`, `namespace`, `service`, and `seconds`, how long at most."""

    kind = KIND

    def __init__(self, endpoints: Endpoints, every_s: float = EVERY_S) -> None:
        self._endpoints = endpoints
        self._every_s = every_s

    async def run(self, job: JobContext) -> dict[str, Any]:
        since = float((job.checkpoint or {}).get("since") or time.time())
        await job.save({"since": since})
        name = str(job.args["name"])
        where = Where(str(job.args.get("namespace") or ""), str(job.args.get("service") or ""))
        while True:
            found = await self._look(job, name, where)
            if found is not None:
                return {"name": name, "namespace": found.namespace, "url": found.url, "state": found.state}
            waited = time.time() - since
            if waited > float(job.args.get("seconds") or LONGEST_S):
                hint = f"It goes on by itself: `serai endpoints wait {name}` waits again."
                raise TimedOut(f"{name} did not run after {waited:,.0f} seconds.", hint=hint)
            await asyncio.sleep(self._every_s)

    async def _look(self, job: JobContext, name: str, where: Where) -> Endpoint | None:
        """The Endpoint once it runs and answers. Raises what it will not run for."""
        try:
            found = (await self._endpoints.get(name, where)).endpoint
            if not coming(found) and found.url:
                if await self._endpoints.awake(found, where):
                    return found
                job.progress(note=f"{name} runs, but does not answer yet")
            else:
                job.progress(note=f"{name} is {found.state}. {found.message}".strip())
        except NotFound as error:
            hint = "Somebody deleted it, perhaps. `serai endpoints list` shows those that are there."
            raise NotFound(f"{name} is not there any more.", hint=hint) from error
        except _AWAY as error:
            job.progress(note=f"{error.message} It is asked again.")
        except ModelFailed as error:
            if not _broke(error):
                raise
            job.progress(note=f"{error.message} It is asked again.")
        return None


def _broke(error: SeraiError) -> bool:
    """Whether it was the connection, of which the library's error is the cause."""
    return isinstance(error.__cause__, (aiohttp.ClientError, OSError, TimeoutError))
