"""What a collector of OpenTelemetry is sent, over the real wire; its own schema reads it."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from tests.unit.monitor.past import AT, failed, past, record

from serai.monitor.conventions import attributes, said
from serai.monitor.traces import Traces
from serai.monitor.words import Words
from serai.settings import Monitor
from serai.types import Delta

SETTINGS = {"temperature": 0.5, "max_tokens": 9, "stop": ["secret words"]}
MEASURED = {"prompt_tokens": 10, "completion_tokens": 5, "first_token_s": 0.2, "total_s": 1.5, "cost": 0.25}


class Collector:
    """An OTLP/HTTP collector's twin: keeps what it is sent."""

    def __init__(self) -> None:
        self.url = ""
        self.sent: dict[str, list[bytes]] = {"traces": [], "metrics": []}
        self.headers: list[str | None] = []

    async def take(self, request: web.Request) -> web.Response:
        assert request.content_type == "application/x-protobuf"
        self.headers.append(request.headers.get("x-team"))
        self.sent[request.match_info["signal"]].append(await request.read())
        return web.Response(content_type="application/x-protobuf")

    def spans(self) -> list[Any]:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest as Sent

        every = [Sent.FromString(body).resource_spans for body in self.sent["traces"]]
        return [span for one in every for resource in one for scope in resource.scope_spans for span in scope.spans]

    def metrics(self) -> dict[str, Any]:
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest as Sent

        every = [Sent.FromString(body).resource_metrics for body in self.sent["metrics"]]
        found = [m for one in every for resource in one for scope in resource.scope_metrics for m in scope.metrics]
        return {metric.name: metric for metric in found}

    def service(self) -> str:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest as Sent

        return values(Sent.FromString(self.sent["traces"][0]).resource_spans[0].resource)["service.name"]  # type: ignore[no-any-return]


def values(holder: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in holder.attributes}


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    pytest.importorskip("opentelemetry.sdk")
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/{signal}", collector.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await runner.cleanup()


async def open_(url: str, **settings: Any) -> Traces:
    async def headers() -> str:
        return "x-team=a%20b"

    traces = Traces(lambda: Monitor(otel_url=url, **settings), headers)
    await traces.start()
    return traces


async def test_a_collector_is_sent_spans_and_metrics_by_the_conventions() -> None:
    async with collecting() as collector:
        traces = await open_(collector.url)
        traces.add(past(**MEASURED)._replace(settings=SETTINGS))
        traces.add(failed("busy", place="shore", backend="shore", total_s=0.1))
        await traces.close()
        await traces.close()
        done, broken = collector.spans()
        told = values(done)
        assert (done.name, done.kind, broken.status.code) == ("chat auto", 3, 2)
        assert (done.start_time_unix_nano, done.end_time_unix_nano - done.start_time_unix_nano) == (AT * 1e9, 1.5e9)
        assert told["gen_ai.provider.name"] == "serai" and values(broken)["gen_ai.provider.name"] == "shore"
        assert (told["gen_ai.request.model"], told["gen_ai.response.model"]) == ("auto", "org/m")
        assert (told["gen_ai.usage.input_tokens"], told["gen_ai.request.temperature"]) == (10, 0.5)
        assert values(broken)["error.type"] == "busy" and "secret words" not in str(done)
        metrics = collector.metrics()
        duration = metrics["gen_ai.client.operation.duration"]
        assert duration.unit == "s" and sum(point.count for point in duration.histogram.data_points) == 2
        assert duration.histogram.data_points[0].explicit_bounds[0] == 0.01
        kinds = {
            values(p)["gen_ai.token.type"]: p.sum for p in metrics["gen_ai.client.token.usage"].histogram.data_points
        }
        assert kinds == {"input": 10, "output": 5}
        assert metrics["gen_ai.client.operation.time_to_first_chunk"].histogram.data_points[0].count == 1
        assert (collector.service(), set(collector.headers)) == ("serai", {"a b"})


async def test_words_are_sent_only_where_they_were_heard() -> None:
    async with collecting() as collector:
        traces = await open_(collector.url, otel_words=True)
        told = record(**MEASURED)
        words = Words()
        words.hear(Delta(text="Hello", finish="stop"))
        told.call.inputs = {"messages": [{"role": "user", "content": "hi"}]}
        traces.heard(told.call, words)
        traces.add(past()._replace(id=told.call.id))
        traces.add(past())
        await traces.close()
        first, second = (values(span) for span in collector.spans())
        assert '"content":"Hello"' in first["gen_ai.output.messages"] and "hi" in first["gen_ai.input.messages"]
        assert "gen_ai.output.messages" not in second


async def test_a_collector_that_is_away_holds_up_nothing() -> None:
    async with collecting():
        pass
    traces = await open_("http://127.0.0.1:9")
    traces.add(past())
    await traces.close()


async def test_without_the_packages_the_log_says_which(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    traces = await open_("http://127.0.0.1:9")
    traces.add(past())
    await traces.close()
    assert "serai[otel]" in caplog.text


async def test_where_no_collector_is_named_nothing_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serai.monitor.traces._Exporter", lambda *_: pytest.fail("imported"))
    traces = await open_("")
    traces.add(past())
    await traces.close()


def test_a_span_says_nothing_that_is_not_known() -> None:
    told = attributes(past())
    assert not any(value in (None, "", []) for value in told.values())
    assert "error.type" not in told and "serai.cost_usd" not in told


def test_what_is_no_chat_is_said_as_one_message() -> None:
    words = {"inputs": {"inputs": "a text"}, "text": "more", "reasoning": "", "tool_calls": [], "finish": None}
    assert '"role":"user"' in said(words)["gen_ai.input.messages"]
