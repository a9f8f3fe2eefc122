"""An Endpoint as a remote service of this Serai."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from serai.errors import Conflict
from serai.providers.endpoints.accounts import KIND, Where
from serai.providers.endpoints.endpoints import Endpoints
from serai.providers.endpoints.shapes import Endpoint
from serai.providers.providers import Providers
from serai.providers.rows import Row
from serai.settings import SECRET_ALIASES
from serai.tasks.families import family_of
from serai.types import FEATURE_EXTRACTION, TEXT_GENERATION

_SAME = {"sentence-similarity": FEATURE_EXTRACTION, "sentence-embeddings": FEATURE_EXTRACTION}
"""What Hugging Face calls a task of ours otherwise."""


async def use(
    endpoints: Endpoints,
    providers: Providers,
    name: str,
    where: Where,
    called: str,
    variable: Callable[[str], str | None],
) -> Row:
    """Adds an Endpoint as a service called `called`, with its task, and with the token where its address is Hugging
    Face's own: as the variable that holds it, else as a kept key. Raises Conflict where it has no address yet, or the
    name is taken."""
    found = (await endpoints.get(name, where)).endpoint
    if not found.url:
        hint = f"Wait for it: `serai endpoints wait {name}`."
        raise Conflict(f"{name} has no address yet; it is {found.state}.", hint=hint)
    keys, key_env = await _token(endpoints, found, where, variable)
    row = Row(name=called, kind=KIND, url=found.url, models=told(found), key_env=key_env)
    return await providers.add(row, keys)


def told(endpoint: Endpoint) -> tuple[str, ...]:
    """Its model with its task, where the Endpoint itself may not tell them."""
    task = _SAME.get(endpoint.task, endpoint.task)
    if task in ("", TEXT_GENERATION) or family_of(task) is None:
        return ()
    return (f"{endpoint.repository}={task}",)


async def _token(
    endpoints: Endpoints, found: Endpoint, where: Where, variable: Callable[[str], str | None]
) -> tuple[Sequence[str], str]:
    if found.type == "public" or not endpoints.belongs(found):
        return (), ""
    token = (await endpoints.accounts.find(where)).token
    named = next((name for name in SECRET_ALIASES["hf_token"] if variable(name) == token), "")
    return ((), named) if named else ((token,), "")
