"""`/metrics`, as Prometheus reads it: requests by route, what waits and for how long, connections with the database.
There is none where POOLING_METRICS_TOKEN is not set, and then nothing is counted.

Several processes behind one socket count together, in the files of PROMETHEUS_MULTIPROC_DIR (`deploy/systemd` sets it);
what the database says is the same whichever of them is asked.
"""

import hmac
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get

from pooling.kernel.database import Database
from pooling.kernel.errors import DomainError, NotFound
from pooling.web.health import figures_at
from pooling.web.services import services_of
from pooling.web.watching import Seen

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

SLOWEST = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds: what is promised of pages lies between."""
WAITING = {
    "reminder": "Reminders that are due and not written yet",
    "message": "Mails that wait for the mail server",
    "export": "Files that were asked for and that no worker has begun",
}


class MetricsTokenRefused(DomainError):
    status = 401
    code = "token_invalid"

    def __init__(self) -> None:
        super().__init__("Ce jeton n’ouvre pas les mesures.")


class Metrics:
    """What this process counts. The library is loaded where somebody wants to know: five megabytes."""

    def __init__(self, database: Database) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: PLC0415 - as is said above

        self._database = database
        self._own = CollectorRegistry()
        self._requests = Counter(
            "pooling_requests", "Requests that were answered", ["method", "route", "status"], registry=self._own
        )
        self._seconds = Histogram(
            "pooling_request_seconds",
            "From a request's head to the end of its answer",
            ["method", "route"],
            buckets=SLOWEST,
            registry=self._own,
        )
        self._connections = Gauge(
            "pooling_database_connections",
            "Connections with the database, as the last request left them",
            ["state"],
            multiprocess_mode="livesum",
            registry=self._own,
        )

    def count(self, seen: Seen) -> None:
        """Watches requests."""
        self._requests.labels(seen.method, seen.route, seen.status or "none").inc()
        self._seconds.labels(seen.method, seen.route).observe(seen.seconds)
        used, most = self._database.connections
        self._connections.labels("used").set(used)
        self._connections.labels("most").set(most)

    def end(self) -> None:
        """What of this process alone was true is so no more."""
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]

    def told(self, figures: Mapping[str, Any], now: datetime, *, queue: bool) -> bytes:
        """All of it, with what the database and the queue say now."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        shown = self._own
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            shown = CollectorRegistry()
            MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
        return generate_latest(shown) + generate_latest(_Now([*_families(figures, now, queue=queue)]))


class _Now:
    """What is asked of a registry: its families."""

    def __init__(self, families: "Iterable[GaugeMetricFamily]") -> None:
        self._families = families

    def collect(self) -> "Iterable[GaugeMetricFamily]":
        return self._families


def _families(figures: Mapping[str, Any], now: datetime, *, queue: bool) -> "Iterable[GaugeMetricFamily]":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    yield GaugeMetricFamily("pooling_queue_up", "Whether the bell answers", value=float(queue))
    for name, words in WAITING.items():
        since = figures[f"{name}_since"]
        yield GaugeMetricFamily(f"pooling_{name}s_waiting", words, value=figures[f"{name}s_waiting"])
        yield GaugeMetricFamily(
            f"pooling_{name}s_oldest_seconds",
            f"{words}: for how long the oldest",
            value=0.0 if since is None else (now - since).total_seconds(),
        )
    yield GaugeMetricFamily(
        "pooling_messages_tried_again", "Mails that the mail server has put off", value=figures["messages_tried"]
    )
    yield GaugeMetricFamily(
        "pooling_exports_failed", "Files of these days that failed", value=figures["exports_failed"]
    )


@get("/metrics", right="anyone")
async def show_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """For who shows the token.

    Raises:
        NotFound: there are none.
        MetricsTokenRefused: without the token, or with another one.
    """
    services = services_of(request)
    token = services.settings.metrics_token
    if token is None or services.metrics is None:
        raise NotFound
    sent = request.headers.get("authorization", "").encode()
    if not hmac.compare_digest(sent, f"Bearer {token.get_secret_value()}".encode()):
        raise MetricsTokenRefused
    now = services.clock.now()
    told = services.metrics.told(await figures_at(services.database, now), now, queue=await services.bell.answers())
    return Response(told, media_type="text/plain; version=0.0.4")


ROUTES = [show_metrics]
