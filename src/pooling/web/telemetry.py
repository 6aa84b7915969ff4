"""A span for each request, for a collector that speaks OTLP over HTTP, where POOLING_OTLP_ENDPOINT names one; nothing
is loaded or sent otherwise. The libraries come with `pooling[telemetry]`.

They would tell addresses as they were asked, who asked from where and with what, and what an error said. They are shown
none of it: what a span says is what the log says too, without the person.
"""

from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from pooling.web.watching import known_of

PATH = "/v1/traces"
_TRACED = {b"traceparent", b"tracestate"}
"""What a proxy tells of the trace that a request is part of (W3C)."""


class Telemetry:
    def __init__(self, endpoint: str, version: str) -> None:
        """Raises:
        ImportError: `pooling[telemetry]` is not installed.
        """
        from opentelemetry import trace  # noqa: PLC0415 - 20 MB
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        self._present = trace.get_current_span
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "pooling", "service.version": version}), shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + PATH)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._answer: Any = OpenTelemetryMiddleware(
            _answer_bare, tracer_provider=self._provider, exclude_spans=["receive", "send"]
        )

    async def answer(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Has the application answer inside a span."""
        if scope["type"] != ScopeType.HTTP:
            await inner(scope, receive, send)
            return
        failures: list[BaseException] = []

        async def answered(_: object, receive: Receive, send: Send) -> None:
            async def sent(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._tell(scope)  # its route is known by now, and the span ends with the answer
                await send(message)

            try:
                await inner(scope, receive, sent)
            except BaseException as failure:  # noqa: BLE001 - raised again, where no span holds what it says
                failures.append(failure)

        bare = {
            "type": "http",
            "method": scope["method"],
            "path": "",
            "headers": [(name, value) for name, value in scope["headers"] if name in _TRACED],
            "answered": answered,
        }
        await self._answer(bare, receive, send)
        if failures:
            raise failures[0]

    def _tell(self, scope: HTTPScope) -> None:
        span, route, known = self._present(), scope.get("path_template", ""), known_of(scope)
        span.update_name(f"{scope['method']} {route}".strip())
        span.set_attributes({"http.route": route, "pooling.request": known["request"]})
        if known["group"] is not None:
            span.set_attribute("pooling.group", known["group"])

    def end(self) -> None:
        """Sends what waits, and no more."""
        self._provider.shutdown()


async def _answer_bare(bare: dict[str, Any], receive: Receive, send: Send) -> None:
    await bare["answered"](bare, receive, send)
