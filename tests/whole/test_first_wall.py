"""The application's filter as the only wall: asked by a role that row security does not bind, no statement on a tenant
table meets another group's rows.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import and_, bindparam, delete, exists, func, select, text, update
from sqlalchemy.orm import aliased
from sqlmodel import col

from factories import ARCACHON, LUGOS, NOW, Territory, file_needs, make_territory, open_purchase
from pooling.embedded.postgres import PostgresAddresses
from pooling.features import FEATURES
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database, standing
from pooling.kernel.tables import TenantTable, metadata
from pooling.members.features import Features
from pooling.members.models import Group, Member, Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.declaring import file_declaration, lock_place
from pooling.needs.models import Declaration, Need
from pooling.needs.schemas import DeclarationIn, NeedIn
from pooling.purchases.models import Participation

TABLES = sorted(
    (table for table in TenantTable.__subclasses__() if table.metadata is metadata),
    key=lambda table: str(table.__tablename__),
)


@pytest_asyncio.fixture
async def unbound(fresh_addresses: PostgresAddresses, territory: Territory) -> AsyncIterator[Database]:
    """The territory and its neighbour, before a role that sees every row."""
    database = Database.connect(fresh_addresses.superuser).handing(Features(FEATURES))
    neighbour = await make_territory(database, NOW, slug="voisin")
    for group in (territory, neighbour):
        purchase_id = await open_purchase(database, group, NOW)
        await file_needs(database, group, purchase_id, "referent@lugos.example", NOW, arceau=2)
    yield database
    await database.dispose()


def statements() -> list[Any]:
    """Of every shape that the application asks in; each gives the groups of the rows that it meets."""
    declared, drafted = aliased(Declaration, name="filed"), aliased(Declaration, name="draft")
    page = select(col(Member.group_id), col(Member.id)).subquery()
    within = select(col(Need.declaration_id)).where(col(Need.quantity) > 0)
    return [
        *(select(col(table.group_id)) for table in TABLES),
        select(Member).with_only_columns(col(Member.group_id)),
        select(col(aliased(Member).group_id)),
        select(page.c.group_id),
        select(func.array_agg(col(Member.group_id).distinct())),
        select(col(Member.group_id)).select_from(Group).outerjoin(Member, col(Member.code) == ARCACHON),
        select(col(declared.group_id), col(drafted.group_id)).outerjoin(
            drafted, and_(col(drafted.state) == "filed", col(drafted.comment) == col(declared.comment))
        ),
        select(col(Group.id)).where(exists().where(col(Participation.group_id) == col(Group.id))),
        select(col(Group.id)).where(
            col(Group.id).in_(select(col(Declaration.group_id)).where(col(Declaration.id).in_(within)))
        ),
        select(col(Member.group_id)).union_all(select(col(Need.group_id))),
        update(Member).values(agents=1).returning(col(Member.group_id)),
        delete(Need).returning(col(Need.group_id)),
    ]


@pytest.mark.parametrize("known_before", [False, True], ids=["compiled anew", "compiled for another group"])
async def test_no_statement_meets_another_groups_rows(
    unbound: Database, territory: Territory, known_before: bool
) -> None:
    if known_before:
        async with unbound.transaction(territory.group_id + 1) as session:
            for statement in statements()[:-2]:
                await session.execute(statement)
    met = set()
    async with unbound.transaction(territory.group_id) as session:
        for statement in statements():
            for row in await session.execute(statement):
                found = row if not isinstance(row[0], list) else row[0]
                met |= set(found) - {None}
                assert set(found) - {None} <= {territory.group_id}, statement
    assert met == {territory.group_id}


async def test_a_statement_that_stands_meets_the_rows_of_each_transactions_group(
    unbound: Database, territory: Territory
) -> None:
    """It is put together once, for whichever group asked first."""
    statement = standing(select(col(Member.group_id)).where(col(Member.code) == bindparam("code")))
    here, there = territory.group_id, territory.group_id + 1
    met = []
    for group_id in (here, there, here):
        async with unbound.transaction(group_id) as session:
            met.append((await session.execute(statement, {"code": ARCACHON})).scalars().all())
    assert met == [[here], [there], [here]]
    async with unbound.transaction() as session:
        assert (await session.execute(statement, {"code": ARCACHON})).all() == []


async def test_where_somebody_declares_is_of_the_transactions_group(unbound: Database, territory: Territory) -> None:
    """Its statements are written out (`fetch`): what they name alike stands in both groups."""
    for group_id in (territory.group_id, territory.group_id + 1):
        async with unbound.transaction(group_id) as session:
            place = await lock_place(session, "AG-2027-001", LUGOS)
            referent = Caller(
                territory.people["referent@lugos.example"], group_id, (HeldRole(Role.REFERENT, place.member.id),)
            )
            needs = tuple(NeedIn(item_id=item.id, quantity=1) for item in place.items)
            command = DeclarationIn(member_id=place.member.id, needs=needs, seen=place.stamp)
            filed = await file_declaration(session, referent, place.purchase.id, command, FixedClock(NOW), place=place)
            assert (len(filed.items), len(filed.budgets)) == (2, 0)
            found = await session.execute(
                text("""
                    SELECT group_id FROM purchases WHERE id = :purchase UNION ALL
                    SELECT group_id FROM members WHERE id = :member UNION ALL
                    SELECT group_id FROM items WHERE id = ANY(:items) UNION ALL
                    SELECT group_id FROM memberships WHERE person_id = ANY(:readers) AND member_id = :member"""),
                {
                    "purchase": place.purchase.id,
                    "member": place.member.id,
                    "items": [item.id for item in place.items],
                    "readers": [person for person, _, _ in filed.readers],
                },
            )
            assert set(found.scalars()) == {group_id}


async def test_without_a_group_nothing_comes_out(unbound: Database) -> None:
    async with unbound.transaction() as session:
        for table in TABLES:
            assert (await session.execute(select(col(table.group_id)))).all() == [], table
