"""Traces of OpenTelemetry: what a request, its operation and the statements of its store took, and within which trace.

Off until `configure`; then a span is sent to a collector by OTLP over HTTP, as JSON. The SDK's own exporter
is not used: its protobuf is one that ml-metadata 1.17 does not run with.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lineageql.errors import UsageError

log = logging.getLogger("lineageql.tracing")

_TIMEOUT = 3.0
"""Seconds that a collector has; a service that ends waits for it, too."""
_CARRIED = ("traceparent", "tracestate")
"""The headers of W3C's trace context."""

_provider: Any = None
_tracer: Any = None
_propagator: Any = None


def is_on() -> bool:
    """Whether anybody is told of spans."""
    return _tracer is not None


def configure(endpoint: str, version: str) -> None:
    """Begins to send spans.

    Args:
        endpoint: the URL of a collector, such as `http://localhost:4318/v1/traces`.
        version: the release of this service.

    Raises:
        UsageError: OpenTelemetry's SDK is not installed.
    """
    global _provider, _tracer, _propagator
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
    except ImportError as error:
        raise UsageError("--traces-endpoint needs OpenTelemetry: pip install 'lineageql[tracing]'") from error
    # What OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_TRACES_SAMPLER say counts, as everywhere.
    resource = Resource.create({"service.version": version})
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "lineageql"}))
    _provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(_exporter(endpoint)))
    _tracer = _provider.get_tracer("lineageql", version)
    _propagator = TraceContextTextMapPropagator()


def close() -> None:
    """Sends what was not sent yet, and sends no more."""
    global _provider, _tracer, _propagator
    provider, _provider, _tracer, _propagator = _provider, None, None, None
    if provider is not None:
        provider.shutdown()


@contextmanager
def span(name: str, kind: str = "INTERNAL", headers: Iterable[tuple[bytes, bytes]] | None = None) -> Iterator[Any]:
    """A span around what is done meanwhile; the spans of that are below it.

    Args:
        name: what it is called.
        kind: `SERVER`, `CLIENT` or `INTERNAL`.
        headers: those of a request, whose trace it belongs to where they name one.

    Yields:
        The span, of which `set_attribute` and `update_name` are of use; None where nobody is told.
    """
    if _tracer is None:
        yield None
        return
    from opentelemetry.trace import SpanKind

    context = None
    if headers is not None:
        carried = {key.decode("latin-1"): value.decode("latin-1") for key, value in headers}
        context = _propagator.extract({key: carried[key] for key in _CARRIED if key in carried})
    with _tracer.start_as_current_span(name, context, SpanKind[kind], record_exception=False) as opened:
        yield opened


def failed(opened: Any, code: str) -> None:
    """Says of a span that what it stands for failed."""
    from opentelemetry.trace import StatusCode

    opened.set_attribute("error.type", code)
    opened.set_status(StatusCode.ERROR)


def carried() -> tuple[tuple[str, str], ...]:
    """The headers by which another service knows the trace that is under way."""
    if _propagator is None:
        return ()
    headers: dict[str, str] = {}
    _propagator.inject(headers)
    return tuple(headers.items())


def spans_below() -> Callable[[str, int, int, Mapping[str, Any]], None]:
    """What makes spans below the one that is under way here: afterwards, and in any thread.

    It takes a name, the beginning and the end in nanoseconds since 1970, and attributes.
    """
    if _tracer is None:
        return lambda name, begin, end, attributes: None
    from opentelemetry.context import get_current
    from opentelemetry.trace import SpanKind

    context, tracer = get_current(), _tracer

    def add(name: str, begin: int, end: int, attributes: Mapping[str, Any]) -> None:
        tracer.start_span(name, context, SpanKind.CLIENT, attributes, start_time=begin).end(end)

    return add


def _exporter(endpoint: str) -> Any:
    # Here, as a service without traces needs neither.
    import httpx
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    client = httpx.Client(timeout=_TIMEOUT)

    class Exporter(SpanExporter):
        def export(self, spans: Sequence[Any]) -> SpanExportResult:
            try:
                client.post(endpoint, json=_message(spans)).raise_for_status()
            except httpx.HTTPError as error:
                log.warning("%s spans could not be sent: %s", len(spans), type(error).__name__)
                return SpanExportResult.FAILURE
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None:
            client.close()

    return Exporter()


def _message(spans: Sequence[Any]) -> dict[str, Any]:
    """Spans as OTLP has them in JSON."""
    scope = {"name": "lineageql"}
    resource = {"attributes": _attributes(spans[0].resource.attributes)}
    return {
        "resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": list(map(_span, spans))}]}]
    }


def _span(one: Any) -> dict[str, Any]:
    parent = {} if one.parent is None else {"parentSpanId": f"{one.parent.span_id:016x}"}
    return {
        "traceId": f"{one.context.trace_id:032x}",
        "spanId": f"{one.context.span_id:016x}",
        **parent,
        "name": one.name,
        "kind": one.kind.value + 1,
        "startTimeUnixNano": str(one.start_time),
        "endTimeUnixNano": str(one.end_time),
        "attributes": _attributes(one.attributes),
        "status": {"code": one.status.status_code.value},
    }


def _attributes(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in given.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": str(value)}
