from __future__ import annotations

from typing import Any


def test_search_shows_a_table_with_what_fits(cli: Any) -> None:
    out = cli("search", "phi").stdout
    assert "org/phi-GGUF" in out and "610 MB" in out and "1.23 M" in out and "fits" in out and "gated" in out


def test_search_passes_on_what_was_asked(cli: Any) -> None:
    wishes = ("--task", "chat", "--author", "org", "--license", "mit", "--language", "fa", "--format", "gguf")
    found = cli.json("search", "tiny", "phi", *wishes, "--sort", "likes", "--limit", "5", "--library", "x")
    told = {"task": "chat", "author": "org", "license": "mit", "speaks": "fa", "format": "gguf", "library": "x"}
    assert found["asked"] == {"query": "tiny phi", "sort": "likes", "limit": "5", **told}


def test_search_says_that_the_hub_is_away_or_nothing_matches(cli: Any) -> None:
    assert "The hub cannot be reached. These are the models that are known here." in cli("search", "away").stderr
    assert "No model matches" in cli("search", "nothing").stderr


def test_show_tells_of_a_model_that_is_not_here(cli: Any) -> None:
    out = cli("show", "org/phi-GGUF:Q4_K_M@main").stdout
    assert "not yet" in out and "Its makers answer each who asks." in out
    assert "org/phi-GGUF:Q4_K_M" in out and "recommended" in out and "serai pull org/phi-GGUF" in out
    assert cli.json("show", "org/phi-GGUF")["variants"][0]["size"] == 6e8


def test_show_of_what_is_nowhere_comes_with_near_names(cli: Any) -> None:
    assert "Did you mean org/phi-GGUF?" in cli("show", "org/fi", code=1).stderr
    assert "There is no model called" in cli("show", "fi", code=1).stderr


def test_search_reads_numbers_of_parameters_as_people_write_them(cli: Any) -> None:
    asked = cli.json("search", "phi", "--min", "500M", "--max", "1.5b")["asked"]
    assert (asked["min_parameters"], asked["max_parameters"]) == ("500000000", "1500000000")
    assert "write 500M or 3B" in cli("search", "--max", "many", code=2).stderr
