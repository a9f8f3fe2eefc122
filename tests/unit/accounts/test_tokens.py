from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import warnings
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from serai.accounts import keyset
from serai.accounts.keyset import KeySet
from serai.accounts.tokens import Tokens
from serai.errors import Unauthenticated, Unreachable
from serai.settings import Auth
from serai.types import NO_LIMITS

SECRET = "a secret that is long enough for HS256"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
WHO = {"issuer": "https://login.example", "audience": "serai"}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {"sub": "ann", "iss": WHO["issuer"], "aud": WHO["audience"], "exp": now + 600, "scope": "infer chat"}
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def signed(key: Any = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    key = key or OctKey.import_key(SECRET)
    header = {"alg": "HS256", **(header or {})}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jwt.encode(header, claims(**changes), key, algorithms=[header["alg"]])


def tokens(secret: str | None = SECRET, keys: KeySet | None = None, **settings: Any) -> Tokens:
    async def give() -> str | None:
        return secret

    auth = Auth(**{"jwt_issuer": WHO["issuer"], "jwt_audience": WHO["audience"], **settings})
    return Tokens(lambda: auth, give, keys)


async def test_a_token_says_who_comes_and_what_they_may() -> None:
    who = await tokens().verify(signed(name="Ann"))
    assert who.id.startswith("jwt_") and who.name == "Ann"
    assert who.scopes == {"infer", "chat"}
    assert (await tokens().verify(signed())).id == who.id
    assert (await tokens().verify(signed(sub="bob"))).id != who.id


@pytest.mark.parametrize(
    ("settings", "said", "scopes"),
    [
        ({}, {"scope": ["infer", 3]}, {"infer"}),
        ({}, {"scope": "*"}, set()),
        ({}, {"scope": None}, set()),
        ({"jwt_scopes": ("infer",)}, {"scope": None}, {"infer"}),
        ({"jwt_scope_claim": "roles"}, {"roles": ["chat"]}, {"chat"}),
    ],
)
async def test_scopes_come_from_the_claim(settings: Any, said: Any, scopes: set[str]) -> None:
    assert (await tokens(**settings).verify(signed(**said))).scopes == scopes


@pytest.mark.parametrize(
    ("settings", "said", "places"),
    [
        ({}, {"serai_places": ["local"]}, None),
        ({"jwt_places": ("local",)}, {}, ("local",)),
        ({"jwt_places_claim": "where"}, {"where": "local groq"}, ("local", "groq")),
        ({"jwt_places_claim": "where"}, {"where": ["local", 3]}, ("local",)),
        ({"jwt_places_claim": "where", "jwt_places": ("groq",)}, {}, ("local",)),
    ],
)
async def test_a_token_may_be_bound_to_places(settings: Any, said: Any, places: Any) -> None:
    checked = tokens(**settings)
    who = await checked.verify(signed(**said))
    assert who.limits.places == places == checked.later(who.id).limits.places


async def test_what_is_done_later_for_a_token_that_nobody_remembers_stays_here() -> None:
    assert tokens(jwt_places_claim="where").later("jwt_x").limits.places == ("local",)
    assert tokens().later("jwt_x").limits is NO_LIMITS


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": int(time.time()) - 1}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": -(10**400)}, "expired"),
        ({"nbf": int(time.time()) + 3600}, "nbf|not yet"),
        ({"iat": int(time.time()) + 3600}, "iat|future"),
        ({"aud": "another"}, "aud"),
        ({"aud": ["another", "third"]}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": {"serai": 1}}, "aud"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
    ],
)
async def test_claims_that_do_not_fit_are_refused_in_words(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Unauthenticated, match=said):
        await tokens().verify(signed(**changes))


async def test_a_token_for_somebody_else_is_refused_where_no_audience_is_set() -> None:
    with pytest.raises(Unauthenticated, match="audience"):
        await tokens(jwt_audience="").verify(signed())
    assert await tokens(jwt_audience="").verify(signed(aud=None))


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(algorithm: Any = "none", signature: str = "", **header: Any) -> str:
    return f"{part({'alg': algorithm, **header})}.{part(claims())}.{signature}"


def hmac_by(key: bytes) -> str:
    """A token that says HS256 and is signed with a public key's text, which everybody knows."""
    text = f"{part({'alg': 'HS256'})}.{part(claims())}"
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "token",
    [
        unsigned(),
        unsigned("None"),
        unsigned("NONE"),
        unsigned(""),
        unsigned(None),
        unsigned(["HS256"]),
        unsigned({"a": 1}),
        unsigned("HS256"),
        unsigned("HS384", "AAAA"),
        unsigned("RS256", "AAAA"),
        hmac_by(RSA.as_pem(private=False)),
        hmac_by(b""),
        signed()[:-2],
        signed() + "A",
        signed(OctKey.import_key("b" * 40)),
        "..",
        "a.b.c",
        "é.b.c",
        part([1]) + "." + part(claims()) + ".AAAA",
        "." * 2 + "x" * 9000,
        signed(padding="x" * 9000),
        signed(header={"kid": "../../etc/passwd"}, aud="x"),
    ],
)
async def test_forged_tokens_open_nothing(token: str) -> None:
    opens = tokens(jwt_public_key=RSA.as_pem(private=False).decode())
    with pytest.raises(Unauthenticated):
        await opens.verify(token)


@pytest.mark.parametrize(
    "header",
    [{"jku": "https://evil.example"}, {"jwk": EC.as_dict()}, {"x5u": "x"}, {"crit": ["exp"]}, {"kid": 7}, {"kid": {}}],
)
async def test_a_header_that_brings_its_own_way_is_refused(header: dict[str, Any]) -> None:
    token = f"{part({'alg': 'HS256', **header})}.{part(claims())}.AAAA"
    with pytest.raises(Unauthenticated, match="header"):
        await tokens().verify(token)


async def test_a_secret_that_can_be_guessed_is_not_used(caplog: Any) -> None:
    with pytest.raises(Unauthenticated, match="log says why"):
        await tokens("secret").verify(signed())
    assert "shorter than 32" in caplog.text


async def test_nothing_is_configured_and_nothing_opens() -> None:
    assert not await tokens(None).configured()
    with pytest.raises(Unauthenticated):
        await tokens(None).verify(signed())


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA"), (ED, "Ed25519")])
async def test_a_public_key_opens_to_its_own_kind_of_signature(key: Any, algorithm: str) -> None:
    opens = tokens(None, jwt_public_key=key.as_pem(private=False).decode())
    assert await opens.verify(signed(key, {"alg": algorithm}))
    for other, its in ((RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")):
        if other is not key:
            with pytest.raises(Unauthenticated):
                await opens.verify(signed(other, {"alg": its}))


async def test_a_private_key_in_the_settings_is_no_public_one() -> None:
    with pytest.raises(Unauthenticated):
        await tokens(None, jwt_public_key=EC.as_pem(private=True).decode()).verify(signed(EC, {"alg": "ES256"}))


@dataclass
class Service:
    """The trusted service's address of keys."""

    url: str = ""
    keys: list[Any] = field(default_factory=lambda: [RSA.as_dict(private=False), EC.as_dict(private=False)])
    asked: int = 0
    status: int = 200
    body: Callable[[], bytes] | None = None

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        body = self.body() if self.body else json.dumps({"keys": self.keys}).encode()
        return web.Response(status=self.status, body=body)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = Service()
    app = web.Application()
    app.router.add_get("/keys", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    yield found
    await runner.cleanup()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def remote(service: Service, clock: Clock, **settings: Any) -> Tokens:
    return tokens(None, KeySet(clock), jwt_keys_url=service.url, **settings)


async def test_keys_are_fetched_once_and_anew_after_a_while(service: Service) -> None:
    clock = Clock()
    opens = remote(service, clock)
    for key, algorithm in ((RSA, "RS256"), (EC, "ES256")):
        assert await opens.verify(signed(key, {"alg": algorithm, "kid": key.kid}))
        assert await opens.verify(signed(key, {"alg": algorithm}))
    assert service.asked == 1
    clock.now += keyset.FRESH_S + 1
    await opens.verify(signed(EC, {"alg": "ES256", "kid": "ec"}))
    assert service.asked == 2


async def test_a_new_key_is_found_but_strangers_do_not_have_it_asked_for(service: Service) -> None:
    clock = Clock()
    opens = remote(service, clock)
    await opens.verify(signed(EC, {"alg": "ES256", "kid": "ec"}))
    for number in range(20):
        with pytest.raises(Unauthenticated):
            await opens.verify(signed(ED, {"alg": "EdDSA", "kid": f"k{number}"}))
    assert service.asked == 1
    service.keys.append(ED.as_dict(private=False))
    clock.now += 5
    assert await opens.verify(signed(ED, {"alg": "EdDSA", "kid": "ed"}))
    assert service.asked == 2


async def test_keys_go_on_while_their_service_is_away_but_not_for_ever(service: Service) -> None:
    clock = Clock()
    opens = remote(service, clock)
    token = signed(EC, {"alg": "ES256", "kid": "ec"})
    await opens.verify(token)
    service.status = 503
    clock.now += keyset.FRESH_S + 1
    assert await opens.verify(token)
    clock.now += keyset.STALE_S
    with pytest.raises(Unreachable, match="cannot be had"):
        await opens.verify(token)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"keys": 7}', b'{"keys": [7, {}, {"kty": "oct", "k": "AAAA"}]}', b"x" * 300_000]
)
async def test_a_service_that_gives_nonsense_opens_nothing(service: Service, body: bytes) -> None:
    service.body = lambda: body
    with pytest.raises((Unreachable, Unauthenticated)):
        await remote(service, Clock()).verify(signed(EC, {"alg": "ES256", "kid": "ec"}))


async def test_a_shared_secret_among_public_keys_opens_nothing(service: Service) -> None:
    """Else whoever reads the public keys could sign."""
    service.keys.append({"kty": "oct", "k": part("x" * 40), "kid": "shared", "alg": "HS256"})
    with pytest.raises(Unauthenticated):
        await remote(service, Clock()).verify(signed(OctKey.import_key("x" * 40), {"kid": "shared"}))


async def test_weak_keys_and_keys_for_encryption_are_left_out(service: Service) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    service.keys = [weak.as_dict(private=False), EC.as_dict(private=False) | {"use": "enc"}, RSA.as_dict(private=False)]
    for key, algorithm in ((weak, "RS256"), (EC, "ES256")):
        with pytest.raises(Unauthenticated):
            await remote(service, Clock()).verify(signed(key, {"alg": algorithm, "kid": key.kid}))


async def test_an_address_without_issuer_or_audience_opens_nothing(service: Service, caplog: Any) -> None:
    for missing in ("jwt_issuer", "jwt_audience"):
        with pytest.raises(Unauthenticated, match="log says why"):
            await remote(service, Clock(), **{missing: ""}).verify(signed(EC, {"alg": "ES256"}, aud=None))
    assert service.asked == 0 and "auth.jwt_issuer" in caplog.text


async def test_a_redirect_is_not_followed(service: Service) -> None:
    service.status = 302
    with pytest.raises(Unreachable):
        await remote(service, Clock()).verify(signed(EC, {"alg": "ES256", "kid": "ec"}))
