"""Is it alive, is it ready: for whoever watches the service. No sign-in, no page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from litestar import MediaType, Request, Response, get
from sqlalchemy.exc import SQLAlchemyError

from pooling.kernel.database import Database
from pooling.kernel.migrations import newest_revision, present_revision
from pooling.web.services import Services, services_of


@get("/health/live", media_type=MediaType.JSON, right="anyone")
async def live() -> dict[str, str]:
    return {"status": "live"}


@get("/health/ready", media_type=MediaType.JSON, right="anyone")
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """Database, migrations at their head, queue; 503 says what is missing. Also how far behind the worker is."""
    services = services_of(request)
    checks = {
        "database": "ok",
        "migrations": "ok",
        "queue": "ok" if await services.bell.answers() else "does not answer",
    }
    arrears: dict[str, float | None] = {}
    try:
        present, newest = await present_revision(services.database), newest_revision()
        if present != newest:
            checks["migrations"] = f"at {present}, {newest} expected: run pooling migrate"
        else:
            arrears = await _arrears(services)
    except (SQLAlchemyError, OSError) as error:
        checks["database"] = f"does not answer ({type(error).__name__})"
        checks["migrations"] = "unknown"
    missing = [name for name, found in checks.items() if found != "ok"]
    return Response(
        {"status": "ready" if not missing else "not ready", "missing": missing, "checks": checks, **arrears},
        status_code=503 if missing else 200,
        media_type=MediaType.JSON,
    )


async def figures_at(database: Database, now: datetime) -> Mapping[str, Any]:
    """What waits in all groups together, how many and since when."""
    (row,) = await database.ask("SELECT * FROM operating_figures($1)", now)
    figures: Mapping[str, Any] = row
    return figures


async def _arrears(services: Services) -> dict[str, float | None]:
    """Seconds for which the oldest reminder, the oldest mail and the oldest file wait; None when nothing does."""
    now = services.clock.now()
    figures = await figures_at(services.database, now)
    since = {name: figures[f"{name}_since"] for name in ("reminder", "message", "export")}
    return {
        f"oldest_{name}_seconds": None if begun is None else (now - begun).total_seconds()
        for name, begun in since.items()
    }


ROUTES = [live, ready]
