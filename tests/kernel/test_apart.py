"""The process that long computations are given to."""

import asyncio
import time
from multiprocessing import active_children, forkserver
from typing import Any, cast
from zoneinfo import ZoneInfo

from factories import NOW, make_territory
from pooling.kernel.apart import _processes, apart, dismiss
from pooling.kernel.database import Database
from pooling.members.groups import group_zone


async def test_others_are_answered_while_the_first_process_is_made(fresh_database: Database) -> None:
    territory = await make_territory(fresh_database, NOW)
    _processes.cache_clear()
    cast("Any", forkserver)._forkserver._stop()  # as though nothing had been computed yet
    longest, last = 0.0, time.perf_counter()

    async def ask() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()

    asking, begun = asyncio.create_task(ask()), time.perf_counter()
    async with fresh_database.transaction(territory.group_id) as session:
        assert await apart(session, group_zone) == ZoneInfo("Europe/Paris")
    asking.cancel()
    assert longest < (time.perf_counter() - begun) / 2


async def test_a_process_that_is_dismissed_is_gone_and_the_next_work_has_another(fresh_database: Database) -> None:
    territory = await make_territory(fresh_database, NOW)
    dismiss()
    others = set(active_children())
    for _ in range(2):
        async with fresh_database.transaction(territory.group_id) as session:
            assert await apart(session, group_zone) == ZoneInfo("Europe/Paris")
        dismiss()
        assert set(active_children()) == others
