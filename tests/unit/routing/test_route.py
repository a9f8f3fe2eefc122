from datetime import datetime
from typing import Any

import pytest

from serai.errors import BadRequest
from serai.routing import route
from serai.routing.route import Facts, Route, Step, When

SATURDAY = datetime(2026, 11, 21, 23, 30).astimezone()


def facts(**given: Any) -> Facts:
    return Facts(**{"task": "chat", "prompt_tokens": 100, "tools": False, "pictures": False, "now": SATURDAY, **given})


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (When(), ""),
        (When(tasks=("feature-extraction",)), "not for chat"),
        (When(prompt_min=101), "at least 101 tokens; this has about 100"),
        (When(prompt_max=99), "at most 99 tokens"),
        (When(prompt_min=100, prompt_max=100), ""),
        (When(tools=True), "with functions"),
        (When(pictures=False), ""),
        (When(hours="08:00-18:00"), "for 08:00-18:00; it is 23:30"),
        (When(hours="22:00-06:00"), ""),
        (When(days=("mon", "tue")), "for mon, tue"),
        (When(days=("sat",)), ""),
    ],
)
def test_conditions_say_why_not(when: When, said: str) -> None:
    found = route.against(when, facts())
    assert (said in found) and bool(found) == bool(said)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "a/b"}, "name"),
        ({"name": "local"}, "name"),
        ({"name": ""}, "name"),
        ({"strategy": "luck"}, "strategy"),
        ({"steps": ()}, "steps"),
        ({"steps": (Step(model="a"),) * 33}, "steps"),
        ({"steps": (Step(model="best"),)}, "steps[0].model"),
        ({"steps": (Step(model="a", weight=-1),)}, "steps[0].weight"),
        ({"steps": (Step(model="a", when=When(hours="8-18")),)}, "steps[0].when.hours"),
        ({"steps": (Step(model="a", when=When(days=("fr",))),)}, "steps[0].when.days"),
        ({"attempts": 0}, "attempts"),
        ({"first_token_s": 0}, "first_token_s"),
    ],
)
def test_what_does_not_fit_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRequest) as caught:
        route.checked(Route(**{"name": "best", "steps": (Step(model="a"),), **changed}))
    assert caught.value.facts["field"] == field


def test_a_route_comes_back_from_its_shape_as_it_was() -> None:
    one = Route(name="best", strategy="fastest", steps=(Step(model="a", when=When(days=("mon",), tools=True)),))
    assert Route.of({**one.as_dict(), "unknown": 1}) == one
