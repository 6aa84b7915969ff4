"""The demonstration as a real server on loopback: its own database and queue, a clock that stands still."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from pooling.app import Services, create_app
from pooling.demo.running import QuietServer, make_territory
from pooling.kernel.bell import Bell
from pooling.kernel.clock import Clock, FixedClock
from pooling.kernel.database import Database
from pooling.outbox.transport import KeptInOutbox
from pooling.settings import Settings
from pooling.worker import deliver, sweep, work_of

STARTED = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
"""When the demonstration starts: a Monday, late enough in the year for the four purchases to be AG-2026-001 to 004."""
GROUP = "/g/bassin-d-arcachon-val-de-l-eyre"
BIKE_RACKS = "AG-2026-003"
LUGOS = f"{GROUP}/achats/{BIKE_RACKS}/besoins/213302607"
"""The declaration that the smallest commune has begun."""
SECRET = "a secret of the tests, thirty-two characters or more"


@dataclass(frozen=True)
class Served:
    """What a story may do beside the pages: let the worker pass."""

    url: str
    settings: Settings
    database: Database
    bell: Bell
    clock: Clock

    async def worker_passes(self) -> None:
        """One sweep of the worker, and the delivery that it asks for."""
        work = work_of(self.settings, self.database, self.bell, transport=KeptInOutbox())
        work.clock = self.clock
        await sweep({"work": work})
        await deliver({"work": work})


@asynccontextmanager
async def served_demonstration(
    database_url: str, redis_url: str, data_dir: Path, clock: Clock | None = None
) -> AsyncIterator[Served]:
    """Serves a freshly made demonstration territory as long as the block lasts."""
    clock = clock or FixedClock(STARTED)
    database, bell = Database.connect(database_url), Bell(redis_url)
    # Listening before the server runs: who connects early waits in the queue instead of being refused.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(data_dir=data_dir, base_url=url)
        await make_territory(database, clock.now())
        services = Services(settings, database, bell, SECRET, clock)
        server = _server(services)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield Served(url, settings, database, bell, clock)
        finally:
            server.should_exit = True
            await running
            await bell.close()
            await database.dispose()


def _server(services: Services) -> QuietServer:
    app = create_app(services, demonstration=True)
    return QuietServer(uvicorn.Config(app, ws="none", log_level="warning", server_header=False))
