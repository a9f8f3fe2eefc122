"""Which calls leave nothing to chance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.scripted import MODEL

from serai.routing.cache import wanted
from serai.types import CHAT, Call, Wishes


@pytest.mark.parametrize(
    ("settings", "fixed"),
    [
        ({}, False),
        ({"temperature": 0}, True),
        ({"temperature": 0.0, "top_p": 0.5}, True),
        ({"temperature": 0.7}, False),
        ({"temperature": 0.7, "seed": 0}, True),
        ({"temperature": 0, "dynatemp_range": 1.0}, False),
        ({"temperature": 0, "xtc_probability": 0.5}, False),
        ({"temperature": 0, "samplers": ["top_k"]}, False),
    ],
)
def test_a_chat_has_one_answer_where_its_settings_leave_no_choice(settings: dict[str, Any], fixed: bool) -> None:
    call = Call(task=CHAT, model="m", inputs={}, settings=settings)
    assert wanted.fixed(call, MODEL) is fixed


def test_the_models_own_settings_count() -> None:
    model = replace(MODEL, settings={"temperature": 0})
    assert wanted.fixed(Call(task=CHAT, model="m", inputs={}), model)
    assert not wanted.fixed(Call(task=CHAT, model="m", inputs={}, settings={"temperature": 1}), model)


def test_a_picture_by_seed_has_one_answer() -> None:
    call = Call(task="text-to-image", model="m", inputs={}, settings={"seed": 7}, wishes=Wishes(cache=True))
    assert wanted.applies(call, MODEL, "tasks")
    assert not wanted.applies(replace(call, settings={"temperature": 0}), MODEL, "all")


@pytest.mark.parametrize(
    ("wish", "enabled", "applies"),
    [(True, "tasks", True), (True, "off", False), (None, "tasks", False), (None, "all", True), (False, "all", False)],
)
def test_a_wish_goes_before_the_setting_but_off_is_off(wish: bool | None, enabled: Any, applies: bool) -> None:
    call = Call(task=CHAT, model="m", inputs={}, settings={"seed": 1}, wishes=Wishes(cache=wish))
    assert wanted.applies(call, MODEL, enabled) is applies
