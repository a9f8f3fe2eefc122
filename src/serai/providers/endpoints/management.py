"""Hugging Face's API for Endpoints over HTTP. The token goes to the address that is asked and to no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import orjson
from yarl import URL

from serai.errors import BadRequest, Busy, Conflict, ModelFailed, NotFound, SeraiError, TimedOut, Unreachable
from serai.providers import _faults, _lines
from serai.providers.refusal import words_of

WHO = "Hugging Face"
_ANSWER_S = 30.0
_CONNECT_S = 10.0
_LARGEST = 16 * 1024 * 1024
_TOKENS = "https://huggingface.co/settings/tokens"


class Management:
    """`offline` says whether nothing may be asked. One session, closed with `close`."""

    def __init__(self, offline: Callable[[], bool], answer_s: float = _ANSWER_S) -> None:
        self._offline = offline
        self._answer_s = answer_s
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self,
        method: str,
        url: str,
        token: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON of an answer, None where it has no content. Raises SeraiError."""
        content = await self.read(method, url, token, body, params)
        try:
            return orjson.loads(content) if content else None
        except orjson.JSONDecodeError as error:
            raise ModelFailed(f"{WHO} sent something that is not JSON.", hint="Try again.", who=WHO) from error

    async def read(
        self,
        method: str,
        url: str,
        token: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> bytes:
        """The bytes of an answer. Raises SeraiError, in which the token never stands."""
        if self._offline():
            hint = "`serai config set hub.offline false` lets Serai out again."
            raise Unreachable(f"Serai is set to be offline, so it does not ask {WHO}.", hint=hint)
        try:
            async with asyncio.timeout(self._answer_s):
                return await self._read(method, url, token, body, params)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _faults.broken(WHO, error, self._answer_s) from error
        except SeraiError as error:
            raise _faults.without((token,), error) if token else error from None

    async def status(self, url: str, token: str) -> int:
        """The status at an address; 0 where nothing answers. Redirects are not followed."""
        try:
            async with asyncio.timeout(self._answer_s):
                headers = {"authorization": f"Bearer {token}"} if token else {}
                async with self._http().get(url, headers=headers, allow_redirects=False) as response:
                    return response.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    async def close(self) -> None:
        """May be called twice."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _read(
        self,
        method: str,
        url: str,
        token: str,
        body: Mapping[str, Any] | None,
        params: Mapping[str, str] | None,
    ) -> bytes:
        headers = {"authorization": f"Bearer {token}"}
        if body is not None:
            headers["content-type"] = "application/json"
        data = None if body is None else orjson.dumps(body)
        address = URL(url, encoded=True)
        asked = self._http().request(method, address, data=data, headers=headers, params=params, allow_redirects=False)
        async with asked as response:
            content = await _lines.whole(response, WHO, _LARGEST)
            if response.status >= 300:
                raise refused(response.status, content, response.headers)
            return content

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "serai"},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
            )
        return self._session


def refused(status: int, body: bytes, headers: Mapping[str, str]) -> SeraiError:
    """The error for an answer that is none, in Hugging Face's words where it has some."""
    words = words_of(body) or f"It answered with status {status}."
    if status in (400, 413, 422):
        return BadRequest(f"{WHO} refused this: {words}")
    if status == 404:
        return NotFound(f"{WHO} does not have this: {words}")
    if status == 409:
        return Conflict(f"{WHO} refused this: {words}")
    if status in (408, 504):
        return TimedOut(f"{WHO} took too long: {words}", hint="Try again.", who=WHO)
    if status == 429 or status >= 500:
        after = headers.get("retry-after", "")
        wait = int(after) if after.isdecimal() and len(after) < 6 else 10
        busy = Busy(f"{WHO} takes no more requests now: {words}", retry_after=wait, hint="Try again in a while.")
        busy.who = WHO
        return busy
    return _failed(status, words)


def _failed(status: int, words: str) -> ModelFailed:
    if status == 401:
        hint = f"Give one that may manage Inference Endpoints: {_TOKENS}"
        return ModelFailed(f"{WHO} refused the token: {words}", hint=hint, who=WHO)
    if status == 402:
        hint = "Add a way to pay there: https://huggingface.co/settings/billing"
        return ModelFailed(f"{WHO} wants to be paid: {words}", hint=hint, who=WHO)
    if status == 403:
        hint = f"Give a token that may manage Inference Endpoints of this namespace: {_TOKENS}"
        return ModelFailed(f"{WHO} does not allow this: {words}", hint=hint, who=WHO)
    hint = "Redirects are not followed, so that no token goes astray. Check hub.endpoints."
    return ModelFailed(f"{WHO} sent an answer that is none ({status}): {words}", hint=hint, who=WHO)
