"""Traces: W3C trace context in every envelope, OpenTelemetry spans for the few that are sampled, sent by OTLP over HTTP.

Whether a trace is sampled stands in its ``traceparent``, so a message of any other costs the look at one character. Spans are made
when they end, with ids that follow from what they are about: a message that is handled again after a crash gives the same span.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor

VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""OpenTelemetry's own ways to name the receiver; its other ``OTEL_*`` variables count too."""
SERVER, CLIENT, CONSUMER = "SERVER", "CLIENT", "CONSUMER"
"""Kinds of spans: a request, a call to the outside, a message."""
OUTGOING: ContextVar[str] = ContextVar("traceparent", default="")
"""The ``traceparent`` of the call to the outside that the running task makes, for whoever builds the request; ``""``: none."""
_ODD = frozenset("13579bdf")
_processor: SpanProcessor | None = None
_resource: Resource | None = None
_bound = 0
"""A new trace is sampled if the lower half of its id is below this."""


def configure(service: str, url: str, ratio: float, environ: Mapping[str, str] = os.environ) -> None:
    """Send the spans of process ``service`` to ``url`` (OTLP/HTTP, without ``/v1/traces``), else where ``OTEL_*`` say; or nowhere.

    ``ratio``: the part of requests without a trace of their own that begins a sampled one. Called once, by main functions.
    """
    global _processor, _resource, _bound
    if not url and not any(environ.get(name) for name in VARIABLES):
        return
    # Loaded only where spans are sent: 20 MB and 0.2 s.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    _resource = Resource.create({"service.name": service, "service.namespace": "blooming-blooms"})
    _processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces") if url else OTLPSpanExporter())
    _bound = round(ratio * (1 << 64))


def shut() -> None:
    """Send what is left (a few seconds at most) and end."""
    global _processor, _bound
    processor, _processor, _bound = _processor, None, 0
    if processor is not None:
        processor.shutdown()


def sampled(traceparent: str) -> bool:
    """Are spans of this trace wanted? False for ``""``."""
    return traceparent[-1:] in _ODD


def new() -> str:
    """A trace of our own, sampled as often as ``configure`` said; its span is the request's."""
    ids = secrets.token_hex(24)
    return f"00-{ids[:32]}-{ids[32:]}-{'01' if _bound and int(ids[16:32], 16) < _bound else '00'}"


def under(traceparent: str, *causes: str) -> str:
    """The trace with a span of its own below that of ``traceparent``: the same causes give the same span."""
    span = hashlib.blake2b("\x1f".join((traceparent, *causes)).encode(), digest_size=8).hexdigest()
    return f"{traceparent[:36]}{span}{traceparent[52:]}"


def record(
    name: str,
    traceparent: str,
    parent: str,
    begun: int,
    ended: int,
    kind: str,
    attributes: Mapping[str, Any],
    error: str = "",
) -> None:
    """Send the span that ``traceparent`` names, soon. ``parent``: the ``traceparent`` above it, ``""``: none.

    ``begun``, ``ended``: ns since the epoch. ``attributes``: ids, codes and numbers, no personal data. ``error``: why it failed.
    """
    if _processor is None:
        return
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    def context(text: str, remote: bool) -> SpanContext:
        return SpanContext(int(text[3:35], 16), int(text[36:52], 16), remote, TraceFlags(int(text[53:55], 16)))

    _processor.on_end(
        ReadableSpan(
            name=name,
            context=context(traceparent, False),
            parent=context(parent, True) if parent else None,
            resource=_resource,
            attributes=dict(attributes),
            kind=SpanKind[kind],
            status=Status(StatusCode.ERROR, error) if error else Status(StatusCode.UNSET),
            start_time=begun,
            end_time=ended,
            instrumentation_scope=InstrumentationScope("blooming-blooms"),
        )
    )
