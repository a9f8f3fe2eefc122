from __future__ import annotations

from pathlib import Path

import pytest

from serai.hub import known
from serai.hub.known import Kept, Known, Query
from serai.hub.listing import Listed


@pytest.fixture
def cache(tmp_path: Path) -> Known:
    return Known(tmp_path / "catalogue.db")


def model(name: str, **facts: object) -> Listed:
    return Listed(name=name, **facts)  # type: ignore[arg-type]


def names(cache: Known, **asked: object) -> list[str]:
    return [found.name for found in cache.find(Query(**asked))[0]]  # type: ignore[arg-type]


def test_what_is_known_is_found_by_words_and_facts(cache: Known) -> None:
    cache.put([model("a/Phi-mini", task="chat", languages=("en",), downloads=5), model("b/phi", formats=("gguf",))])
    assert names(cache, text="PHI") == ["a/Phi-mini", "b/phi"]
    assert names(cache, text="phi mini") == names(cache, task="chat") == names(cache, language="en") == ["a/Phi-mini"]
    assert names(cache, format="gguf") == ["b/phi"] and names(cache, language="e") == []


def test_a_number_of_parameters_leaves_out_what_is_unknown(cache: Known) -> None:
    cache.put([model(f"a/{n}", parameters=n) for n in (10**8, 7 * 10**9)] + [model("a/unknown")])
    assert names(cache, min_parameters=10**9) == ["a/7000000000"]
    assert names(cache, max_parameters=10**9) == names(cache, min_parameters=5, max_parameters=10**8) == ["a/100000000"]
    assert len(names(cache)) == 3


def test_pages_follow_each_other(cache: Known) -> None:
    cache.put([model(f"a/m{n}", downloads=n) for n in range(5)])
    first, cursor = cache.find(Query(limit=3))
    rest, end = cache.find(Query(limit=3, cursor=cursor))
    assert [found.name for found in (*first, *rest)] == ["a/m4", "a/m3", "a/m2", "a/m1", "a/m0"] and end == ""


def test_what_is_here_does_not_displace_what_the_hub_told(cache: Known) -> None:
    cache.put([model("a/b", downloads=7)])
    cache.put([model("a/b"), model("a/c")], replace=False)
    told, new = cache.model("a/b"), cache.model("a/c")
    assert told is not None and told.downloads == 7 and new is not None


def test_it_is_bounded(cache: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_ANSWERS", 2)
    for n in range(4):
        cache.keep(f"k{n}", Kept(n, at=float(n)))
    assert [cache.answer(f"k{n}") is not None for n in range(4)] == [False, False, True, True]


def test_a_damaged_file_is_begun_anew(cache: Known, tmp_path: Path) -> None:
    (tmp_path / "catalogue.db").write_bytes(b"no database" * 1000)
    assert cache.names() == []
    cache.put([model("a/b")])
    assert cache.names() == ["a/b"]


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    cache = Known(tmp_path / "none" / "catalogue.db")
    cache.put([model("a/b")])
    assert cache.names() == [] and cache.answer("k") is None


def test_foreign_words_are_only_words(cache: Known) -> None:
    cache.put([model("a/b")])
    assert names(cache, text="' OR 1 --") == [] and names(cache, text="b", cursor="9" * 400) == ["a/b"]


def test_ten_thousand_models_are_searched_among(cache: Known) -> None:
    cache.put([model(f"org{n % 97}/model-{n}", tags=("gguf", "en"), downloads=n) for n in range(10_000)])
    assert names(cache, text="model-999 org", limit=2) == ["org8/model-9999", "org7/model-9998"]
