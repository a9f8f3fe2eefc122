"""The official clients of other services, unmodified, against a server on loopback."""

from __future__ import annotations

from typing import Any

import anthropic
import ollama
from tests.unit.api.conftest import Api


def for_anthropic(api: Api) -> anthropic.AsyncAnthropic:
    client = anthropic.AsyncAnthropic(base_url=str(api.base_url), api_key="any", max_retries=0)
    return _kept(api, "anthropic", client)


def for_ollama(api: Api) -> ollama.AsyncClient:
    return _kept(api, "ollama", ollama.AsyncClient(host=str(api.base_url)))


def _kept(api: Api, name: str, client: Any) -> Any:
    """One of each, which ends with the server's own client."""
    return api.__dict__.setdefault("others", {}).setdefault(name, client)
