"""Where do the spans go? By OTLP over HTTP, as OpenTelemetry's own variables say (OTEL_EXPORTER_OTLP_ENDPOINT, …)."""

from __future__ import annotations

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from workers.monitoring.traces.spans import KnownIds, Spans
from workers.news import listen


def send_spans() -> None:
    """Write spans from now on, and send them in a thread. What cannot be sent is dropped, and costs no job."""
    ids = KnownIds()
    provider = TracerProvider(resource=_resource(), id_generator=ids)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    listen(Spans(provider.get_tracer("audience"), ids).hear)


def _resource() -> Resource:
    """What OpenTelemetry's variables say of this process; its name, where they say none."""
    said = Resource.create()
    named = not str(said.attributes[SERVICE_NAME]).startswith("unknown_service")
    return said if named else said.merge(Resource({SERVICE_NAME: "audience-worker"}))
