"""However a row is written that a case is read from, its purchase is told, in the same transaction, and no other one:
what the database's triggers gave.
"""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import and_, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling import PACKAGE
from pooling.allocation.editing.lines import CHARGES, SUBSIDIES, add_line
from pooling.allocation.editing.schemas import ChargeIn, SubsidyIn
from pooling.allocation.watching import READ
from pooling.kernel.changes import written_by
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database, fetch
from pooling.kernel.tables import TenantTable
from pooling.members.entrance import caller_of
from pooling.needs.collection import close_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.purchases.schemas import ItemIn, TierIn

MODELS: dict[str, Any] = {str(model.__tablename__): model for model in TenantTable.__subclasses__()}
OF_BILLS = {"bills", "bill_lines", "bill_rates"}
KEPT = {"assignments", "consolidations"}
"""Frozen for ever: nobody changes them."""
LEAVES = {"charges", "subsidies", "price_tiers", "needs", "collections"}
"""Nothing hangs on their rows."""


class Two:
    """Two purchases of a group, of which the first has one of everything that a case is read from."""

    def __init__(self, session: AsyncSession, first: int, second: int) -> None:
        self.session, self.first, self.second = session, first, second

    async def told(self) -> set[int]:
        await self.session.flush()
        found = await self.session.execute(text("DELETE FROM case_changes RETURNING purchase_id"))
        return set(found.scalars())

    async def row(self, table: str) -> Any:  # noqa: ANN401 - of whichever table
        """One of the first purchase."""
        model = MODELS[table]
        which = text(WHICH.get(table, "purchase_id = :first"))
        found = await self.session.execute(select(model).where(which), {"first": self.first})
        return found.scalars().first() or pytest.fail(f"no row of {table}")


OF_ITEMS = "item_id IN (SELECT id FROM items WHERE purchase_id = :first)"
WHICH = {
    "purchases": "id = :first",
    "price_tiers": OF_ITEMS,
    "needs": OF_ITEMS,
    "budgets": "label = 'Voirie'",
    "members": f"code = '{LUGOS}'",
}


@pytest_asyncio.fixture
async def two(database: Database, territory: Territory) -> AsyncIterator[Two]:
    tiers = (TierIn(from_quantity=5, unit_price=Decimal(90)),)
    items = (ItemIn(code="arceau", name="Arceau", unit_price=Decimal(100), tiers=tiers),)
    first = await open_purchase(database, territory, NOW, items=items, participants=(ARCACHON, LUGOS))
    second = await open_purchase(database, territory, NOW, participants=(SALLES,))
    await file_needs(database, territory, first, "referent@lugos.example", NOW, arceau=7)
    clock = FixedClock(NOW)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await close_collection(session, buyer, first, clock, reason="Tous ont répondu")
        await freeze_consolidation(session, buyer, first, clock, options={})
        charge = ChargeIn("Pose", 900, Decimal(20), "equal")
        await add_line(session, buyer, first, CHARGES, charge, clock)
        await add_line(session, buyer, first, SUBSIDIES, SubsidyIn("Aide", rate=Decimal(10)), clock)
        values = {"group": territory.group_id, "member": territory.members[LUGOS], "purchase": first}
        await session.execute(
            text(
                "WITH b AS (INSERT INTO budgets (group_id, member_id, code, label) "
                "VALUES (:group, :member, 'V', 'Voirie') RETURNING id) UPDATE participations SET budget_id = "
                "(SELECT id FROM b) WHERE purchase_id = :purchase AND member_id = :member"
            ),
            values,
        )
        made = Two(session, first, second)
        assert await made.told() == {first, second}, "nobody said what was changed"
        yield made


async def test_its_purchase_is_told_and_no_other(two: Two) -> None:
    session = two.session
    for table in sorted(READ.keys() - OF_BILLS - KEPT):
        model = MODELS[table]
        row = await two.row(table)
        key = model.__table__.primary_key.columns
        which = and_(*(column == getattr(row, column.name) for column in key))
        changed = next(
            column.name for column in model.__table__.columns if not (column.primary_key or column.foreign_keys)
        )
        flag_modified(row, changed)
        assert await two.told() == {two.first}, f"a row of {table} was written"
        await session.execute(update(model).where(which).values({changed: getattr(row, changed)}))
        assert await two.told() == {two.first}, f"rows of {table} were changed"
        by_hand = f"UPDATE {table} SET {changed} = {changed}"
        await session.execute(text(by_hand))
        assert await two.told() == {two.first, two.second}, f"{table} by hand: whichever it may be"
        await fetch(session, f"{by_hand} WHERE group_id = $1", session.info["group_id"])
        assert await two.told() == {two.first, two.second}
        if table in LEAVES:
            await session.execute(delete(model).where(which))
            assert await two.told() == {two.first}, f"rows of {table} were deleted"


def test_statements_of_ours_say_what_they_change() -> None:
    """Else all of the group is computed again."""
    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_text("utf-8")
        if written_by(source) & READ.keys() and path.name not in {"watching.py", "big.py"}:
            assert "changing(" in source or "changed=" in source, path
