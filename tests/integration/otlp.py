"""A receiver of spans: what a process sends by OTLP over HTTP, decoded and kept."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Span(msgspec.Struct, frozen=True):
    """``parent`` "": the trace begins here. ``service``: the process. Times in ns since the epoch."""

    trace: str
    id: str
    parent: str
    name: str
    service: str
    begun: int
    ended: int
    error: str
    attributes: dict[str, str]


class Receiver:
    """``url`` is what ``BB_OTLP_URL`` takes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[Span] = []

    def take(self, body: bytes) -> None:
        """Keep the spans of one request."""
        said = ExportTraceServiceRequest.FromString(body)
        for resource in said.resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                for one in scope.spans:
                    attributes = {pair.key: pair.value.string_value or str(pair.value.int_value) for pair in one.attributes}
                    self.spans.append(Span(
                        one.trace_id.hex(), one.span_id.hex(), one.parent_span_id.hex(), one.name, names["service.name"],
                        one.start_time_unix_nano, one.end_time_unix_nano, one.status.message, attributes,
                    ))  # fmt: skip

    def of(self, trace: str) -> dict[str, Span]:
        """The spans of a trace by their ids."""
        return {span.id: span for span in self.spans if span.trace == trace}


@contextmanager
def receiving(port: int) -> Iterator[Receiver]:
    """A receiver that serves on ``port`` inside the block; whatever else it is asked is 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            known = self.path == "/v1/traces"
            if known:
                receiver.take(body)
            self.send_response(200 if known else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    receiver = Receiver(f"http://127.0.0.1:{port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
