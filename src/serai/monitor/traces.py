"""Traces and metrics for a collector of OpenTelemetry. Its packages are imported only where one is set up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from serai.errors import MissingExtra
from serai.monitor import conventions as names
from serai.monitor.past import Past
from serai.monitor.words import Words
from serai.settings import Monitor
from serai.telemetry import logs, tracing
from serai.types import Call, Trace

_PATIENCE_S = 5.0
"""How long a collector may take for one request, and for the last one when Serai ends."""

_WORDS = 1_000
"""Calls whose words are held at most until their end is told."""

_log = logs.get("monitor")


class Traces:
    """Sends nothing before `start`, and nothing at all where no collector is set up. What a collector does not take is
    lost, and never holds up a call."""

    def __init__(self, settings: Callable[[], Monitor], headers: Callable[[], Awaitable[str | None]]) -> None:
        """`headers` is what every request to the collector carries, as `name=value,…`."""
        self._settings = settings
        self._headers = headers
        self._exporter: _Exporter | None = None
        self._words: dict[str, dict[str, Any]] = {}

    async def start(self) -> None:
        """Sets up what sends, if a collector is named. Where the packages are missing, the log says which to add."""
        url = self._settings().otel_url
        if not url or self._exporter is not None:
            return
        headers = await self._headers() or ""
        logs.redact(headers)
        try:
            self._exporter = await asyncio.to_thread(_Exporter, url.rstrip("/"), _parsed(headers))
        except ImportError:
            error = MissingExtra("OpenTelemetry", "otel")
            _log.warning("No traces are sent: %s %s", error.message, error.hint)

    def begin(self, call: Call) -> None:
        """Gives a call its place in a trace, where traces are sent."""
        if self._exporter is not None:
            call.trace = tracing.begin()

    def heard(self, call: Call, words: Words) -> None:
        """What was said in a call that is about to end, where words are to be sent."""
        if self._exporter is not None and len(self._words) < _WORDS:
            self._words[call.id] = words.whole(call)

    def add(self, past: Past) -> None:
        """A call that ended."""
        if self._exporter is not None:
            self._exporter.add(past, self._words.pop(past.id, None))

    async def close(self) -> None:
        """Sends what is waiting. May be called twice."""
        exporter, self._exporter = self._exporter, None
        if exporter is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.to_thread(exporter.close), 2 * _PATIENCE_S)


class _Exporter:
    """OpenTelemetry's own pipeline, with providers of our own, so that none of the process's is touched."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from serai import __version__

        told: dict[str, Any] = {"headers": headers or None, "timeout": _PATIENCE_S}
        resource = Resource.create({"service.version": __version__})
        if str(resource.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
            resource = resource.merge(Resource({SERVICE_NAME: names.HERE}))
        self._ids: Any = _Ids()
        self._tracers = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces", **told)))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{url}/v1/metrics", **told))
        self._meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
        self._tracer = self._tracers.get_tracer(names.HERE, __version__)
        meter = self._meters.get_meter(names.HERE, __version__)
        self._duration = _histogram(meter, names.DURATION, "s", names.DURATION_BOUNDS)
        self._first = _histogram(meter, names.FIRST, "s", names.FIRST_BOUNDS)
        self._tokens = _histogram(meter, names.TOKENS, "{token}", names.TOKEN_BOUNDS)

    def add(self, past: Past, words: dict[str, Any] | None) -> None:
        self._span(past, words)
        common, usage = names.common(past), past.usage
        failed = {names.ERROR: past.error} if past.error else {}
        if usage.total_s is not None:
            self._duration.record(usage.total_s, {**common, **failed})
        if usage.first_token_s is not None:
            self._first.record(usage.first_token_s, common)
        for kind, count in (("input", usage.prompt_tokens), ("output", usage.completion_tokens)):
            if count:
                self._tokens.record(count, {**common, names.TOKEN: kind})

    def _span(self, past: Past, words: dict[str, Any] | None) -> None:
        from opentelemetry.trace import SpanKind, Status, StatusCode

        self._ids.next = past.trace
        told = {**names.attributes(past), **(names.said(words) if words else {})}
        span = self._tracer.start_span(
            f"{names.operation(past.task)} {past.asked}",
            kind=SpanKind.CLIENT,
            attributes=told,
            context=_below(past.trace),
            start_time=int(past.at * 1e9),
        )
        if past.error:
            span.set_status(Status(StatusCode.ERROR, past.error))
        span.end(int((past.at + (past.usage.total_s or 0.0)) * 1e9))

    def close(self) -> None:
        self._tracers.shutdown()
        self._meters.shutdown()


class _Ids:
    """OpenTelemetry's IdGenerator. Spans are called as a call's trace says, which whoever it asked was told already."""

    next: Trace | None = None

    def generate_span_id(self) -> int:
        return int((self.next or tracing.begin()).span_id, 16)

    def generate_trace_id(self) -> int:
        return int((self.next or tracing.begin()).trace_id, 16)

    def is_trace_id_random(self) -> bool:
        return True


def _below(trace: Trace | None) -> Any:
    """The context of a span whose caller has one."""
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    if trace is None or not trace.parent_id:
        return None
    flags = TraceFlags(TraceFlags.SAMPLED if trace.sampled else TraceFlags.DEFAULT)
    caller = SpanContext(int(trace.trace_id, 16), int(trace.parent_id, 16), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(caller))


def _histogram(meter: Any, name: str, unit: str, bounds: tuple[float, ...]) -> Any:
    return meter.create_histogram(name, unit, explicit_bucket_boundaries_advisory=bounds)


def _parsed(headers: str) -> dict[str, str]:
    from urllib.parse import unquote

    pairs = (part.partition("=") for part in headers.split(",") if "=" in part)
    return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}
