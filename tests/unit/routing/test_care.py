from __future__ import annotations

from tests.fakes.scripted import ScriptedBackend

from serai.routing.care import Care
from serai.settings import Routing
from serai.types import CHAT, Call


class Shore(ScriptedBackend):
    """A service that takes so many calls at once."""

    def __init__(self, at_once: int | None) -> None:
        super().__init__(name="shore")
        self.at_once = at_once


def call() -> Call:
    return Call(task=CHAT, model="m", inputs={})


async def test_how_many_a_service_takes_at_once_holds_as_it_was_set_last() -> None:
    care = Care(Routing, None, lambda _: None)
    before, now = care.places(Shore(1)), care.places(Shore(2))
    assert before is not None and before is now
    async with before.place(call()), now.place(call()):
        assert now.running == 2 and len(now) == 0


async def test_any_number_is_no_queue() -> None:
    care = Care(Routing, None, lambda _: None)
    assert care.places(Shore(1)) is not None and care.places(Shore(None)) is None
