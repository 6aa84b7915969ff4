"""Spans reach a collector, and say nothing of anybody."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from litestar import Litestar
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from pooling.kernel.database import Database
from pooling.web.telemetry import PATH, Telemetry
from web_client import Browser, SignIn, stand_on

LUGOS = "referent@lugos.example"


class Collector(HTTPServer):
    """Takes OTLP over HTTP on loopback."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.received: list[tuple[str, bytes]] = []

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for _, content in self.received
            for resource in ExportTraceServiceRequest.FromString(content).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing to be read."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def test_each_request_is_a_span_that_names_nobody(
    app: Litestar, database: Database, sign_in: SignIn, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    telemetry = Telemetry(f"http://127.0.0.1:{collector.server_address[1]}/", "1.2.3")
    stand_on(app, telemetry=telemetry)
    browser = await sign_in(LUGOS)
    traced = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "user-agent": "Personne/1.0"}
    answer = await browser.get("/g/bassin/achats?cherche=velos-de-marie", headers=traced)
    await browser.get("/calendrier/bassin/cle-secrete.ics")

    async def failing(*_: object) -> None:
        raise RuntimeError("la saisie de marie")

    with pytest.raises(RuntimeError, match="marie"):
        await telemetry.answer(failing, {"type": "http", "method": "GET", "headers": []}, None, None)  # type: ignore[arg-type]
    telemetry.end()
    found = {span.name: span for span in collector.spans}
    assert {path for path, _ in collector.received} == {PATH}
    listed, calendar = found["GET /g/{group}/achats"], found["GET /calendrier/{group}/{feed}"]
    said = {one.key: one.value.string_value or one.value.int_value for one in listed.attributes}
    assert listed.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert (said["http.method"], said["http.status_code"]) == ("GET", 200)
    assert said["pooling.request"] == answer.headers["x-request-id"]
    assert calendar.kind == Span.SPAN_KIND_SERVER
    told = b" ".join(content for _, content in collector.received)
    assert b"1.2.3" in told
    for personal in (b"marie", b"velos", b"secrete", b"Personne", b"127.0.0.1", b"testserver", LUGOS.encode()):
        assert personal not in told


async def test_without_a_collector_nothing_is_asked(app: Litestar, database: Database, visitor: Browser) -> None:
    assert app.state.services.telemetry is None
    assert (await visitor.get("/health/live")).status_code == 200
