"""The demonstration as a real server on loopback: its own database and queue, a clock that stands still."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from litestar import Litestar
from sqlalchemy import select
from sqlmodel import col

from ground.database import OUR_FEATURES
from pooling.accounts.models import Person
from pooling.accounts.sessions import open_session
from pooling.app import create_app
from pooling.demo.running import make_territory
from pooling.kernel.bell import Bell
from pooling.kernel.clock import Clock, FixedClock
from pooling.kernel.database import Database
from pooling.outbox.transport import KeptInOutbox
from pooling.settings import Settings
from pooling.web.server import QuietServer, server_of
from pooling.web.services import Services
from pooling.worker import deliver, sweep, work_of

STARTED = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
"""When the demonstration starts: a Monday, late enough for the first purchases of the year to be AG-2026-001 to 004."""
GROUP = "/g/bassin-d-arcachon-val-de-l-eyre"
BIKE_RACKS = "AG-2026-003"
NEXT_COMMITTEE = 10
"""The id of the one to come, after those of two years."""
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

    async def token_of(self, email: str) -> str:
        """Of a session of this person, who has signed in; how one does is in the stories of the main job."""
        async with self.database.transaction() as session:
            person = (await session.execute(select(col(Person.id)).where(col(Person.email) == email))).scalar_one()
            return await open_session(session, person, self.clock.now())

    async def worker_passes(self) -> None:
        """One sweep of the worker, and the delivery that it asks for."""
        work = work_of(self.settings, self.database, self.bell, transport=KeptInOutbox())
        work.clock = self.clock
        await sweep(work)
        await deliver(work)


@dataclass(frozen=True)
class Server:
    """One server for all stories, put together once: each has it serve a database of its own."""

    app: Litestar
    uvicorn: QuietServer
    url: str
    settings: Settings
    bell: Bell
    databases: dict[str, Database] = field(default_factory=dict)
    """By address: a story finds compiled what an earlier one has asked."""

    @asynccontextmanager
    async def serving(self, database_url: str) -> AsyncIterator[Served]:
        """Serves this demonstration territory as long as the block lasts, and then the one of before."""
        before = self.app.state.services
        if database_url not in self.databases:
            self.databases[database_url] = connected(database_url)
        served = Served(self.url, self.settings, self.databases[database_url], self.bell, FixedClock(STARTED))
        self.app.state.services = replace(before, database=served.database, clock=served.clock)
        try:
            yield served
        finally:
            if self.uvicorn.server_state.tasks:  # what a page sent as it was left
                await asyncio.wait(self.uvicorn.server_state.tasks)
            self.app.state.services = before
            await served.database.dispose()


def connected(database_url: str) -> Database:
    return Database.connect(database_url).handing(OUR_FEATURES)


async def fill(database_url: str) -> None:
    """Makes the demonstration territory."""
    database = connected(database_url)
    await make_territory(database, STARTED)
    await database.dispose()


@asynccontextmanager
async def running_server(redis_url: str, data_dir: Path) -> AsyncIterator[Server]:
    bell = Bell(redis_url)
    # Listening before the server runs: who connects early waits in the queue instead of being refused.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = Settings(data_dir=data_dir, base_url=url)
        nowhere = Database.connect("postgresql://nowhere/none")
        app = create_app(Services(settings, nowhere, bell, SECRET), demonstration=True)
        server = server_of(app)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield Server(app, server, url, settings, bell)
        finally:
            server.should_exit = True
            await running
            await bell.close()
