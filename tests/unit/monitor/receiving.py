"""A receiver of hooks' messages on loopback, which checks whom they are from as any receiver would."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


class Receiver:
    """`statuses` are its next answers; after them it takes everything."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses: list[int] = []
        self.tried = 0
        self.taken: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.tried += 1
        status = self.statuses.pop(0) if self.statuses else 204
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        body = await request.read()
        if status < 300:
            self.taken.append({**json.loads(body), "body": body})
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status in (301, 302) else None)

    def is_signed(self, secret: str, number: int = -1) -> bool:
        """By the specification of standardwebhooks.com, written down a second time."""
        headers = self.headers[number]
        key = base64.b64decode(secret.split("_", 1)[1])
        content = b".".join(
            (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), self.taken[number]["body"])
        )
        wanted = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
        return headers["webhook-signature"] == f"v1,{wanted}"


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{any:.*}", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
