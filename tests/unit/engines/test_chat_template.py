"""A chat template that was set for a model takes the place of its own."""

from __future__ import annotations

from pathlib import Path

from serai.engines import llama_cpp
from serai.hosting.launching import Machine, plan
from serai.registry import Launch
from serai.settings import Models
from serai.types import Model

MACHINE = Machine(cores=2, busy=0, memory=8 << 30, answering=0)


def test_what_was_set_for_a_model_reaches_its_process(tiny: Path) -> None:
    model = Model(
        name="m", task="chat", source="file", path=str(tiny), format="gguf", loading={"chat_template": "{{ tools }}"}
    )
    launch = plan("llama.cpp", model, Models(), None, MACHINE)
    assert llama_cpp._template(launch) == launch.chat_template == "{{ tools }}"


def test_one_that_knows_no_tools_is_taught_to(tiny: Path) -> None:
    launch = Launch(engine="llama.cpp", model="m", path=str(tiny), chat_template="{{ messages[0].content }}")
    assert llama_cpp._template(launch).endswith("{{ messages[0].content }}")
    assert "tools" in llama_cpp._template(launch)
