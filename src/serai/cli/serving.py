"""What `serai serve` does, in its order: refuse early, bind before anything slow, say what is configured, leave
nothing behind."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
import sys
import time
import webbrowser
from typing import TYPE_CHECKING

from serai import __version__, settings
from serai.cli import output, server_file
from serai.errors import BadRequest, Conflict, Forbidden, SeraiError

if TYPE_CHECKING:
    from serai.cli.server import Asgi
    from serai.services import Services

CLI_KEY = "command line of this machine"
"""The name of the key with which commands reach a server that asks for keys; it lives as long as the server."""


def serve_until_stopped(host: str | None, port: int | None, *, browser: bool | None, as_json: bool) -> None:
    """Serves until SIGINT or SIGTERM. `browser` None leaves it to the settings. Raises SeraiError when it cannot."""
    given = {"server.host": host, "server.port": port, "server.open_browser": browser}
    file = settings.settings_file({key: value for key, value in given.items() if value is not None})
    server = file.load().settings.server
    with server_file.only_one(file.home), listen(server.host, server.port) as listener:
        _Serving(file, listener, browser=server.open_browser, as_json=as_json).run()


_TURN_S = 0.0005
"""So long a thread beside the loop may keep the interpreter once the loop has work, a tenth of what is usual: what is
written to the database by the way must not be felt."""


class _Serving:
    """One life of the server."""

    def __init__(self, file: settings.SettingsFile, listener: socket.socket, *, browser: bool, as_json: bool) -> None:
        self._file = file
        self._home = file.home
        self._listener = listener
        self._browser = browser
        self._json = as_json
        self._host, self._port = listener.getsockname()[:2]
        self._url = address(self._host, self._port)
        self._alone = ipaddress.ip_address(self._host).is_loopback
        self._services: Services
        self._app: Asgi

    def run(self) -> None:
        from serai.cli.front import Front
        from serai.cli.server import Server

        front = Front(self._build, before=self._allowed, on_ready=self._ready, failed=lambda error: server.fail(error))  # noqa: PLW0108
        server = Server(front)
        sys.setswitchinterval(_TURN_S)
        if self._json:  # the address is good from now on: /health answers at once, everything else as soon as it can
            output.line({"url": self._url, "pid": os.getpid(), "home": str(self._home), "version": __version__})
        try:
            server.serve_on(self._listener)
        finally:
            server_file.remove(self._home)
        if not self._json:
            output.say("Serai has stopped.")

    def _build(self) -> Asgi:
        from serai.app import build_app
        from serai.wiring import build

        self._services = build(self._file)
        self._app = build_app(self._services)
        return self._app

    async def _allowed(self) -> None:
        """Raises Forbidden for a server that others could reach and nobody could log in to."""
        if self._alone or await self._others_have_keys():
            return
        await self._services.db.close()
        raise Forbidden(
            f"Serai does not listen on {self._host} without an API key: everybody there could use it.",
            hint="Create one with `serai keys create NAME`, then start again.",
        )

    async def _others_have_keys(self) -> bool:
        now = time.time()
        return any(key.holds(now) for key in await self._services.keys.list() if key.name != CLI_KEY)

    async def _ready(self) -> None:
        from serai.telemetry import logs

        url = self._url
        token = None if self._alone else await self._commands_key()
        server_file.write(self._home, url, token)
        logs.get("server").info("Serai %s serves at %s", __version__, url)
        if not self._json:
            await self._banner(url, token)
        if self._browser:
            asyncio.get_running_loop().run_in_executor(None, open_page, url)

    async def _commands_key(self) -> str:
        """A new key for the commands of this machine, in place of the last server's."""
        keys = self._services.keys
        for key in await keys.list():
            if key.name == CLI_KEY and key.revoked_at is None:
                await keys.revoke(key.id)
        return (await keys.create(CLI_KEY))[1]

    async def _banner(self, url: str, token: str | None) -> None:
        """What is configured and what is missing, in a few lines. A server that serves is not ended for its banner."""
        import httpx2

        from serai.client import AsyncClient

        async with AsyncClient(url, token or "", transport=httpx2.ASGITransport(self._app)) as client:
            try:
                status = await client.status()
            except SeraiError as error:
                status = {"version": __version__, "notices": [{"level": "warning", "text": error.message}]}
        output.banner(url, str(self._home), status)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; requests that come before the app is ready wait in its queue. Raises SeraiError in words."""
    try:
        family, _, _, _, found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(found[:2], family=family, backlog=2048)
    except OSError as error:
        raise _cannot_listen(host, port, error) from error


def _cannot_listen(host: str, port: int, error: OSError) -> SeraiError:
    if error.errno == errno.EADDRINUSE:
        return Conflict(
            f"Port {port} on {host} is in use by another program.",
            hint="Take another: `serai serve --port 0` finds a free one, `serai config set server.port N` keeps it.",
        )
    if error.errno == errno.EACCES:
        return BadRequest(f"This user may not listen on port {port}.", hint="Choose a port above 1023.")
    return BadRequest(
        f"Serai cannot listen on {host!r}, port {port}: {error.strerror or error}.",
        hint="127.0.0.1 is this machine alone; 0.0.0.0 is every network it is in.",
    )


def address(host: str, port: int) -> str:
    """The URL by which this machine reaches a server bound there."""
    found = ipaddress.ip_address(host)
    if found.is_unspecified:
        return f"http://{'127.0.0.1' if found.version == 4 else '[::1]'}:{port}"
    return f"http://{f'[{host}]' if found.version == 6 else host}:{port}"


def open_page(url: str) -> bool:
    """Opens the page in a browser with windows; a text browser would take over the terminal."""
    try:
        browser = webbrowser.get()
        return type(browser) is not webbrowser.GenericBrowser and browser.open(url)
    except (webbrowser.Error, OSError):
        return False
