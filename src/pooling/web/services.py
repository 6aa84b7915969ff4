"""What every request stands on: put together once, when the web side starts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from litestar import Request
from litestar.connection import ASGIConnection

from pooling.kernel.bell import Bell
from pooling.kernel.clock import Clock, SystemClock
from pooling.kernel.database import Database
from pooling.settings import Settings
from pooling.web.branding import Territory

if TYPE_CHECKING:
    from pooling.web.layout import Layout
    from pooling.web.metrics import Metrics
    from pooling.web.telemetry import Telemetry
    from pooling.web.watching import Watcher

Part = TypeVar("Part")


@dataclass(frozen=True)
class Services:
    """What a running web side stands on. Configuration is read at start: a half-written file breaks no page."""

    settings: Settings
    database: Database
    bell: Bell
    secret_key: str
    clock: Clock = field(default_factory=SystemClock)
    watchers: "Sequence[Watcher]" = ()
    """Who is told of every request: the log, the figures."""
    metrics: "Metrics | None" = None
    telemetry: "Telemetry | None" = None
    # What `pooling.app` adds.
    territory: Territory = field(default_factory=Territory)
    logo: tuple[bytes, str] | None = None
    layout_of: "Callable[[Request[Any, Any, Any]], Layout] | None" = None
    """Puts together who is here and where they may go."""
    demonstration: bool = False
    parts: Mapping[type[Any], object] = field(default_factory=dict)
    """What stands above the web: configurations of features, and the features themselves, each by its type."""

    @property
    def mails_leave(self) -> bool:
        """Whether what is written down to be mailed finds a way out. (A demonstration shows its mails itself.)"""
        return self.settings.smtp_url is not None or self.demonstration

    def part(self, kind: type[Part]) -> Part:
        """What was put in of this type."""
        found = self.parts[kind]
        assert isinstance(found, kind)
        return found


def services_of(request: ASGIConnection[Any, Any, Any, Any]) -> Services:
    services: Services = request.app.state.services
    return services
