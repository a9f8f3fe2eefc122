from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from serai.telemetry.metrics import Counter, Histogram, Metrics
from serai.types import CHAT, Attempt, Call, Record, Usage

NOTHING = Usage()
LINE = re.compile(r'[a-z_]+(\{[a-z]+="(\\.|[^"\\\n])*"(,[a-z]+="(\\.|[^"\\\n])*")*\})? -?[0-9.e+-]+')


def record(model: str, usage: Usage = NOTHING, error: str = "") -> Record:
    call = Call(task=CHAT, model=model, inputs={})
    status: Any = "failed" if error else "done"
    told: dict[str, Any] = {"call": call, "model": model, "backend": "llama.cpp", "place": "local", "tried": ()}
    return Record(**told, status=status, error=error, usage=usage, started_at=1.0)


def test_a_call_is_counted_once_everywhere() -> None:
    metrics = Metrics()
    usage = Usage(prompt_tokens=10, cached_tokens=4, completion_tokens=5, first_token_s=0.03, total_s=2.0)
    metrics.ended(record("guide", usage))
    text = metrics.render()
    who = 'model="guide",backend="llama.cpp"'
    for line in (
        f'serai_calls_total{{{who},status="done"}} 1',
        f"serai_prompt_tokens_total{{{who}}} 10",
        f"serai_cached_tokens_total{{{who}}} 4",
        f"serai_completion_tokens_total{{{who}}} 5",
        f'serai_first_token_seconds_bucket{{{who},le="0.025"}} 0',
        f'serai_first_token_seconds_bucket{{{who},le="0.05"}} 1',
        f"serai_call_seconds_sum{{{who}}} 2",
        f"serai_call_seconds_count{{{who}}} 1",
    ):
        assert line in text.splitlines()


def test_a_call_that_failed_is_counted_by_its_error() -> None:
    metrics = Metrics()
    for _ in range(3):
        metrics.ended(record("guide", error="busy"))
    assert 'serai_calls_total{model="guide",backend="llama.cpp",status="busy"} 3' in metrics.render()


def test_fallbacks_errors_cost_and_hits_are_counted() -> None:
    metrics = Metrics()
    tried = (
        Attempt(backend="far", model="far/m", reason="away", code="unreachable"),
        Attempt(backend="other", reason="not asked", code="forbidden", tried=False),
    )
    for usage in (Usage(cost=0.25), Usage(cost=0.5, from_cache=True), Usage(prompt_tokens=3)):
        metrics.ended(replace(record("shore/m", usage, error="busy"), place="shore", tried=tried))
    text = metrics.render()
    who = 'model="shore/m",backend="llama.cpp"'
    for line in (
        f'serai_errors_total{{{who},code="busy"}} 3',
        'serai_fallbacks_total{model="far/m",backend="far",cause="unreachable"} 3',
        f"serai_cost_dollars_total{{{who}}} 0.75",
        f"serai_unpriced_calls_total{{{who}}} 1",
        f"serai_cache_hits_total{{{who}}} 1",
    ):
        assert line in text.splitlines()
    assert "forbidden" not in text


def test_everything_is_in_prometheus_s_form() -> None:
    metrics = Metrics()
    metrics.gauge("serai_models_loaded", "Models in memory.", lambda: 2)
    metrics.gauge("serai_model_memory_bytes", "Memory by model.", lambda: {"a": 1.5e9, 'b"\n\\': 2})
    metrics.ended(record('we"ird\n\\name', Usage(first_token_s=0.1, total_s=0.2)))
    text = metrics.render()
    assert text.endswith("\n")
    for line in text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or LINE.fullmatch(line), line
    assert "serai_models_loaded 2" in text and 'serai_model_memory_bytes{model="a"} 1500000000' in text


def test_buckets_count_up_to_and_with_their_bound() -> None:
    histogram = Histogram("h", "x", bounds=(1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 99.0):
        histogram.observe((), value)
    lines = histogram.lines()[2:]
    assert lines == ['h_bucket{le="1"} 2', 'h_bucket{le="2"} 3', 'h_bucket{le="+Inf"} 4', "h_sum 102", "h_count 4"]


def test_many_names_do_not_make_the_server_grow() -> None:
    counter = Counter("c", "x")
    for number in range(5_000):
        counter.add((("model", str(number)),))
    assert len(counter.lines()) == 2 + 1_001
    assert 'c{model="other"} 4000' in counter.lines()
