"""Whose Endpoints are meant: a namespace, and the token that may manage them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from serai.errors import BadRequest, ModelFailed
from serai.providers.endpoints import hosts
from serai.providers.endpoints.management import WHO, Management
from serai.providers.providers import Providers

_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_HOME = "https://huggingface.co"
KIND = "huggingface"


@dataclass(frozen=True, slots=True)
class Where:
    """A namespace, empty for the token's own; and the service whose key is the token, empty for the hub's."""

    namespace: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """Where an Endpoint is, and with what it is managed."""

    namespace: str
    token: str = field(repr=False)


class Accounts:
    """`token` is the hub's, `hub` where that is at home, `api` where Endpoints are managed."""

    def __init__(
        self,
        management: Management,
        providers: Callable[[], Providers],
        token: Callable[[], Awaitable[str | None]],
        hub: Callable[[], str],
        api: Callable[[], str],
    ) -> None:
        self._management = management
        self._providers = providers
        self._token = token
        self._hub = hub
        self._api = api
        self._names: dict[str, str] = {}

    async def find(self, where: Where) -> Account:
        """Raises BadRequest where there is no token, or nobody can tell whose it is."""
        token = await self._key(where.service) if where.service else await self._token()
        if not token:
            hint = "Set HF_TOKEN for Serai, keep one as the secret hf_token, or name a service that has one."
            raise BadRequest("Endpoints are managed with a Hugging Face token, and there is none.", hint=hint)
        namespace = where.namespace or await self._own(token, where)
        if not _NAMESPACE.fullmatch(namespace) or ".." in namespace:
            raise BadRequest(f"{namespace[:80]!r} is no namespace.", field="namespace")
        return Account(namespace, token)

    @staticmethod
    def belongs(url: str, api: str) -> bool:
        """Whether a token may be shown to an Endpoint's address."""
        return bool(url) and hosts.belongs(url, api)

    async def _key(self, service: str) -> str:
        """The first key of a service that is Hugging Face's own. Raises NotFound or BadRequest."""
        row = await self._providers().find(service)
        if row.kind != KIND or not hosts.one_house(row.url, self._api()):
            text = f"The key of {service} is for {row.url}, and is shown to nobody else."
            raise BadRequest(text, hint="Name a service at Hugging Face itself.", field="service")
        keys = await self._providers().keys(row)
        if not keys:
            hint = f"`serai providers change {service} --keys-from -` gives it one."
            raise BadRequest(f"{service} has no key.", hint=hint, field="service")
        return keys[0]

    async def _own(self, token: str, where: Where) -> str:
        """Whose token it is. Of a mirror of the hub only the hub's own token is asked about."""
        if token not in self._names:
            hub = self._hub().rstrip("/")
            if where.service and not hosts.one_house(hub, self._api()):
                hub = _HOME if hosts.one_house(_HOME, self._api()) else ""
            if not hub:
                raise BadRequest("Whose Endpoints are meant is not known.", hint="Say it: --namespace NAME.")
            told = await self._management.ask("GET", f"{hub}/api/whoami-v2", token)
            name = told.get("name") if isinstance(told, dict) else None
            if not isinstance(name, str) or told.get("type", "user") != "user":
                raise ModelFailed(f"{WHO} does not say whose token it is.", hint="Say --namespace NAME.", who=WHO)
            self._names[token] = name
        return self._names[token]
