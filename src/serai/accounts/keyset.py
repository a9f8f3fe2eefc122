"""The public keys of a service whose tokens are trusted, fetched from its address and kept for a while."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson

from serai.errors import Unreachable
from serai.telemetry import logs

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    PublicKey = RSAKey | ECKey | OKPKey

FRESH_S = 600.0
STALE_S = 86400.0
"""After so long the keys are fetched anew; where that fails, those that are known hold this long."""

_PAUSE_S = (1.0, 300.0)
"""Between two attempts: at first, and at most."""

_LARGEST = 256_000
_MOST_KEYS = 100
_LEAST_RSA = 2048
_KINDS = {"RS256": ("RSA", ""), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519"), "Ed25519": ("OKP", "Ed25519")}

ALGORITHMS = tuple(_KINDS)
"""The signatures that are taken, each only from a key of its own kind."""

_log = logs.get("accounts")


class KeySet:
    """One address's keys. A token that names a key which is not known has them fetched again, but no more often than
    the pauses allow, whatever strangers send."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._url = ""
        self._keys: list[PublicKey] = []
        self._fetched_at = self._tried_at = -STALE_S
        self._pause = _PAUSE_S[0]
        self._fetching = asyncio.Lock()

    async def find(self, url: str, algorithm: str, kid: str | None) -> PublicKey | None:
        """The key that signs so. Raises Unreachable when there are no keys to look in."""
        if url != self._url:
            self._url, self._keys, self._fetched_at, self._tried_at = url, [], -STALE_S, -STALE_S
            self._pause = _PAUSE_S[0]
        if self._clock() - self._fetched_at > FRESH_S or pick(self._keys, algorithm, kid) is None:
            await self._refresh(url)
        if self._clock() - self._fetched_at > STALE_S:
            self._keys = []
        if not self._keys:
            raise Unreachable("The keys that tokens are checked with cannot be had.", hint="Serai's log says why.")
        return pick(self._keys, algorithm, kid)

    async def _refresh(self, url: str) -> None:
        async with self._fetching:
            now = self._clock()
            if url != self._url or now - self._tried_at < self._pause:
                return
            self._tried_at = now
            self._pause = min(_PAUSE_S[1], self._pause * 2)
            try:
                self._keys = usable(await _fetch(url))
            except (aiohttp.ClientError, OSError, ValueError, TypeError, KeyError, TimeoutError) as error:
                _log.warning("The keys at %s could not be fetched: %s", url, error or type(error).__name__)
                return
            self._fetched_at = now
            if not self._keys:
                _log.warning("At %s there is no key that Serai can use.", url)


async def _fetch(url: str) -> list[dict[str, Any]]:
    timeout = aiohttp.ClientTimeout(total=10)
    async with (
        aiohttp.ClientSession(timeout=timeout, trust_env=True, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.get(url, allow_redirects=False, headers={"User-Agent": "serai"}) as response,
    ):
        if response.status != 200:
            raise ValueError(f"it answers with status {response.status}")
        body = await response.content.read(_LARGEST + 1)
        while len(body) <= _LARGEST and (more := await response.content.read(_LARGEST + 1)):
            body += more
        if len(body) > _LARGEST:
            raise ValueError("it is too large")
    found = orjson.loads(body)["keys"]
    if not isinstance(found, list):
        raise TypeError("it is no set of keys")
    return found[:_MOST_KEYS]


def usable(rows: Sequence[Any]) -> list[PublicKey]:
    """The public keys for signatures among them; what is anything else, or weak, is left out."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    kinds: dict[Any, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    found: list[PublicKey] = []
    for row in rows:
        try:
            if row.get("use") in (None, "sig") and row["kty"] in kinds:
                with quietly():
                    key = kinds[row["kty"]].import_key(row)
                found += [] if is_weak(key) else [key]
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
    return found


@contextmanager
def quietly() -> Iterator[None]:
    """Without the library's warnings, where Serai itself decides what is taken."""
    from joserfc.errors import SecurityWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        yield


def is_weak(key: PublicKey) -> bool:
    """Whether it is too short to trust what it signs."""
    return key.key_type == "RSA" and getattr(key.raw_value, "key_size", 0) < _LEAST_RSA


def pick(keys: Sequence[PublicKey], algorithm: str, kid: str | None) -> PublicKey | None:
    """The key of the algorithm's kind with this id; without an id, the only one of its kind."""
    fitting = [key for key in keys if fits(key, algorithm) and (kid is None or key.kid == kid)]
    return fitting[0] if fitting and (kid is not None or len(fitting) == 1) else None


def fits(key: PublicKey, algorithm: str) -> bool:
    """Whether a key is of the kind that makes such signatures."""
    kind, curve = _KINDS[algorithm]
    said = key.get("alg")
    same = said is None or said == algorithm or {said, algorithm} == {"EdDSA", "Ed25519"}
    return same and key.key_type == kind and (not curve or getattr(key, "curve_name", "") == curve)
