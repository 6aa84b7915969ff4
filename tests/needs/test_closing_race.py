"""Filing at the moment of closing: in before, or refused; never half. Real transactions that wait for each other."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import cast

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from factories import ARCACHON, BUYER, LUGOS, NOW, Territory, open_purchase
from pooling.kernel.clock import Clock, FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict
from pooling.members.entrance import caller_of
from pooling.needs.collection import close_collection, close_what_is_due
from pooling.needs.declaring import file_declaration
from pooling.needs.schemas import DeclarationIn, NeedIn
from pooling.purchases.finding import item_ids

REFERENTS = {"referent@arcachon.example": ARCACHON, "referent@lugos.example": LUGOS}
FIRST = "referent@arcachon.example"
AFTER = NOW + timedelta(days=20)


class Race:
    """One open collection, and people who act on it in transactions of their own."""

    def __init__(self, database: Database, territory: Territory, purchase_id: int) -> None:
        self.database = database
        self.territory = territory
        self.purchase_id = purchase_id

    async def file(self, email: str, quantity: int, clock: Clock, *, before_commit: "Gate | None" = None) -> None:
        async with self.database.transaction(self.territory.group_id) as session:
            caller = await caller_of(session, self.territory.people[email], self.territory.group_id)
            items = await item_ids(session, self.purchase_id)
            needs = tuple(NeedIn(item_id=item, quantity=quantity) for item in items.values())
            command = DeclarationIn(member_id=self.territory.members[REFERENTS[email]], needs=needs)
            await file_declaration(session, caller, self.purchase_id, command, clock)
            if before_commit is not None:
                await before_commit.stand()

    async def close(self, clock: Clock, *, before_commit: "Gate | None" = None) -> None:
        async with self.database.transaction(self.territory.group_id) as session:
            caller = await caller_of(session, self.territory.people[BUYER], self.territory.group_id)
            await close_collection(session, caller, self.purchase_id, clock, reason="Tout est là")
            if before_commit is not None:
                await before_commit.stand()

    async def sweep(self, clock: Clock) -> list[str]:
        async with self.database.transaction(self.territory.group_id) as session:
            return await close_what_is_due(session, clock)

    async def somebody_waits(self, *, people: int = 1) -> None:
        """Returns once so many transactions wait for others' locks."""
        async with self.database.transaction() as session:
            while (
                cast(
                    "int",
                    await _one(
                        session,
                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                        "AND datname = current_database()",
                    ),
                )
                < people
            ):
                await session.execute(text("SELECT pg_stat_clear_snapshot()"))

    async def state(self) -> str:
        async with self.database.transaction(self.territory.group_id) as session:
            return str(await _one(session, "SELECT state FROM purchases"))

    async def filed(self) -> list[tuple[str, list[int]]]:
        """Every filed declaration: its member and its quantities. Half a one would show fewer than two."""
        async with self.database.transaction(self.territory.group_id) as session:
            rows = await session.execute(
                text(
                    "SELECT m.code, array_agg(n.quantity ORDER BY n.item_id) FROM declarations d "
                    "JOIN members m ON m.id = d.member_id LEFT JOIN needs n ON n.declaration_id = d.id "
                    "WHERE d.state = 'filed' GROUP BY m.code ORDER BY m.code"
                )
            )
            return [(code, list(quantities)) for code, quantities in rows]

    async def filings_recorded(self) -> int:
        async with self.database.transaction(self.territory.group_id) as session:
            return len((await session.execute(text("SELECT id FROM events WHERE name = 'declaration.filed'"))).all())


class Gate:
    """Where a transaction stands, all its locks won, until it is let go."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    async def stand(self) -> None:
        self.reached.set()
        await self.open.wait()


async def _one(session: AsyncSession, statement: str) -> object:
    return (await session.execute(text(statement))).scalar_one()


@pytest_asyncio.fixture
async def race(fresh_database: Database, territory: Territory) -> Race:
    return Race(fresh_database, territory, await open_purchase(fresh_database, territory, NOW, days=14))


async def refused(work: Awaitable[None]) -> bool:
    """Whether it was refused because the collection is closed; any other trouble is one."""
    try:
        await work
    except Conflict as conflict:
        if conflict.code != "collection_closed":
            raise
        return True
    return False


async def test_who_files_first_is_in_before_the_collection_closes(race: Race) -> None:
    """Two référents hold the lock together; closing waits for both."""
    clock, gates = FixedClock(NOW), [Gate(), Gate()]
    filings = [
        asyncio.create_task(race.file(email, 5, clock, before_commit=gate))
        for email, gate in zip(REFERENTS, gates, strict=True)
    ]
    await asyncio.gather(*(gate.reached.wait() for gate in gates))
    closing = asyncio.create_task(race.close(clock))
    await race.somebody_waits()
    for gate in gates:
        gate.open.set()
    await asyncio.gather(*filings, closing)
    assert await race.state() == "closed"
    assert await race.filed() == [(ARCACHON, [5, 5]), (LUGOS, [5, 5])]


async def test_who_files_while_it_closes_is_refused_whole(race: Race) -> None:
    clock, gate = FixedClock(NOW), Gate()
    closing = asyncio.create_task(race.close(clock, before_commit=gate))
    await gate.reached.wait()
    filings = [asyncio.create_task(refused(race.file(email, 5, clock))) for email in REFERENTS]
    await race.somebody_waits()
    gate.open.set()
    await closing
    assert await asyncio.gather(*filings) == [True, True]
    assert (await race.filed(), await race.filings_recorded()) == ([], 0)


async def test_who_closes_is_served_before_those_who_come_after(race: Race) -> None:
    """One files; closing waits for it; whoever comes now waits for the closing, though it would share the lock."""
    clock, gate = FixedClock(NOW), Gate()
    filing = asyncio.create_task(race.file(FIRST, 5, clock, before_commit=gate))
    await gate.reached.wait()
    closing = asyncio.create_task(race.close(clock))
    await race.somebody_waits()
    late = asyncio.create_task(refused(race.file("referent@lugos.example", 5, clock)))
    await asyncio.wait({late, asyncio.ensure_future(race.somebody_waits(people=2))}, return_when="FIRST_COMPLETED")
    gate.open.set()
    assert await late
    await asyncio.gather(filing, closing)
    assert await race.filed() == [(ARCACHON, [5, 5])]


async def test_in_whatever_order_they_come_nothing_is_half(race: Race) -> None:
    """All at once, nobody directed: each is in or refused, and what is told is what stands."""
    clock = FixedClock(NOW)
    answers = await asyncio.gather(*(refused(race.file(email, 5, clock)) for email in REFERENTS), race.close(clock))
    kept = [(code, [5, 5]) for code, out in zip(REFERENTS.values(), answers, strict=False) if not out]
    assert await race.filed() == sorted(kept)
    assert await race.filings_recorded() == len(kept)
    assert await race.state() == "closed"


async def test_past_the_date_filing_is_refused_though_the_sweep_has_not_come(race: Race) -> None:
    assert await refused(race.file(FIRST, 5, FixedClock(AFTER)))
    assert (await race.state(), await race.filed()) == ("open", [])


@pytest.mark.parametrize("rival", ["file", "close"])
async def test_the_sweep_waits_for_nobody_and_closes_a_minute_later(race: Race, rival: str) -> None:
    """Somebody files, or closes, in the very moment: the sweep passes by."""
    gate = Gate()
    acts: dict[str, Callable[[], Awaitable[None]]] = {
        "file": lambda: race.file(FIRST, 5, FixedClock(NOW), before_commit=gate),
        "close": lambda: race.close(FixedClock(NOW), before_commit=gate),
    }
    acting = asyncio.ensure_future(acts[rival]())
    await gate.reached.wait()
    assert await race.sweep(FixedClock(AFTER)) == []
    gate.open.set()
    await acting
    assert len(await race.sweep(FixedClock(AFTER))) == (1 if rival == "file" else 0)
    assert await race.state() == "closed"
    assert await race.filed() == ([(ARCACHON, [5, 5])] if rival == "file" else [])


async def test_two_people_filing_for_one_member_leave_one_whole_declaration(race: Race) -> None:
    """The second waits for the first one's row, then replaces it."""
    clock, gate = FixedClock(NOW), Gate()
    first = asyncio.create_task(race.file(FIRST, 5, clock, before_commit=gate))
    await gate.reached.wait()
    second = asyncio.create_task(race.file(FIRST, 9, clock))
    await race.somebody_waits()
    gate.open.set()
    await asyncio.gather(first, second)
    assert await race.filed() == [(ARCACHON, [9, 9])]
    assert await race.filings_recorded() == 2
