from __future__ import annotations

from typing import Any

import pytest

from serai import loading
from serai.errors import BadRequest, UnknownField


def test_only_what_was_set_is_kept() -> None:
    given = {"context": 4096, "kv_type": "q8_0", "device": None, "adapters": {"tone": 1}}
    assert loading.check(given) == {"context": 4096, "kv_type": "q8_0", "adapters": {"tone": 1.0}}


def test_nothing_set_leaves_everything_to_serai() -> None:
    assert loading.read({}) == loading.Loading()


@pytest.mark.parametrize(
    "given", [{"context": 1}, {"kv_type": "q3"}, {"adapters": {"tone": "loud"}}, {"bits": 5}, {"device": "toaster"}]
)
def test_what_does_not_fit_is_refused_by_name(given: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as caught:
        loading.check(given)
    assert caught.value.message.startswith(next(iter(given)))


def test_an_unknown_field_is_refused_by_name() -> None:
    with pytest.raises(UnknownField, match="contxt"):
        loading.check({"contxt": 4096})
