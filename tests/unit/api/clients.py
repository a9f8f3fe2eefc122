"""The official clients of other services, unmodified, against a server on loopback."""

from __future__ import annotations

from typing import Any

import anthropic
import ollama
from tests.unit.api.conftest import Api


def for_anthropic(api: Api, **wishes: Any) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=str(api.base_url), api_key="any", max_retries=0, **wishes)


def for_ollama(api: Api) -> ollama.AsyncClient:
    return ollama.AsyncClient(host=str(api.base_url))
