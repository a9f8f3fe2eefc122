from __future__ import annotations

import json

import pytest

from serai.cli.launching.agents import Agent, Told, agent, agents
from serai.errors import NotFound

TOLD = Told("http://127.0.0.1:7372", "serai-key", "org/name:Q4_K_M", 32768)
each = pytest.mark.parametrize("known", agents().values(), ids=agents())


@each
def test_an_entry_is_whole(known: Agent) -> None:
    assert known.title and known.environment and known.speaks in ("openai", "anthropic", "ollama")
    assert bool(known.program) == bool(known.install) == bool(known.context)


@each
def test_everything_is_filled_in(known: Agent) -> None:
    addition = known.addition(TOLD)
    said = json.dumps([known.variables(TOLD), known.words(TOLD), str(addition)])
    assert "{{" not in said and TOLD.url in said
    assert TOLD.model in said or known.name == "ollama"


@each
def test_a_key_is_in_the_environment_alone(known: Agent) -> None:
    assert TOLD.key in known.variables(TOLD).values()
    assert TOLD.key not in json.dumps([known.words(TOLD), str(known.addition(TOLD))])


def test_what_is_json_is_json() -> None:
    config = json.loads(agent("opencode").variables(TOLD)["OPENCODE_CONFIG_CONTENT"])
    assert config["model"] == "serai/org/name:Q4_K_M"
    assert config["provider"]["serai"]["models"]["org/name:Q4_K_M"]["limit"] == {"context": 32768, "output": 8192}


def test_an_unknown_one_is_said_with_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        agent("clude")
    assert "claude" in caught.value.hint
