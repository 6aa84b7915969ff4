"""A collection's row goes where its purchase goes: one date, one revision, one closing."""

import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from factories import BUYER, NOW, Territory, make_purchase, open_purchase
from pooling.collections.models import Collection, CollectionState
from pooling.collections.rules import accepts
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict
from pooling.members.entrance import caller_of
from pooling.members.rights import Caller
from pooling.needs.cancelling import cancel_purchase
from pooling.needs.collection import (
    close_collection,
    close_what_is_due,
    extend_collection,
    open_collection,
    reopen_collection,
)
from pooling.purchases.models import Purchase, PurchaseState

Seen = tuple[str, str | None, int]
"""The purchase's state, its collection's, and the revision (0: it never opened)."""
FOLLOWS = {
    PurchaseState.DRAFT: None,
    PurchaseState.OPEN: CollectionState.OPEN,
    PurchaseState.CLOSED: CollectionState.CLOSED,
}


async def seen(session: AsyncSession) -> Seen:
    await session.flush()
    purchase = (await session.execute(select(Purchase))).scalar_one()
    collection = (await session.execute(select(Collection))).scalar_one_or_none()
    return (purchase.state, collection.state, collection.revision) if collection else (purchase.state, None, 0)


def acts(
    session: AsyncSession, buyer: Caller, purchase_id: int, clock: FixedClock
) -> dict[str, tuple[Callable[[], Awaitable[object]], int]]:
    """By name: what is done, and by how much it raises the revision."""
    until = clock.instant + timedelta(days=7)
    return {
        "open": (lambda: open_collection(session, buyer, purchase_id, until, clock), 1),
        "extend": (lambda: extend_collection(session, buyer, purchase_id, until, clock, reason="Congés"), 1),
        "close": (lambda: close_collection(session, buyer, purchase_id, clock, reason="Tous ont répondu"), 0),
        "reopen": (lambda: reopen_collection(session, buyer, purchase_id, until, clock, reason="Oubli"), 1),
        "sweep": (lambda: close_what_is_due(session, clock), 0),
        "cancel": (lambda: cancel_purchase(session, buyer, purchase_id, clock, reason="Budget"), 0),
    }


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_is_done_both_rows_agree(database: Database, territory: Territory, seed: int) -> None:
    """A refused act changes neither; the other moves both, or neither (the sweep that finds nothing due)."""
    purchase_id = await make_purchase(database, territory, NOW)
    chance, clock = random.Random(seed), FixedClock(NOW)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        before = await seen(session)
        for _ in range(14):
            clock.instant += timedelta(days=chance.choice([1, 7]))
            names = ["open", "extend", "close", "reopen", "sweep", *(["cancel"] if chance.random() < 0.1 else [])]
            name = chance.choice(names)
            act, raises = acts(session, buyer, purchase_id, clock)[name]
            try:
                async with session.begin_nested():
                    await act()
            except Conflict:
                session.expire_all()
                assert await seen(session) == before
                continue
            after = await seen(session)
            state = PurchaseState(after[0])
            assert after[1] == FOLLOWS.get(state, CollectionState.CANCELLED if before[1] == "open" else before[1])
            assert after[2] == before[2] + raises
            before = after


async def test_it_takes_what_is_filed_until_its_date(database: Database, territory: Territory) -> None:
    await open_purchase(database, territory, NOW, days=3)
    async with database.transaction(territory.group_id) as session:
        collection = (await session.execute(select(Collection))).scalar_one()
    assert accepts(collection, NOW + timedelta(days=3, seconds=-1))
    assert not accepts(collection, NOW + timedelta(days=3)), "though nobody has closed it"
    assert not accepts(None, NOW), "it was never opened"


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=9)])
async def test_it_is_closed_since_its_date_however_late_that_is_noticed(
    database: Database, territory: Territory, late: timedelta
) -> None:
    await open_purchase(database, territory, NOW, days=3)
    async with database.transaction(territory.group_id) as session:
        await close_what_is_due(session, FixedClock(NOW + timedelta(days=3) + late))
    async with database.transaction(territory.group_id) as session:
        closed_at: datetime = (await session.execute(text("SELECT closed_at FROM collections"))).scalar_one()
    assert closed_at == NOW + timedelta(days=3)
