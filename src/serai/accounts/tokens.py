"""JSON Web Tokens of a service that the owner trusts, in place of API keys."""

from __future__ import annotations

import base64
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from serai.accounts.keyset import ALGORITHMS, KeySet, fits, is_weak, quietly
from serai.errors import Unauthenticated
from serai.settings import Auth
from serai.telemetry import logs
from serai.types import LOCAL, NO_LIMITS, Limits, Principal

if TYPE_CHECKING:
    from joserfc.jwk import Key

PREFIX = "jwt_"
"""How the id of a principal begins whom a token names."""

LONGEST = 8192
SHORTEST_SECRET = 32
"""Bytes: a shorter one can be guessed from any token that it signed."""

_SHARED = "HS256"
_LEEWAY_S = 5
_SEEN = 10_000
_REFUSED = frozenset({"crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "enc"})
"""A header with these asks to be read in another way, or with a key that it brings itself."""

_log = logs.get("accounts")


class Tokens:
    """`secret` gives the text that HS256 tokens are signed with; it and the settings are read anew each time. Which
    key checks a token follows from the kind of key that is configured, never from the token alone."""

    def __init__(
        self,
        settings: Callable[[], Auth],
        secret: Callable[[], Awaitable[str | None]],
        keys: KeySet | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._keys = keys or KeySet()
        self._clock = clock
        self._seen: OrderedDict[str, Limits] = OrderedDict()

    async def configured(self) -> bool:
        """Whether any token could open anything."""
        settings = self._settings()
        return bool(settings.jwt_keys_url or settings.jwt_public_key or await self._secret())

    async def verify(self, text: str) -> Principal:
        """Who shows the token. Raises Unauthenticated, in words, or Unreachable where its key cannot be fetched."""
        if len(text) > LONGEST or not text.isascii():
            raise _invalid("is too long, or no token")
        header = _header(text)
        algorithm, kid = header.get("alg"), header.get("kid")
        if _REFUSED & set(header) or not (kid is None or isinstance(kid, str)):
            raise _invalid("has a header that is not taken")
        settings = self._settings()
        key = await self._key(settings, algorithm, kid)
        claims = _claims(text, key, str(algorithm))
        self._check(settings, claims)
        principal = _principal(settings, claims)
        self._seen[principal.id] = principal.limits
        if len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        return principal

    def later(self, who: str) -> Principal:
        """Whoever once came with a token, for what is done in their name now. Where nobody remembers which places that
        token named, it is this machine alone."""
        settings = self._settings()
        limits = self._seen.get(who) or _limits(settings, {})
        return Principal(who, who, frozenset({"infer"}), limits)

    async def _key(self, settings: Auth, algorithm: Any, kid: str | None) -> Key:
        if algorithm == _SHARED and (secret := await self._secret()):
            return _shared(secret)
        key: Key | None = None
        if algorithm in ALGORITHMS and settings.jwt_public_key:
            key = _public(settings.jwt_public_key, algorithm)
        if key is None and algorithm in ALGORITHMS and settings.jwt_keys_url:
            if not (settings.jwt_issuer and settings.jwt_audience):
                _log.warning(
                    "Tokens are refused: with auth.jwt_keys_url, auth.jwt_issuer and auth.jwt_audience are needed."
                )
                raise _invalid("cannot be checked: Serai's log says why")
            key = await self._keys.find(settings.jwt_keys_url, algorithm, kid)
        if key is None:
            raise _invalid("is signed in a way, or with a key, that is not trusted here")
        return key

    def _check(self, settings: Auth, claims: dict[str, Any]) -> None:
        from joserfc.errors import ExpiredTokenError, JoseError
        from joserfc.jwt import JWTClaimsRegistry

        now = int(self._clock())
        wanted: dict[str, Any] = {"exp": {"essential": True}, "sub": {"essential": True}}
        if settings.jwt_issuer:
            wanted["iss"] = {"essential": True, "value": settings.jwt_issuer}
        if settings.jwt_audience:
            wanted["aud"] = {"essential": True, "value": settings.jwt_audience}
        elif "aud" in claims:
            raise _invalid("is for an audience, and none is set here (auth.jwt_audience)")
        try:
            JWTClaimsRegistry(now=now, leeway=_LEEWAY_S, **wanted).validate(claims)
        except ExpiredTokenError:
            raise _invalid("has expired") from None
        except (JoseError, TypeError, ValueError, OverflowError) as error:
            raise _invalid(f"does not fit: {getattr(error, 'description', '') or error}") from None
        if claims["exp"] <= now:
            raise _invalid("has expired")


def _header(text: str) -> dict[str, Any]:
    if text.count(".") != 2:
        raise _invalid("is no signed token")
    first = text.partition(".")[0]
    try:
        header = orjson.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except ValueError:
        raise _invalid("cannot be read") from None
    if not isinstance(header, dict):
        raise _invalid("cannot be read")
    return header


def _claims(text: str, key: Key, algorithm: str) -> dict[str, Any]:
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        with quietly():  # EdDSA, the older name of Ed25519, is in wide use
            return jwt.decode(text, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        raise _invalid("is not signed by whom Serai trusts") from None


def _shared(secret: str) -> Key:
    from joserfc.jwk import OctKey

    if len(secret.encode()) < SHORTEST_SECRET:
        _log.warning("Tokens are refused: JWT_SECRET is shorter than %d bytes and could be guessed.", SHORTEST_SECRET)
        raise _invalid("cannot be checked: Serai's log says why")
    return OctKey.import_key(secret)


def _public(pem: str, algorithm: str) -> Key | None:
    """The configured key if it makes such signatures. A PEM that cannot be read opens nothing, and is logged."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    text = pem.replace("\\n", "\n")
    kinds: Mapping[str, type[RSAKey | ECKey | OKPKey]] = {"RS256": RSAKey, "ES256": ECKey}
    try:
        with quietly():
            key = kinds.get(algorithm, OKPKey).import_key(text)
        return key if fits(key, algorithm) and not (key.is_private or is_weak(key)) else None
    except (JoseError, ValueError, TypeError) as error:
        _log.warning("auth.jwt_public_key is no key for %s: %s", algorithm, error)
        return None


def _principal(settings: Auth, claims: Mapping[str, Any]) -> Principal:
    subject = str(claims["sub"])
    name = claims.get(settings.jwt_name_claim)
    digest = hashlib.sha256(f"{claims.get('iss', '')}\n{subject}".encode()).hexdigest()
    said = claims.get(settings.jwt_scope_claim)
    given = said.split() if isinstance(said, str) else said if isinstance(said, list) else settings.jwt_scopes
    scopes = frozenset(scope for scope in given if isinstance(scope, str) and scope != "*")
    named = (name if isinstance(name, str) and name.strip() else subject)[:100]
    return Principal(PREFIX + digest[:24], named, scopes, _limits(settings, claims))


def _limits(settings: Auth, claims: Mapping[str, Any]) -> Limits:
    """Where the token may ask."""
    if not settings.jwt_places_claim:
        return Limits(places=settings.jwt_places) if settings.jwt_places else NO_LIMITS
    said = claims.get(settings.jwt_places_claim)
    given = said.split() if isinstance(said, str) else said if isinstance(said, list) else ()
    return Limits(places=tuple(place for place in given if isinstance(place, str)) or (LOCAL,))


def _invalid(how: str) -> Unauthenticated:
    return Unauthenticated(f"This token {how}.", hint="Get a new one where it came from, or use an API key.")
