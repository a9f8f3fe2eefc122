"""A trace from whoever calls, through Serai, to the service that answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.fakes.service import KEY, MODEL, FakeService, serving
from tests.fakes.waiting import until
from tests.unit.monitor.test_traces import Collector, collecting

from serai.telemetry import tracing

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CLOUD = f"cloud/{MODEL}"
SAY = [{"role": "user", "content": "hi"}]


async def far(api: Any, service: FakeService) -> None:
    added = {"name": "cloud", "kind": "openai-compatible", "url": service.url, "keys": [KEY]}
    assert (await api.post("/api/v1/providers", json=added)).status_code == 201


async def spans(api: Any, collector: Collector) -> list[Any]:
    """What the collector has been told in the end."""
    await api.services.monitor.flush()
    await api.services.monitor._traces.close()
    return collector.spans()


async def asked(api: Any, header: str | None, how: str = "chat") -> None:
    headers = {} if header is None else {"traceparent": header}
    body = {"message": "hi"} if how == "simple" else {"messages": SAY, "stream": how == "stream"}
    address = "/api/chat" if how == "simple" else "/v1/chat/completions"
    answer = await api.post(address, json={"model": CLOUD, **body}, headers=headers)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("how", ["chat", "stream", "simple"])
async def test_a_trace_goes_through(make_api: Callable[..., Any], how: str) -> None:
    async with collecting() as collector, serving(FakeService(["far"])) as service:
        api = await make_api(monitor_otel_url=collector.url)
        await far(api, service)
        await until(lambda: api.services.monitor._traces._exporter is not None)
        await asked(api, f"00-{TRACE}-{SPAN}-01", how)
        [span] = await spans(api, collector)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, SPAN)
    assert service.traced == [f"00-{TRACE}-{span.span_id.hex()}-01"]


async def test_a_caller_that_is_not_traced_begins_one(make_api: Callable[..., Any]) -> None:
    async with collecting() as collector, serving(FakeService(["far"])) as service:
        api = await make_api(monitor_otel_url=collector.url)
        await far(api, service)
        await until(lambda: api.services.monitor._traces._exporter is not None)
        await asked(api, None)
        await asked(api, f"00-{TRACE}-{SPAN}-00")
        [span] = await spans(api, collector)  # the second caller does not want to be told of
    told = tracing.read(service.traced[0].encode())
    assert told is not None and (told.trace_id, told.span_id) == (span.trace_id.hex(), span.span_id.hex())
    assert span.parent_span_id == b"" and service.traced[1].endswith("-00") and TRACE in service.traced[1]


async def test_without_a_collector_nobody_is_told_a_trace(api: Any) -> None:
    async with serving(FakeService(["far"])) as service:
        await far(api, service)
        await asked(api, f"00-{TRACE}-{SPAN}-01")
        assert service.traced == [""]
