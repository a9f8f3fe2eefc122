"""Which model an agent gets, and what it will lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serai.errors import SeraiError
from serai.types import AUTO, TEXT_GENERATION

if TYPE_CHECKING:
    from serai.cli.launching.agents import Agent
    from serai.client import Client

Json = dict[str, Any]


def choose(client: Client, wanted: str) -> Json:
    """The model by its name; for `auto` the default one, else the one that was used last, the embedded one at last.
    Raises ModelNotFound."""
    if wanted == AUTO:
        default = next((row["value"] for row in client.settings() if row["key"] == "models.default"), AUTO)
        wanted = default or AUTO
    if wanted != AUTO:
        return client.model(wanted)
    able = [model for model in client.models() if model["task"] in (TEXT_GENERATION, "chat")]
    return max(able, key=lambda model: (model["source"] != "embedded", model.get("last_used_at") or 0))


def context(client: Client, model: Json) -> int:
    """How many tokens it reads for each call, as it runs or would be loaded."""
    most = model.get("context_length") or 0
    try:
        loaded = client.fit(model["name"])["loading"].get("context") or most
    except SeraiError:
        return most
    return min(most, loaded) if most else loaded


def lacks(client: Client, agent: Agent, model: Json, tokens: int) -> list[str]:
    """What the agent needs and this model has not, each with the way forward."""
    found: list[str] = []
    if 0 < tokens < agent.context:
        found.append(_short(agent, model, tokens))
    if agent.tools and not _knows_tools(client, model["name"]):
        text = f"{model['name']} was not made for tools, which {agent.title} works with."
        found.append(f"{text} Serai teaches it, but expect little; choose another with --model.")
    return found


def _short(agent: Agent, model: Json, tokens: int) -> str:
    text = f"{model['name']} reads {tokens:,} tokens, and {agent.title} needs about {agent.context:,}."
    if (model.get("context_length") or 0) >= agent.context:
        return f"{text} It can read more: `serai config set models.context {agent.context}`, then `serai stop` it."
    return f"{text} Choose a model with a longer context with --model."


def _knows_tools(client: Client, name: str) -> bool:
    """Whether its template has a place for them."""
    try:
        template = str(client.request("POST", "/api/show", {"model": name}).get("template") or "tools")
    except SeraiError:
        return True  # nothing is known against it
    return "tools" in template.lower()
