"""The walls between groups, proved on the catalogue and on every tenant table."""

import pytest
from sqlalchemy import text, update
from sqlmodel import col

from factories import NOW, Territory, make_territory
from pooling.accounts.models import Person
from pooling.actions.catalogue import Catalogue, System
from pooling.actions.entries import add_entry
from pooling.kernel.database import Database
from pooling.kernel.migrations import OF_THE_HOST
from pooling.kernel.tables import HostTable, TenantTable, metadata

NOT_OF_ONE_GROUP = {
    *("groups", "people", "messages", "alembic_version"),
    *(
        "sessions",
        "sign_in_codes",
        "throttles",
        "second_factors",
        "recovery_codes",
        "api_tokens",
        "kept_forms",
        "sent_forms",
        "address_changes",
    ),
}


def tenant_tables() -> list[str]:
    return sorted(str(table.__tablename__) for table in TenantTable.__subclasses__() if table.metadata is metadata)


async def test_every_table_is_either_a_tenants_or_listed_here(database: Database) -> None:
    async with database.transaction() as session:
        tables = set(
            (await session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname='public'"))).scalars()
        )
    assert tables == set(tenant_tables()) | NOT_OF_ONE_GROUP | set(OF_THE_HOST)
    assert {str(table.__tablename__) for table in HostTable.__subclasses__()} == set(OF_THE_HOST)
    assert tables - {"alembic_version"} == set(metadata.tables)


async def test_no_tenant_table_escapes(database: Database) -> None:
    """Row security is on, one policy binds reading and writing, the key begins with the group, and every foreign key
    to a tenant table carries the group."""
    async with database.transaction() as session:
        secured = (
            await session.execute(
                text("""
                SELECT c.relname, c.relrowsecurity, p.qual, p.with_check, p.cmd,
                    (SELECT a.attname FROM pg_index i
                        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                        WHERE i.indrelid = c.oid AND i.indisprimary) AS first_key
                FROM pg_class c
                LEFT JOIN pg_policies p ON p.tablename = c.relname
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'""")
            )
        ).all()
        loose = (
            await session.execute(
                text("""
                SELECT k.conname FROM pg_constraint k
                WHERE k.contype = 'f' AND k.confrelid::regclass::text = ANY (:tenants)
                  AND NOT EXISTS (
                    SELECT FROM unnest(k.conkey, k.confkey) AS pair(mine, theirs)
                    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.mine AND a.attname = 'group_id'
                    JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.theirs
                        AND b.attname = 'group_id')"""),
                {"tenants": tenant_tables()},
            )
        ).all()
    rows = {row.relname: row for row in secured}
    for table in tenant_tables():
        row = rows[table]
        assert row.relrowsecurity, table
        assert row.cmd == "ALL", table
        assert row.qual == row.with_check == "(group_id = current_group_id())", table
        assert row.first_key == "group_id", table
    assert all(rows[table].relrowsecurity for table in NOT_OF_ONE_GROUP - {"alembic_version"})
    for table in OF_THE_HOST:  # read by all; what no policy allows is refused, whatever privileges say
        row = rows[table]
        assert (row.relrowsecurity, row.cmd, row.qual, row.with_check) == (True, "SELECT", "true", None), table
    assert loose == []


@pytest.mark.parametrize("table", OF_THE_HOST)
async def test_every_group_reads_what_is_the_hosts(database: Database, territory: Territory, table: str) -> None:
    other = await make_territory(database, NOW, slug="autre")
    async with database.transaction() as session:
        author = territory.people["animation@bassin.example"]
        await session.execute(update(Person).where(col(Person.id) == author).values(administrator=True))
        await add_entry(session, Catalogue(), System(code="abris", name="Abris", what="Des abris."), author, NOW)
    seen = []
    for group_id in (territory.group_id, other.group_id, None):
        async with database.transaction(group_id) as session:
            seen.append((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())
    assert seen[0] > 0
    assert set(seen) == {seen[0]}


@pytest.mark.parametrize("table", tenant_tables())
async def test_a_query_without_a_filter_sees_only_its_group(
    database: Database, territory: Territory, table: str
) -> None:
    """Counted by raw SQL that names no group, in this group, in another, and in none."""
    other = await make_territory(database, NOW, slug="autre")
    counts = {}
    for group_id in (territory.group_id, other.group_id, None):
        async with database.transaction(group_id) as session:
            groups = (await session.execute(text(f"SELECT DISTINCT group_id FROM {table}"))).scalars().all()
            counts[group_id] = set(groups)
    assert counts[territory.group_id] <= {territory.group_id}
    assert counts[other.group_id] <= {other.group_id}
    assert counts[None] == set()
    if table in {"members", "memberships", "events", "budgets"}:
        assert counts[territory.group_id] == {territory.group_id}
