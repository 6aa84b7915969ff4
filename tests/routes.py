"""Every route of the application, as tests walk them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler


@dataclass(frozen=True)
class Walked:
    method: str
    template: str
    """The address with its parameters' names: `/g/{group}/achats/{reference}`."""
    right: str
    response_type: Any = None
    largest: int = 0
    """Bytes that its body may have."""

    def path(self, values: Mapping[str, object]) -> str:
        return self.template.format(**values)


def routes_of(app: Litestar) -> Iterator[Walked]:
    """All of them, in the order of their addresses. A route without a right fails here."""
    found = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if not isinstance(handler, HTTPRouteHandler):
                continue
            template = _plain(route.path)
            for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                assert "right" in handler.opt, f"{method} {template} does not state who may call it"
                largest = handler.resolve_request_max_body_size() or 0
                found.append(Walked(str(method), template, str(handler.opt["right"]), largest=largest))
    return iter(sorted(set(found), key=lambda walked: (walked.template, walked.method)))


def _plain(path: str) -> str:
    """`{reference:str}` → `{reference}`."""
    return "/".join(
        part.split(":")[0] + "}" if part.startswith("{") and ":" in part else part for part in path.split("/")
    )
