"""Is it alive, is it ready: for whoever watches the service. No sign-in, no page."""

from typing import Any

from litestar import MediaType, Request, Response, get
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from pooling.kernel.migrations import newest_revision, present_revision
from pooling.web.services import services_of


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
            arrears = await _arrears(request)
    except (SQLAlchemyError, OSError) as error:
        checks["database"] = f"does not answer ({type(error).__name__})"
        checks["migrations"] = "unknown"
    missing = [name for name, found in checks.items() if found != "ok"]
    return Response(
        {"status": "ready" if not missing else "not ready", "missing": missing, "checks": checks, **arrears},
        status_code=503 if missing else 200,
        media_type=MediaType.JSON,
    )


async def _arrears(request: Request[Any, Any, Any]) -> dict[str, float | None]:
    """Seconds since the oldest reminder and the oldest mail that should have gone out; None when nothing waits."""
    now = services_of(request).clock.now()
    async with services_of(request).database.transaction() as session:
        row = (
            await session.execute(
                text("SELECT reminder_due_at, message_due_at FROM oldest_arrears(:now)"), {"now": now}
            )
        ).one()
    return {
        f"oldest_{name}_seconds": None if due is None else (now - due).total_seconds()
        for name, due in (("reminder", row.reminder_due_at), ("message", row.message_due_at))
    }


ROUTES = [live, ready]
