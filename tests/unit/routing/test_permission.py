from __future__ import annotations

import pytest

from serai.errors import Forbidden
from serai.routing import permission
from serai.types import NO_LIMITS, Limits, Model

LOCAL = Model(name="org/one:Q4_K_M", task="text-generation")
FAR = Model(name="org/far", task="text-generation", place="cloud")


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("org/one", "org/one:Q4_K_M", True),
        ("org/one:Q4_K_M", "org/one:Q4_K_M", True),
        ("org/one:Q8_0", "org/one:Q4_K_M", False),
        ("ORG/*", "org/one:Q4_K_M", True),
        ("org/*", "orgs/one", False),
        ("org/*", "my-org/one", False),
        ("*", "any/thing", True),
        ("*one*", "org/one", True),
        ("org.*", "org/one", False),
        ("org/o?e", "org/one", False),
        ("org/one", "org/one-more", False),
        ("org/one", "org/one@main", True),
    ],
)
def test_patterns(pattern: str, name: str, fits: bool) -> None:
    assert permission.names(Limits(models=(pattern,)), name) is fits


@pytest.mark.parametrize(
    ("limits", "local", "far"),
    [
        (NO_LIMITS, True, True),
        (Limits(places=("local",)), True, False),
        (Limits(places=("cloud",)), False, True),
        (Limits(places=()), False, False),
        (Limits(models=()), False, False),
        (Limits(spend_per_day=100.0), True, True),
        (Limits(spend_per_month=0.0), True, True),
    ],
)
def test_places_but_not_money(limits: Limits, local: bool, far: bool) -> None:
    assert [permission.allows(limits, model) for model in (LOCAL, FAR)] == [local, far]
    assert permission.visible(limits, [LOCAL, FAR]) == [m for m, may in ((LOCAL, local), (FAR, far)) if may]


def test_a_refusal_says_which_limit_it_was() -> None:
    for limits, said in (
        (Limits(models=("a/*",)), "may not ask 'org/far'"),
        (Limits(places=("local",)), "may not leave this machine, and org/far is at 'cloud'"),
        (Limits(places=("sky",)), "may not be used at 'cloud'"),
    ):
        with pytest.raises(Forbidden, match=said):
            permission.check(limits, FAR)


def test_a_name_that_is_left_out_is_refused_alike_whether_it_is_there_or_not() -> None:
    limits = Limits(models=("a/*",))
    there = permission.refusal("org/far", limits, [LOCAL, FAR])
    nowhere = permission.refusal("org/fat", limits, [LOCAL, FAR])
    assert there is not None and nowhere is not None
    assert there.as_dict()["message"].replace("far", "fat") == nowhere.as_dict()["message"]
    assert permission.refusal("a/none", limits, [LOCAL, FAR]) is None


def test_the_default_counts_only_where_it_may_be_asked() -> None:
    assert permission.default("org/far", [LOCAL, FAR]) == "org/far"
    assert permission.default("org/far", [LOCAL]) == "auto"
