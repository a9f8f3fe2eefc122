from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serai.types import ModelRef, new_id

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(lambda name: ".." not in name)

NO_NAMES = ["", " ", "/", "org/", "/name", "a/b/c", "../etc", "a/../b", "a..b", "name:", "name@", "na me", "name\n"]
NO_NAMES += ["نام", "a" * 97, "a/" + "b" * 97, "name:a:b", "name@a@b", "name@main:Q4", ".hidden", "name@../x", "a\\b"]
NO_NAMES += ["-x", "%2e%2e/x"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("serai-guide", ("serai-guide", None, None)),
        ("org/name", ("org/name", None, None)),
        ("org/name:Q4_K_M", ("org/name", "Q4_K_M", None)),
        ("org/name@refs/pr/1", ("org/name", None, "refs/pr/1")),
        ("org/name:Q8_0@main", ("org/name", "Q8_0", "main")),
        ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", None, None)),
    ],
)
def test_names_are_read(text: str, parts: tuple[str, str | None, str | None]) -> None:
    ref = ModelRef.parse(text)
    assert (ref.name, ref.variant, ref.revision) == parts
    assert str(ref) == text


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_name_is_refused_with_the_grammar(text: str) -> None:
    with pytest.raises(ValueError, match="is not a model name: write org/name"):
        ModelRef.parse(text)


@settings(deadline=None)
@given(NAMES, NAMES, st.none() | NAMES, st.none() | NAMES)
def test_writing_and_reading_are_inverse(org: str, name: str, variant: str | None, revision: str | None) -> None:
    ref = ModelRef(f"{org}/{name}", variant, revision)
    assert ModelRef.parse(str(ref)) == ref


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_name_or_a_value_error(text: str) -> None:
    try:
        assert str(ModelRef.parse(text)) == text
    except ValueError:
        return


def test_ids_are_unique_and_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len({new_id("job") for _ in range(1_000)}) == 1_000
    moments = [time.time_ns() + step * 1_000_000 for step in range(50)]
    monkeypatch.setattr(time, "time_ns", iter(moments).__next__)
    ids = [new_id("job") for _ in moments]
    assert ids == sorted(ids) and all(len(each) == len("job_") + 24 for each in ids)
