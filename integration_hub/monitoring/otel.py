"""OpenTelemetry's SDK behind `lib.tracing`: spans leave in batches, through egress as all calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from integration_hub.egress import http
from integration_hub.egress.door import Deadline, HttpRequest
from integration_hub.lib import log, tracing
from integration_hub.lib.errors import HubError

EXPORT_SECONDS = 10.0
_PATH = "/v1/traces"
_KINDS = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
}
_context = TraceContextTextMapPropagator()
_NAMES = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "host": "server.address",
}

logger = log.get(__name__)


class EgressExporter(SpanExporter):
    """OTLP over HTTP. What cannot be delivered is dropped and logged: traces are no truth."""

    def __init__(self, endpoint: str) -> None:
        self._url = endpoint.rstrip("/") + _PATH

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        request = HttpRequest(
            "POST",
            self._url,
            {"Content-Type": "application/x-protobuf"},
            encode_spans(spans).SerializeToString(),
        )
        try:
            status = http.send(request, deadline=Deadline(EXPORT_SECONDS)).status
        except HubError as error:
            logger.warning("traces.dropped", spans=len(spans), error=error.code)
            return SpanExportResult.FAILURE
        if status // 100 != 2:
            logger.warning("traces.dropped", spans=len(spans), status=status)
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


class OtelSpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, **attributes: Any) -> None:
        self._span.set_attributes(_named(attributes))

    def fail(self, code: str) -> None:
        self._span.set_status(trace.StatusCode.ERROR)
        self._span.set_attribute("error.type", code)


class OtelTracer:
    def __init__(self, endpoint: str) -> None:
        service = {"service.name": "integration-hub"}
        if settings.HUB_RELEASE:
            service["service.version"] = settings.HUB_RELEASE
        resource = Resource.create(service)
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(EgressExporter(endpoint)))
        self._tracer = self._provider.get_tracer("integration_hub")

    @contextmanager
    def span(
        self, name: str, kind: str, parent: str, attributes: Mapping[str, Any]
    ) -> Iterator[OtelSpan]:
        above: Context | None = None
        if parent:
            above = _context.extract({tracing.TRACEPARENT: parent})
        with self._tracer.start_as_current_span(
            name,
            context=above,
            kind=_KINDS[kind],
            attributes=_named(attributes),
            record_exception=False,  # its text may hold what is nobody's business
        ) as span:
            yield OtelSpan(span)

    def current(self) -> str:
        carrier: dict[str, str] = {}
        _context.inject(carrier)
        return carrier.get(tracing.TRACEPARENT, "")

    def flush(self) -> None:
        self._provider.force_flush()


def _named(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """`http_route` is `http.route`, in the words of the semantic conventions."""
    return {
        _NAMES.get(name, f"hub.{name}"): value
        for name, value in attributes.items()
        if value is not None
    }
