"""What `pooling demo` needs beyond `serve` and `worker`: the territory, and both in one process until Ctrl-C."""

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from litestar import Litestar
from sqlalchemy import text

from pooling.demo.actions import make_actions
from pooling.demo.charters import make_charter
from pooling.demo.committees import make_committees
from pooling.demo.experiences import make_experiences
from pooling.demo.grants import make_grants
from pooling.demo.history.making import make_history
from pooling.demo.hosting import make_host
from pooling.demo.ordered import make_ordered
from pooling.demo.purchases import make_purchases
from pooling.demo.quotes import make_quotes
from pooling.demo.resources import make_resources
from pooling.demo.rounds import make_rounds
from pooling.demo.sites import make_sites
from pooling.demo.suppliers import make_suppliers
from pooling.demo.terms import buy_what_is_agreed, make_terms
from pooling.demo.territory import Demonstration, make_group
from pooling.features import FEATURES
from pooling.kernel.database import Database
from pooling.members.features import Features
from pooling.web.server import server_of

log = logging.getLogger(__name__)

SECONDS_TO_FINISH = 5


async def make_territory(
    database: Database, now: datetime, *, meanwhile: Callable[[], Awaitable[None]] | None = None
) -> bool:
    """Fills an empty installation; False when the territory is there already. `meanwhile` is done once its history
    stands, before what goes on today.
    """
    async with database.transaction() as session:
        if (await session.execute(text("SELECT 1 FROM all_groups() LIMIT 1"))).first():
            return False
    database = database.handing(Features(FEATURES))
    territory = await make_group(database, now)
    await make_sites(database, territory, now)
    await make_suppliers(database, territory, now)
    await make_history(database, territory, now)
    if meanwhile is not None:
        await meanwhile()
    await make_resources(database, territory, now)
    await make_actions(database, territory, now)
    await make_terms(database, territory, now)
    await make_charter(database, territory, now)
    await make_rounds(database, territory, now)
    await make_purchases(database, territory, now)
    await make_ordered(database, territory, now)
    await make_quotes(database, territory, now)
    await make_grants(database, territory, now)
    await make_experiences(database, territory, now)
    await make_committees(database, territory, now)
    await buy_what_is_agreed(database, territory, now)
    await make_host(database, territory, now)
    await say_sent_long_ago(database, territory, now)
    return True


async def say_sent_long_ago(database: Database, territory: Demonstration, now: datetime) -> None:
    """What was written before yesterday left at once: the worker begins with what is due now."""
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text(
                "UPDATE messages SET state = 'sent', sent_at = created_at WHERE group_id = :group AND created_at < :now"
            ),
            {"group": territory.group_id, "now": now - timedelta(days=1)},
        )


class EndedByItself(Exception):
    """A service ended though nobody had asked it to; its cause says why."""


async def run_until_stopped(
    app: Litestar,
    work: Awaitable[None],
    *,
    host: str,
    port: int,
    proxies: Sequence[str] = (),
    sockets: list[socket.socket] | None = None,
) -> None:
    """Web and worker side by side, until Ctrl-C or a polite kill. `sockets` are listened at already.

    Raises:
        EndedByItself: one of them ended before; the log says which, and why.
    """
    server = server_of(app, proxies=proxies, host=host, port=port)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _stop, stopping, number)
    web = asyncio.create_task(server.serve(sockets=sockets))
    background = asyncio.ensure_future(work)
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait({web, background, asked}, return_when=asyncio.FIRST_COMPLETED)
    ended = [
        (name, task) for name, task in (("the pages", web), ("the jobs beside the pages", background)) if task.done()
    ]
    server.should_exit = True
    await asyncio.wait({web}, timeout=SECONDS_TO_FINISH)
    for task in (web, background, asked):
        task.cancel()
    await asyncio.gather(web, background, asked, return_exceptions=True)
    if not stopping.is_set():
        name, task = ended[0]
        cause = None if task.cancelled() else task.exception()
        log.critical("%s ended by themselves: %r", name, cause or "no error was told", exc_info=cause)
        raise EndedByItself(f"{name} ended by themselves") from cause


def _stop(stopping: asyncio.Event, number: signal.Signals) -> None:
    log.info("told to stop by %s", number.name)
    stopping.set()
